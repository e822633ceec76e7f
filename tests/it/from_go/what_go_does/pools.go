package main

import (
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

type numbered struct{ number int }

// numbers is a pool whose objects are numbered as they are made.
func numbers() (*sync.Pool, *int) {
	made := new(int)
	return &sync.Pool{New: func() any {
		*made++
		return &numbered{*made}
	}}, made
}

// take gets so many at once.
func take(pool *sync.Pool, count int) []any {
	objects := make([]any, count)
	for i := range objects {
		objects[i] = pool.Get()
	}
	return objects
}

func put(pool *sync.Pool, objects []any) {
	for _, object := range objects {
		pool.Put(object)
	}
}

func pools() {
	generations()
	otherProcessor()
	inRaceBuilds()
	sizesFromTo()
	monitored()
	limited()
	deferred()
}

func generations() {
	pool, made := numbers()
	put(pool, take(pool, 3))
	runtime.GC()
	pool.Put(pool.Get())
	show("objects made for a get after one collection", *made-3)
	runtime.GC()
	runtime.GC()
	pool.Get()
	show("objects made for a get after two more", *made-3)

	pool, made = numbers()
	put(pool, take(pool, 5))
	runtime.GC()
	for range 3 {
		pool.Put(pool.Get())
	}
	show("objects made for three gets, one by one, after a collection of five", *made-5)

	pool, made = numbers()
	put(pool, take(pool, 100))
	show("objects made to warm a pool", *made)
	put(pool, take(pool, 100))
	show("objects made for as many at once", *made-100)
	runtime.GC()
	runtime.GC()
	take(pool, 100)
	show("objects made for as many after two collections", *made-100)
}

// otherProcessor has one goroutine stay on its processor while another one gets.
func otherProcessor() {
	runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(1)
	missed, collected := false, false
	for try := 0; try < 10_000 && !(missed && collected); try++ {
		pool, made := numbers()
		put(pool, take(pool, 5))
		if try%2 == 1 {
			runtime.GC()
		}
		there := make(chan struct{})
		go func() {
			take(pool, 5)
			close(there)
		}()
		for spinning := true; spinning; {
			select {
			case <-there:
				spinning = false
			default:
			}
		}
		if *made > 5 && try%2 == 1 {
			collected = true
		} else if *made > 5 {
			missed = true
		}
	}
	show("of five, put here and got at once there, some are made anew", missed)
	show("of five, after a collection too", collected)
}

// inRaceBuilds reads the source: such a build needs a C compiler.
func inRaceBuilds() {
	source, err := os.ReadFile(filepath.Join(build.Default.GOROOT, "src", "sync", "pool.go"))
	must(err)
	_, put, _ := strings.Cut(string(source), "func (p *Pool) Put(")
	_, race, _ := strings.Cut(put, "if race.Enabled {")
	drops := strings.HasPrefix(strings.TrimSpace(race), "if runtime_randn(4) == 0 {")
	show("with -race one put in four is dropped", drops)
}

// sizesFromTo keeps slices with a capacity from 4096 to twice that.
func sizesFromTo() {
	pool := slices(4096)
	kept := func(slice []byte) bool {
		return cap(slice) >= 4096 && cap(slice) <= 8192
	}
	slice := *pool.Get().(*[]byte)
	show("length of a new slice", len(slice))
	slice = append(slice, "pooled"...)
	show("length and capacity when six bytes were appended", fmt.Sprint(len(slice), " ", cap(slice)))
	slice = slice[:0]
	pool.Put(&slice)
	show("length of one that was used", len(*pool.Get().(*[]byte)))
	show("capacities of 4095, 4096, 8192 and 8193 are kept", fmt.Sprint(
		kept(make([]byte, 4095)), kept(make([]byte, 4096)),
		kept(make([]byte, 8192)), kept(make([]byte, 8193))))
}

// monitored counts a hit for each get that is not nil, and a miss in New.
func monitored() {
	hits, misses := 0, 0
	pool := sync.Pool{New: func() any {
		misses++
		return new(int)
	}}
	get := func() {
		if pool.Get() != nil {
			hits++
		}
	}
	get()
	show("hit rate after the first get", float64(hits)/float64(hits+misses))
	for range 9 {
		get()
	}
	show("hits and misses of ten misses", fmt.Sprint(hits, misses))
}

// limited adds to what is allocated in New, and takes from it what Put refuses.
func limited() {
	const size, limit = 4096, 4 * 4096
	made, refused, allocated := 0, 0, 0
	pool := &sync.Pool{New: func() any {
		made++
		allocated += size
		return new([size]byte)
	}}
	giveBack := func(object any) {
		if allocated > limit {
			allocated -= size
			refused++
			return
		}
		pool.Put(object)
	}
	for _, object := range take(pool, 4) {
		giveBack(object)
	}
	runtime.GC()
	runtime.GC()
	made, refused = 0, 0
	for range 1000 {
		giveBack(pool.Get())
	}
	show("of 1000 gets with a limit, made and refused", fmt.Sprint(made, refused))
}

func deferred() {
	pool := sync.Pool{New: func() any { return &[]byte{} }}
	caught(func() {
		slice := pool.Get().(*[]byte)
		defer func() {
			*slice = (*slice)[:0]
			pool.Put(slice)
		}()
		*slice = append(*slice, "half"...)
		panic("in the middle")
	})
	slice := *pool.Get().(*[]byte)
	show("what a panic left", fmt.Sprint(len(slice), " ", string(slice[:4])))
	boxed := sync.Pool{New: func() any { return new([64]byte) }}
	show("allocations of a put of a pointer", testing.AllocsPerRun(100, func() {
		boxed.Put(boxed.Get().(*[64]byte))
	}))
}
