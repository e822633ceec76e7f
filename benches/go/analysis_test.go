package pooled

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// largeObject holds a block, texts and a map, with room for 4096, 100 and 100.
type largeObject struct {
	id      int
	data    []byte
	strings []string
	byKey   map[string]int
}

// newLargeObject makes the block empty. One of *length* 4096 would be moved by the first append.
func newLargeObject() *largeObject {
	return &largeObject{
		data:    make([]byte, 0, 4096),
		strings: make([]string, 0, 100),
		byKey:   make(map[string]int, 100),
	}
}

func (o *largeObject) fill(i int) {
	o.id = i
	o.data = append(o.data, byte(i))
	o.strings = append(o.strings, fmt.Sprintf("item-%d", i))
	o.byKey[fmt.Sprintf("key-%d", i%100)] = i
}

func (o *largeObject) reset() {
	o.id = 0
	o.data = o.data[:0]
	o.strings = o.strings[:0]
	clear(o.byKey)
}

// thriftyObject keeps the texts too: each in a block of its own, and the keys that it has met.
type thriftyObject struct {
	id      int
	data    []byte
	strings [][]byte
	byKey   map[string]int
	keys    map[string]string
	scratch []byte
}

func newThriftyObject() *thriftyObject {
	return &thriftyObject{
		data:    make([]byte, 0, 4096),
		strings: make([][]byte, 0, 100),
		byKey:   make(map[string]int, 100),
		keys:    make(map[string]string, 100),
	}
}

func (o *thriftyObject) fill(i int) {
	o.id = i
	o.data = append(o.data, byte(i))
	// The block of the text that stood here before, if there was one.
	last := len(o.strings)
	if last < cap(o.strings) {
		o.strings = o.strings[:last+1]
	} else {
		o.strings = append(o.strings, nil)
	}
	text := append(o.strings[last][:0], "item-"...)
	o.strings[last] = strconv.AppendInt(text, int64(i), 10)
	o.scratch = strconv.AppendInt(append(o.scratch[:0], "key-"...), int64(i%100), 10)
	key, met := o.keys[string(o.scratch)]
	if !met {
		key = string(o.scratch)
		o.keys[key] = key
	}
	o.byKey[key] = i
}

func (o *thriftyObject) reset() {
	o.id = 0
	o.data = o.data[:0]
	o.strings = o.strings[:0]
	clear(o.byKey)
}

var (
	largeObjects   = sync.Pool{New: func() any { return newLargeObject() }}
	thriftyObjects = sync.Pool{New: func() any { return newThriftyObject() }}

	// keptLarge is where an object escapes to.
	keptLarge *largeObject
)

func largeUnpooled(i int) int {
	o := newLargeObject()
	o.fill(i)
	keptLarge = o
	return o.id + len(o.data) + len(o.strings) + len(o.byKey)
}

func largePooled(i int) int {
	o := largeObjects.Get().(*largeObject)
	o.fill(i)
	seen := o.id + len(o.data) + len(o.strings) + len(o.byKey)
	o.reset()
	largeObjects.Put(o)
	return seen
}

func largeThrifty(i int) int {
	o := thriftyObjects.Get().(*thriftyObject)
	o.fill(i)
	seen := o.id + len(o.data) + len(o.strings) + len(o.byKey)
	o.reset()
	thriftyObjects.Put(o)
	return seen
}

// checkRounds knows that each yields its index, and that one thing was put into each of three.
func checkRounds(b *testing.B, seen int) {
	b.Helper()
	check(b, seen, 3*b.N+sum(b.N))
}

// analyse times the rounds, and tells what the collector had of them.
func analyse(b *testing.B, round func(int) int) {
	b.ReportAllocs()
	var before, after runtime.MemStats
	settle()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	seen := 0
	for i := range b.N {
		seen += round(i)
	}
	b.StopTimer()
	runtime.ReadMemStats(&after)
	checkRounds(b, seen)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs), "mallocs")
	b.ReportMetric(float64(after.Frees-before.Frees), "frees")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc), "total-B")
	b.ReportMetric(float64(after.NumGC-before.NumGC), "collections")
	b.ReportMetric(float64(after.PauseTotalNs-before.PauseTotalNs), "pause-ns")
	// What is left when all that can go has gone; one collection leaves what is in pools.
	keptLarge = nil
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(max(after.HeapAlloc, before.HeapAlloc)-before.HeapAlloc), "live-B")
}

// settle frees what is in pools too: that takes two collections.
func settle() {
	keptLarge = nil
	runtime.GC()
	runtime.GC()
}

// peak does the same without a clock, and looks at the heap every few rounds. That stops the
// program, but `runtime/metrics` does not see what is allocated until a span is full.
func peak(b *testing.B, round func(int) int) {
	b.ReportAllocs()
	var heap runtime.MemStats
	settle()
	runtime.ReadMemStats(&heap)
	before := heap.HeapAlloc
	most := before
	seen := 0
	for i := range b.N {
		seen += round(i)
		if i%16 == 15 || i == b.N-1 {
			runtime.ReadMemStats(&heap)
			most = max(most, heap.HeapAlloc)
		}
	}
	checkRounds(b, seen)
	b.ReportMetric(float64(most-before), "peak-B")
}

// Meant to be run with -benchtime 100000x.

func BenchmarkAnalysisUnpooled(b *testing.B) { analyse(b, largeUnpooled) }

func BenchmarkAnalysisPooled(b *testing.B) { analyse(b, largePooled) }

func BenchmarkAnalysisPooledThrifty(b *testing.B) { analyse(b, largeThrifty) }

func BenchmarkPeakUnpooled(b *testing.B) { peak(b, largeUnpooled) }

func BenchmarkPeakPooled(b *testing.B) { peak(b, largePooled) }

func BenchmarkPeakPooledThrifty(b *testing.B) { peak(b, largeThrifty) }

func TestLargeObjectsAreFilledAndBlankAfter(t *testing.T) {
	large, thrifty := newLargeObject(), newThriftyObject()
	for _, i := range []int{7, 12345} {
		large.fill(i)
		thrifty.fill(i)
		item, key := fmt.Sprintf("item-%d", i), fmt.Sprintf("key-%d", i%100)
		mustBe(t, "fill", large.strings[0], item)
		mustBe(t, "thrifty fill", string(thrifty.strings[0]), item)
		if large.byKey[key] != i || thrifty.byKey[key] != i {
			t.Errorf("%s is not %d", key, i)
		}
		if cap(large.data) != 4096 || cap(thrifty.data) != 4096 {
			t.Error("the block moved")
		}
		large.reset()
		thrifty.reset()
		if large.id+len(large.data)+len(large.strings)+len(large.byKey) != 0 {
			t.Errorf("not blank: %+v", large)
		}
		if thrifty.id+len(thrifty.data)+len(thrifty.strings)+len(thrifty.byKey) != 0 {
			t.Errorf("not blank: %+v", thrifty)
		}
	}
}
