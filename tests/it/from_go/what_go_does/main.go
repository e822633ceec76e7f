// Shows what the guide says of Go: a line for each claim, `case: result`.
//
//	go run main.go io.go limits.go pitfalls.go pools.go resets.go > ../what_go_does.txt
//
// The lines are the same each time: one processor, unless a case needs two, no collection that is
// not asked for, and no sleep. What is a matter of luck is tried until it was seen, or counted.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func show(name string, value any) {
	fmt.Printf("%s: %v\n", name, value)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// caught is what the function panics with.
func caught(work func()) (reason any) {
	defer func() { reason = recover() }()
	work()
	return nil
}

// until waits for what another goroutine does.
func until(done func() bool) {
	for !done() {
		runtime.Gosched()
	}
}

// parked is how many goroutines wait in a select.
func parked() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "[select")
}

// heap is what is reachable, in bytes. It takes two collections to empty the pools.
func heap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// allocated is how many bytes in how many blocks the work takes from the heap.
func allocated(work func()) string {
	const rounds = 100
	var before, after runtime.MemStats
	blocks := testing.AllocsPerRun(rounds, work)
	runtime.ReadMemStats(&before)
	for range rounds {
		work()
	}
	runtime.ReadMemStats(&after)
	return fmt.Sprintf("%d B, %v", (after.TotalAlloc-before.TotalAlloc)/rounds, blocks)
}

func main() {
	if len(os.Args) > 1 {
		dieOfNoAge()
		return
	}
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	pools()
	pitfalls()
	resets()
	tiers()
	sizes()
	copies()
	encoders()
	decoders()
	figures()
	rings()
	bounded()
	expiring()
	connections()
}
