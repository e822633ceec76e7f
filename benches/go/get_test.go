// Package pooled has what Go programs pool, as benchmarks. Each stands in several forms: without a
// pool, with one as it is usually written, and, where that is not the same, as fast as it gets on
// sync.Pool without code written by hand for one type. What is faster than that stands beside it:
// a slice behind a sync.Mutex, and JSON written by hand.
package pooled

import (
	"sync"
	"testing"
)

// counter is the smallest object: it owns nothing.
type counter struct {
	id, value int
}

// counterID is the number that each gets once, for all its users. Which of them a goroutine gets
// may change with the core that it is on, so they share it.
const counterID = 4711

func newCounter() *counter { return &counter{id: counterID} }

var (
	counters = sync.Pool{New: func() any { return newCounter() }}

	shelvedCounters = shelf[counter]{fresh: newCounter}

	// kept is where an object escapes to, or the compiler leaves it on the stack.
	kept *counter
)

func BenchmarkGetUnpooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for i := range b.N {
		c := &counter{id: i}
		c.value = i
		kept = c
		seen += c.id + c.value
	}
	check(b, seen, 2*sum(b.N))
}

func BenchmarkGetPooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for i := range b.N {
		c := counters.Get().(*counter)
		c.value = i
		seen += c.id + c.value
		c.value = 0
		counters.Put(c)
	}
	check(b, seen, b.N*counterID+sum(b.N))
}

func BenchmarkGetShelved(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for i := range b.N {
		c := shelvedCounters.get()
		c.value = i
		seen += c.id + c.value
		c.value = 0
		shelvedCounters.put(c)
	}
	check(b, seen, b.N*counterID+sum(b.N))
}

func TestCounterComesBackBlankAndKeepsItsID(t *testing.T) {
	for range 3 {
		c := counters.Get().(*counter)
		if c.value != 0 || c.id != counterID {
			t.Errorf("not blank: %+v", *c)
		}
		c.value = 7
		c.value = 0
		counters.Put(c)
	}
}
