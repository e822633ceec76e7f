package main

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"weak"
)

type account struct {
	key     string
	headers map[string]string
	data    *[4096]byte
}

func texts() *sync.Pool {
	return &sync.Pool{New: func() any { return new(bytes.Buffer) }}
}

// collected runs the collector twice, and tells whether that took it.
func collected[T any](object weak.Pointer[T]) bool {
	runtime.GC()
	runtime.GC()
	return object.Value() == nil
}

func pitfalls() {
	pool := texts()
	kept := pool.Get().(*bytes.Buffer)
	kept.WriteString("mine")
	pool.Put(kept)
	other := pool.Get().(*bytes.Buffer)
	other.Reset()
	other.WriteString("somebody else's")
	show("a result that was kept after its put", kept)

	lines := sync.Pool{New: func() any { return &[]byte{} }}
	render := func(text string) []byte {
		line := lines.Get().(*[]byte)
		defer lines.Put(line)
		*line = append((*line)[:0], text...)
		return *line
	}
	first := render("first")
	render("other")
	show("a slice of a pooled buffer, after the next call", string(first))

	pool = texts()
	used := pool.Get().(*bytes.Buffer)
	pool.Put(used)
	used.WriteString("late")
	show("what the next one finds of a write after the put", pool.Get())

	pool = texts()
	twice := pool.Get()
	pool.Put(twice)
	pool.Put(twice)
	show("put twice, got by two", pool.Get() == pool.Get())

	small, large := slices(64), slices(4096)
	large.Put(small.Get())
	show("a large one, from a pool that was given a small one", len(*large.Get().(*[]byte)))
	pool = texts()
	pool.Put(new(account))
	wrong := caught(func() { pool.Get().(*bytes.Buffer).Reset() })
	show("another type in the pool", wrong)

	var empty sync.Pool
	show("a get without New", empty.Get())
	show("its assertion", caught(func() { empty.Get().(*bytes.Buffer).Reset() }))

	accounts := sync.Pool{New: func() any { return &account{headers: map[string]string{}} }}
	accounts.Put(&account{})
	show("half made", caught(func() { accounts.Get().(*account).headers["a"] = "b" }))
	login := accounts.Get().(*account)
	login.key = "secret-key"
	accounts.Put(login)
	show("what was not reset", accounts.Get().(*account).key)

	// While the pool itself still has the holder, of course: it is asked after one collection.
	holder := &account{data: new([4096]byte)}
	data := weak.Make(holder.data)
	accounts.Put(holder)
	runtime.GC()
	show("what an idle object points to is collected", data.Value() == nil)
	accounts.Get().(*account).data = nil
	show("it is when the pointer has been cleared", collected(data))

	pool = texts()
	show("gets that were refused, of 1000", 1000-len(take(pool, 1000)))
	show("a nil that was put is what the next one gets", fmt.Sprint(func() any {
		var none *bytes.Buffer
		pool.Put(none)
		return pool.Get().(*bytes.Buffer) == nil
	}()))
}
