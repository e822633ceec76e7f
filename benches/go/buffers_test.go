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

// check has seen something of each operation.
func check(b *testing.B, seen, wanted int) {
	if seen < wanted {
		b.Error("nothing was written")
	}
}

// writeTo is whoever takes a buffer without knowing what it is: that puts it on the heap.
//
//go:noinline
func writeTo(w io.Writer, text string) {
	io.WriteString(w, text)
}

func BenchmarkBuffer1024Unpooled(b *testing.B) {
	seen := 0
	for range b.N {
		buf := new(bytes.Buffer)
		buf.Grow(1024)
		buf.WriteString(text37)
		seen += len(buf.String())
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer1024Pooled(b *testing.B) {
	seen := 0
	for range b.N {
		buf := pool1024.Get().(*bytes.Buffer)
		buf.WriteString(text37)
		seen += len(buf.String())
		buf.Reset()
		pool1024.Put(buf)
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer1024PooledInPlace(b *testing.B) {
	seen := 0
	for range b.N {
		buf := pool1024.Get().(*bytes.Buffer)
		buf.WriteString(text37)
		seen += look(buf.Bytes())
		buf.Reset()
		pool1024.Put(buf)
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer1024ParallelUnpooled(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := new(bytes.Buffer)
			buf.Grow(1024)
			buf.WriteString(text37)
			seen += len(buf.String())
			wanted++
		}
		check(b, seen, wanted)
	})
}

func BenchmarkBuffer1024ParallelPooled(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := pool1024.Get().(*bytes.Buffer)
			buf.WriteString(text37)
			seen += len(buf.String())
			buf.Reset()
			pool1024.Put(buf)
			wanted++
		}
		check(b, seen, wanted)
	})
}

func BenchmarkBuffer1024ParallelPooledInPlace(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := pool1024.Get().(*bytes.Buffer)
			buf.WriteString(text37)
			seen += look(buf.Bytes())
			buf.Reset()
			pool1024.Put(buf)
			wanted++
		}
		check(b, seen, wanted)
	})
}

// The compiler leaves this one on the stack, and the next one cannot be left there.

func BenchmarkBuffer4096Unpooled(b *testing.B) {
	seen := 0
	for range b.N {
		buf := bytes.NewBuffer(make([]byte, 0, 4096))
		buf.WriteString(text13)
		seen += look(buf.Bytes())
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer4096UnpooledHandedOn(b *testing.B) {
	seen := 0
	for range b.N {
		buf := bytes.NewBuffer(make([]byte, 0, 4096))
		writeTo(buf, text13)
		seen += look(buf.Bytes())
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer4096Pooled(b *testing.B) {
	seen := 0
	for range b.N {
		buf := pool4096.Get().(*bytes.Buffer)
		buf.WriteString(text13)
		seen += look(buf.Bytes())
		buf.Reset()
		pool4096.Put(buf)
	}
	check(b, seen, b.N)
}

func BenchmarkBuffer4096ParallelUnpooled(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := bytes.NewBuffer(make([]byte, 0, 4096))
			buf.WriteString(text20)
			seen += look(buf.Bytes())
			wanted++
		}
		check(b, seen, wanted)
	})
}

func BenchmarkBuffer4096ParallelUnpooledHandedOn(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := bytes.NewBuffer(make([]byte, 0, 4096))
			writeTo(buf, text20)
			seen += look(buf.Bytes())
			wanted++
		}
		check(b, seen, wanted)
	})
}

func BenchmarkBuffer4096ParallelPooled(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		seen, wanted := 0, 0
		for pb.Next() {
			buf := pool4096.Get().(*bytes.Buffer)
			buf.WriteString(text20)
			seen += look(buf.Bytes())
			buf.Reset()
			pool4096.Put(buf)
			wanted++
		}
		check(b, seen, wanted)
	})
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
