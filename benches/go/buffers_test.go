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

// block is the least of a buffer.
type block struct {
	bytes []byte
}

func blocksOf(capacity int) *sync.Pool {
	return &sync.Pool{New: func() any { return &block{make([]byte, 0, capacity)} }}
}

func shelfOf(capacity int) *shelf[block] {
	return &shelf[block]{fresh: func() *block { return &block{make([]byte, 0, capacity)} }}
}

var (
	pool1024   = poolOf(1024)
	pool4096   = poolOf(4096)
	blocks1024 = blocksOf(1024)
	blocks4096 = blocksOf(4096)
	shelf1024  = shelfOf(1024)
	shelf4096  = shelfOf(4096)
)

// writeTo is whoever takes a buffer without knowing what it is: that puts it on the heap.
//
//go:noinline
func writeTo(w io.Writer, text string) {
	io.WriteString(w, text)
}

func BenchmarkBuffer1024Unpooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := new(bytes.Buffer)
		buf.Grow(1024)
		buf.WriteString(text37)
		seen += lookText(buf.String())
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024UnpooledInPlace(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := new(bytes.Buffer)
		buf.Grow(1024)
		buf.WriteString(text37)
		seen += look(buf.Bytes())
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024Pooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := pool1024.Get().(*bytes.Buffer)
		buf.WriteString(text37)
		seen += lookText(buf.String())
		buf.Reset()
		pool1024.Put(buf)
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024PooledInPlace(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := pool1024.Get().(*bytes.Buffer)
		buf.WriteString(text37)
		seen += look(buf.Bytes())
		buf.Reset()
		pool1024.Put(buf)
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024PooledSlice(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := blocks1024.Get().(*block)
		buf.bytes = append(buf.bytes, text37...)
		seen += look(buf.bytes)
		buf.bytes = buf.bytes[:0]
		blocks1024.Put(buf)
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024Shelved(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := shelf1024.get()
		buf.bytes = append(buf.bytes, text37...)
		seen += look(buf.bytes)
		buf.bytes = buf.bytes[:0]
		shelf1024.put(buf)
	}
	check(b, seen, b.N*yield37)
}

func BenchmarkBuffer1024ParallelUnpooled(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := new(bytes.Buffer)
			buf.Grow(1024)
			buf.WriteString(text37)
			seen += lookText(buf.String())
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

func BenchmarkBuffer1024ParallelUnpooledInPlace(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := new(bytes.Buffer)
			buf.Grow(1024)
			buf.WriteString(text37)
			seen += look(buf.Bytes())
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

func BenchmarkBuffer1024ParallelPooled(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := pool1024.Get().(*bytes.Buffer)
			buf.WriteString(text37)
			seen += lookText(buf.String())
			buf.Reset()
			pool1024.Put(buf)
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

func BenchmarkBuffer1024ParallelPooledInPlace(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := pool1024.Get().(*bytes.Buffer)
			buf.WriteString(text37)
			seen += look(buf.Bytes())
			buf.Reset()
			pool1024.Put(buf)
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

func BenchmarkBuffer1024ParallelPooledSlice(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := blocks1024.Get().(*block)
			buf.bytes = append(buf.bytes, text37...)
			seen += look(buf.bytes)
			buf.bytes = buf.bytes[:0]
			blocks1024.Put(buf)
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

func BenchmarkBuffer1024ParallelShelved(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := shelf1024.get()
			buf.bytes = append(buf.bytes, text37...)
			seen += look(buf.bytes)
			buf.bytes = buf.bytes[:0]
			shelf1024.put(buf)
			operations++
		}
		check(b, seen, operations*yield37)
	})
}

// The compiler leaves this one on the stack, and the next one cannot be left there.

func BenchmarkBuffer4096Unpooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := bytes.NewBuffer(make([]byte, 0, 4096))
		buf.WriteString(text13)
		seen += look(buf.Bytes())
	}
	check(b, seen, b.N*yield13)
}

func BenchmarkBuffer4096UnpooledHandedOn(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := bytes.NewBuffer(make([]byte, 0, 4096))
		writeTo(buf, text13)
		seen += look(buf.Bytes())
	}
	check(b, seen, b.N*yield13)
}

func BenchmarkBuffer4096Pooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := pool4096.Get().(*bytes.Buffer)
		buf.WriteString(text13)
		seen += look(buf.Bytes())
		buf.Reset()
		pool4096.Put(buf)
	}
	check(b, seen, b.N*yield13)
}

func BenchmarkBuffer4096PooledSlice(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := blocks4096.Get().(*block)
		buf.bytes = append(buf.bytes, text13...)
		seen += look(buf.bytes)
		buf.bytes = buf.bytes[:0]
		blocks4096.Put(buf)
	}
	check(b, seen, b.N*yield13)
}

func BenchmarkBuffer4096Shelved(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		buf := shelf4096.get()
		buf.bytes = append(buf.bytes, text13...)
		seen += look(buf.bytes)
		buf.bytes = buf.bytes[:0]
		shelf4096.put(buf)
	}
	check(b, seen, b.N*yield13)
}

func BenchmarkBuffer4096ParallelUnpooled(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := bytes.NewBuffer(make([]byte, 0, 4096))
			buf.WriteString(text20)
			seen += look(buf.Bytes())
			operations++
		}
		check(b, seen, operations*yield20)
	})
}

func BenchmarkBuffer4096ParallelUnpooledHandedOn(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := bytes.NewBuffer(make([]byte, 0, 4096))
			writeTo(buf, text20)
			seen += look(buf.Bytes())
			operations++
		}
		check(b, seen, operations*yield20)
	})
}

func BenchmarkBuffer4096ParallelPooled(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := pool4096.Get().(*bytes.Buffer)
			buf.WriteString(text20)
			seen += look(buf.Bytes())
			buf.Reset()
			pool4096.Put(buf)
			operations++
		}
		check(b, seen, operations*yield20)
	})
}

func BenchmarkBuffer4096ParallelPooledSlice(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := blocks4096.Get().(*block)
			buf.bytes = append(buf.bytes, text20...)
			seen += look(buf.bytes)
			buf.bytes = buf.bytes[:0]
			blocks4096.Put(buf)
			operations++
		}
		check(b, seen, operations*yield20)
	})
}

func BenchmarkBuffer4096ParallelShelved(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		seen, operations := 0, 0
		for pb.Next() {
			buf := shelf4096.get()
			buf.bytes = append(buf.bytes, text20...)
			seen += look(buf.bytes)
			buf.bytes = buf.bytes[:0]
			shelf4096.put(buf)
			operations++
		}
		check(b, seen, operations*yield20)
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
