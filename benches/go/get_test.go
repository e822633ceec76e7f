// Package pooled has what Go programs pool, as benchmarks. Each stands in several forms: without a
// pool, with one as it is usually written, and, where that is not the same, as fast as it gets.
package pooled

import (
	"sync"
	"sync/atomic"
	"testing"
)

// counter is the smallest object: it owns nothing.
type counter struct {
	id, value int
}

var (
	lastCounter atomic.Int64

	counters = sync.Pool{New: func() any {
		return &counter{id: int(lastCounter.Add(1))}
	}}

	// kept is where an object escapes to, or the compiler leaves it on the stack.
	kept *counter
)

func BenchmarkGetUnpooled(b *testing.B) {
	for i := range b.N {
		c := &counter{id: i}
		c.value = i
		kept = c
	}
}

func BenchmarkGetPooled(b *testing.B) {
	for i := range b.N {
		c := counters.Get().(*counter)
		c.value = i
		c.value = 0
		counters.Put(c)
	}
}

func TestCounterComesBackBlankAndKeepsItsID(t *testing.T) {
	for range 3 {
		c := counters.Get().(*counter)
		if c.value != 0 || c.id == 0 {
			t.Errorf("not blank: %+v", *c)
		}
		c.value = 7
		c.value = 0
		counters.Put(c)
	}
}
