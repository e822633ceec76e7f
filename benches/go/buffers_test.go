package pooled

import (
	"bytes"
	"io"
	"sync"
	"testing"
)

// poolOf has buffers that are born with so much room.
func poolOf(capacity int) *sync.Pool {
	return &sync.Pool{New: func() any {
		buf := new(bytes.Buffer)
		buf.Grow(capacity)
		return buf
	}}
}

var (
	pool1024 = poolOf(1024)
	pool4096 = poolOf(4096)
)

// look reads what was written, so that it was not written for nothing.
func look(content []byte) int {
	return len(content) + int(content[len(content)-1])
}

// fresh grows a new buffer and writes into it.
func fresh(capacity int, text string) int {
	buf := new(bytes.Buffer)
	buf.Grow(capacity)
	buf.WriteString(text)
	return look(buf.Bytes())
}

// freshString also takes the content out, as a string.
func freshString(capacity int, text string) int {
	buf := new(bytes.Buffer)
	buf.Grow(capacity)
	buf.WriteString(text)
	return len(buf.String())
}

// wrapped is a buffer around a slice of 4096, which the compiler may leave on the stack.
func wrapped(text string) int {
	buf := bytes.NewBuffer(make([]byte, 0, 4096))
	buf.WriteString(text)
	return look(buf.Bytes())
}

// handedOn is the same given to somebody else, which puts it on the heap.
func handedOn(text string) int {
	buf := bytes.NewBuffer(make([]byte, 0, 4096))
	writeTo(buf, text)
	return look(buf.Bytes())
}

//go:noinline
func writeTo(w io.Writer, text string) {
	io.WriteString(w, text)
}

func fromPool(pool *sync.Pool, text string) int {
	buf := pool.Get().(*bytes.Buffer)
	buf.WriteString(text)
	seen := look(buf.Bytes())
	buf.Reset()
	pool.Put(buf)
	return seen
}

func stringFromPool(pool *sync.Pool, text string) int {
	buf := pool.Get().(*bytes.Buffer)
	buf.WriteString(text)
	seen := len(buf.String())
	buf.Reset()
	pool.Put(buf)
	return seen
}

// repeat does it as often as is asked, and sees that each time has done something.
func repeat(b *testing.B, once func() int) {
	seen := 0
	for range b.N {
		seen += once()
	}
	if seen < b.N {
		b.Error("nothing was written")
	}
}

// together is repeat by as many goroutines as there are cores.
func together(b *testing.B, once func() int) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			seen += once()
			wanted++
		}
		if seen < wanted {
			b.Error("nothing was written")
		}
	})
}

func BenchmarkBuffer1024Unpooled(b *testing.B) {
	repeat(b, func() int { return freshString(1024, text37) })
}

func BenchmarkBuffer1024Pooled(b *testing.B) {
	repeat(b, func() int { return stringFromPool(pool1024, text37) })
}

func BenchmarkBuffer1024PooledInPlace(b *testing.B) {
	repeat(b, func() int { return fromPool(pool1024, text37) })
}

func BenchmarkBuffer1024ParallelUnpooled(b *testing.B) {
	together(b, func() int { return freshString(1024, text37) })
}

func BenchmarkBuffer1024ParallelPooled(b *testing.B) {
	together(b, func() int { return stringFromPool(pool1024, text37) })
}

func BenchmarkBuffer1024ParallelPooledInPlace(b *testing.B) {
	together(b, func() int { return fromPool(pool1024, text37) })
}

func BenchmarkBuffer4096Unpooled(b *testing.B) {
	repeat(b, func() int { return wrapped(text13) })
}

func BenchmarkBuffer4096UnpooledHandedOn(b *testing.B) {
	repeat(b, func() int { return handedOn(text13) })
}

func BenchmarkBuffer4096Pooled(b *testing.B) {
	repeat(b, func() int { return fromPool(pool4096, text13) })
}

func BenchmarkBuffer4096ParallelUnpooled(b *testing.B) {
	together(b, func() int { return wrapped(text20) })
}

func BenchmarkBuffer4096ParallelUnpooledHandedOn(b *testing.B) {
	together(b, func() int { return handedOn(text20) })
}

func BenchmarkBuffer4096ParallelPooled(b *testing.B) {
	together(b, func() int { return fromPool(pool4096, text20) })
}

func TestBuffersComeBackEmptyAndKeepTheirRoom(t *testing.T) {
	for range 3 {
		buf := pool1024.Get().(*bytes.Buffer)
		if buf.Len() != 0 || buf.Cap() < 1024 {
			t.Errorf("%d bytes of %d", buf.Len(), buf.Cap())
		}
		buf.WriteString(text37)
		mustBe(t, "the buffer", buf.String(), text37)
		buf.Reset()
		pool1024.Put(buf)
	}
}
