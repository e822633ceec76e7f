package main

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// channelPool keeps what fits into a channel, and makes whatever is asked for.
type channelPool struct {
	idle                        chan *[]byte
	created, borrowed, returned int
}

func (p *channelPool) get() *[]byte {
	p.borrowed++
	select {
	case slice := <-p.idle:
		return slice
	default:
		p.created++
		return new([]byte)
	}
}

func (p *channelPool) getWithTimeout(timeout time.Duration) (*[]byte, error) {
	p.borrowed++
	select {
	case slice := <-p.idle:
		return slice, nil
	case <-time.After(timeout):
		return nil, errors.New("too late")
	}
}

func (p *channelPool) put(slice *[]byte) {
	p.returned++
	select {
	case p.idle <- slice:
	default:
	}
}

func bounded() {
	pool := channelPool{idle: make(chan *[]byte, 10)}
	_, err := pool.getWithTimeout(time.Millisecond)
	show("a timeout on a new pool", fmt.Sprint(err, ", created ", pool.created))
	show("borrows that are counted of none", pool.borrowed)

	pool = channelPool{idle: make(chan *[]byte, 10)}
	warm := func(count int) {
		var held []*[]byte
		for range count {
			held = append(held, pool.get())
		}
		for _, slice := range held {
			pool.put(slice)
		}
	}
	warm(5)
	for range 3 {
		pool.put(pool.get())
	}
	show("created, borrowed and returned of five warmed and three used",
		fmt.Sprint(pool.created, pool.borrowed, pool.returned))
	warm(25)
	show("created and idle of 25 at once", fmt.Sprint(pool.created, len(pool.idle)))

	late := 0
	const calls = 100_000
	for range calls {
		if slice, err := pool.getWithTimeout(0); err != nil {
			late++
		} else {
			pool.put(slice)
		}
	}
	show("half of the calls with no time are late, with idle ones",
		late > calls*4/10 && late < calls*6/10)
	timers := testing.AllocsPerRun(100, func() {
		slice, err := pool.getWithTimeout(time.Hour)
		must(err)
		pool.put(slice)
	})
	show("a timer is allocated where one is idle", timers > 0)
}

// agingPool keeps its objects in a list, with the time of their return.
type agingPool struct {
	lock    sync.Mutex
	idle    *list.List
	factory func() *int
	destroy func(*int)
	maxIdle int
	maxAge  time.Duration
	stop    chan struct{}
}

type aging struct {
	object *int
	since  time.Time
}

func newAgingPool(maxIdle int, maxAge time.Duration, factory func() *int, destroy func(*int)) *agingPool {
	pool := &agingPool{idle: list.New(), factory: factory, destroy: destroy,
		maxIdle: maxIdle, maxAge: maxAge, stop: make(chan struct{})}
	go pool.cleanUp()
	return pool
}

func (p *agingPool) cleanUp() {
	ticker := time.NewTicker(p.maxAge / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.expire()
		case <-p.stop:
			return
		}
	}
}

func (p *agingPool) expire() {
	p.lock.Lock()
	defer p.lock.Unlock()
	for front := p.idle.Front(); front != nil; front = p.idle.Front() {
		if time.Since(front.Value.(aging).since) < p.maxAge {
			return
		}
		p.destroy(p.idle.Remove(front).(aging).object)
	}
}

func (p *agingPool) get() *int {
	p.lock.Lock()
	defer p.lock.Unlock()
	for p.idle.Len() > 0 {
		oldest := p.idle.Remove(p.idle.Front()).(aging)
		if time.Since(oldest.since) < p.maxAge {
			return oldest.object
		}
		p.destroy(oldest.object)
	}
	return p.factory()
}

func (p *agingPool) put(object *int) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.idle.Len() >= p.maxIdle {
		p.destroy(object)
		return
	}
	p.idle.PushBack(aging{object, time.Now()})
}

func (p *agingPool) close() {
	close(p.stop)
	p.lock.Lock()
	defer p.lock.Unlock()
	for p.idle.Len() > 0 {
		p.destroy(p.idle.Remove(p.idle.Front()).(aging).object)
	}
}

func expiring() {
	destroyed := 0
	pool := newAgingPool(5, time.Hour, func() *int { return new(int) }, func(*int) { destroyed++ })
	first, second := pool.get(), pool.get()
	pool.put(first)
	pool.put(second)
	show("the oldest is taken first", pool.get() == first)
	pool.put(first)
	pool.close()
	show("destroyed by a close with two idle", destroyed)
	pool.put(first)
	show("idle and destroyed of one that comes later", fmt.Sprint(pool.idle.Len(), destroyed-2))
	show("a get after the close", pool.get() == first)
	show("a second close", caught(pool.close))

	isFree := func() bool {
		free := pool.lock.TryLock()
		if free {
			pool.lock.Unlock()
		}
		return free
	}
	free := []bool{}
	pool = newAgingPool(0, time.Hour,
		func() *int { free = append(free, isFree()); return new(int) },
		func(*int) { free = append(free, isFree()) })
	pool.put(pool.get())
	pool.close()
	show("the mutex is free for factory and destroy", free)

	until(func() bool { return parked() == 0 })
	newAgingPool(5, time.Hour, func() *int { return new(int) }, func(*int) {})
	until(func() bool { return parked() == 1 })
	heap()
	show("goroutines of a pool that nobody has closed, nor has any more", parked())

	itself, err := os.Executable()
	must(err)
	died, err := exec.Command(itself, "of no age").CombinedOutput()
	line, _, _ := strings.Cut(string(died), "\n")
	show("an age of 1 ns", fmt.Sprint(err, ", ", line))
}

// dieOfNoAge is what a process of its own does.
func dieOfNoAge() {
	newAgingPool(5, 1, func() *int { return new(int) }, func(*int) {})
	select {}
}

type connection struct{ since time.Time }

// connectionPool is one of connections with a mutex and a channel of wake-ups.
type connectionPool struct {
	lock             sync.Mutex
	connections      []*connection
	connect          func() (*connection, error)
	isHealthy        func(*connection) bool
	disconnect       func(*connection)
	maxOpen, maxIdle int
	maxLifetime      time.Duration
	open, waiting    int
	wake             chan struct{}
	closed           bool
}

func newConnectionPool(maxOpen, maxIdle int) *connectionPool {
	return &connectionPool{
		connect:     func() (*connection, error) { return &connection{time.Now()}, nil },
		isHealthy:   func(*connection) bool { return true },
		disconnect:  func(*connection) {},
		maxOpen:     maxOpen,
		maxIdle:     maxIdle,
		maxLifetime: 30 * time.Minute,
		wake:        make(chan struct{}, 100),
	}
}

func (p *connectionPool) get(ctx context.Context) (*connection, error) {
	p.lock.Lock()
	for len(p.connections) > 0 {
		newest := p.connections[len(p.connections)-1]
		p.connections = p.connections[:len(p.connections)-1]
		if p.isHealthy(newest) && time.Since(newest.since) <= p.maxLifetime {
			p.lock.Unlock()
			return newest, nil
		}
		p.disconnect(newest)
		p.open--
	}
	if p.open >= p.maxOpen {
		p.waiting++
		p.lock.Unlock()
		select {
		case <-p.wake:
			return p.get(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	p.open++
	p.lock.Unlock()
	made, err := p.connect()
	if err != nil {
		p.lock.Lock()
		p.open--
		p.lock.Unlock()
	}
	return made, err
}

func (p *connectionPool) put(c *connection) {
	if c == nil {
		return
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	switch {
	case p.closed:
		p.disconnect(c)
		p.open--
	case p.waiting > 0:
		p.waiting--
		p.connections = append(p.connections, c)
		select {
		case p.wake <- struct{}{}:
		default:
		}
	case len(p.connections) >= p.maxIdle:
		p.disconnect(c)
		p.open--
	default:
		p.connections = append(p.connections, c)
	}
}

func (p *connectionPool) close() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.closed = true
	for _, c := range p.connections {
		p.disconnect(c)
	}
	p.connections = nil
	p.open = 0
}

// take gets so many at once.
func (p *connectionPool) take(count int) []*connection {
	held := make([]*connection, count)
	for i := range held {
		held[i], _ = p.get(context.Background())
	}
	return held
}

func (p *connectionPool) putAll(held []*connection) {
	for _, c := range held {
		p.put(c)
	}
}

func (p *connectionPool) stats() string {
	p.lock.Lock()
	defer p.lock.Unlock()
	return fmt.Sprintf("%d open, %d idle, %d waiting", p.open, len(p.connections), p.waiting)
}

func (p *connectionPool) isWaitedFor(by int) func() bool {
	return func() bool {
		p.lock.Lock()
		defer p.lock.Unlock()
		return p.waiting == by
	}
}

// over is a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func connections() {
	until(func() bool { return parked() == 1 })
	waits()
	factories()
	strangers()
	locks()
	wakeUps()

	pool := newConnectionPool(2, 2)
	held := pool.take(1)
	pool.close()
	pool.putAll(held)
	show("a return after the close", pool.stats())

	pool = newConnectionPool(2, 2)
	held = pool.take(1)
	held[0].since = time.Now().Add(-time.Hour)
	pool.putAll(held)
	show("one of an hour, on a quiet day", pool.stats())

	c, err := pool.get(over())
	show("a context that is over, and one is idle", fmt.Sprint(c != nil, " ", err))
}

func waits() {
	pool := newConnectionPool(3, 1)
	held := pool.take(3)
	for range 3 {
		pool.get(over())
	}
	show("when three have given up", pool.stats())
	pool.putAll(held)
	show("when three have returned", fmt.Sprint(pool.stats(), ", wake-ups for nobody ", len(pool.wake)))

	pool = newConnectionPool(1, 1)
	overtaken := 0
	const rounds = 200
	held = pool.take(1)
	for range rounds {
		served := make(chan struct{})
		go func() {
			pool.putAll(pool.take(1))
			close(served)
		}()
		until(pool.isWaitedFor(1))
		pool.putAll(held)
		held = pool.take(1)
		select {
		case <-served:
		default:
			overtaken++
		}
		pool.putAll(held)
		<-served
		held = pool.take(1)
	}
	// Not all of them, if the scheduler comes between the two.
	show("who waits is overtaken, nearly each time of 200", overtaken > rounds*9/10)
}

func factories() {
	pool := newConnectionPool(1, 1)
	fail := make(chan struct{})
	pool.connect = func() (*connection, error) {
		<-fail
		return nil, errors.New("refused")
	}
	before := parked()
	first, second := make(chan error), make(chan error)
	ctx, giveUp := context.WithCancel(context.Background())
	go func() { _, err := pool.get(context.Background()); first <- err }()
	until(func() bool { pool.lock.Lock(); defer pool.lock.Unlock(); return pool.open == 1 })
	go func() { _, err := pool.get(ctx); second <- err }()
	until(func() bool { return parked() == before+1 })
	close(fail)
	show("a factory that fails", <-first)
	show("then, for the one who waits", fmt.Sprint(pool.stats(), ", wake-ups ", len(pool.wake)))
	giveUp()
	show("who gets nothing", <-second)

	pool = newConnectionPool(1, 1)
	pool.connect = func() (*connection, error) { panic("on the way") }
	caught(func() { pool.get(context.Background()) })
	show("a factory that panics", pool.stats())

	pool = newConnectionPool(1, 1)
	ctx, end := context.WithCancel(context.Background())
	pool.connect = func() (*connection, error) {
		end()
		return new(connection), nil
	}
	c, err := pool.get(ctx)
	show("a context that ends in the factory", fmt.Sprint(c != nil, " ", err, ", ", ctx.Err()))
}

func strangers() {
	pool := newConnectionPool(2, 2)
	held := pool.take(1)
	pool.putAll(held)
	pool.putAll(held)
	show("a connection put back twice", pool.stats())
	held = pool.take(2)
	show("goes to two", held[0] == held[1])

	pool = newConnectionPool(2, 1)
	pool.put(new(connection))
	show("one from elsewhere", pool.stats())
	pool.put(new(connection))
	show("two from elsewhere, one idle at the most", pool.stats())

	pool = newConnectionPool(1, 1)
	pool.take(1)
	pool.put(nil)
	_, err := pool.get(over())
	show("a get after a put of nil", err)
}

func locks() {
	pool := newConnectionPool(1, 0)
	free := []bool{}
	look := func() {
		isFree := pool.lock.TryLock()
		if isFree {
			pool.lock.Unlock()
		}
		free = append(free, isFree)
	}
	pool.disconnect = func(*connection) { look() }
	pool.isHealthy = func(*connection) bool { look(); return true }
	pool.putAll(pool.take(1)) // none may be idle: it is closed
	pool.maxIdle = 1
	pool.putAll(pool.take(1))
	pool.take(1)
	show("the mutex is free for the close and the check of a connection", free)
}

// late is a context that is asked when the gate is open: as if its getter had been interrupted
// between the mutex and the select.
type late struct {
	context.Context
	gate <-chan struct{}
}

func (l late) Done() <-chan struct{} {
	<-l.gate
	return l.Context.Done()
}

// wakeUps returns as many connections at once as there are getters.
func wakeUps() {
	for _, getters := range []int{101, 150} {
		for _, areParked := range []bool{true, false} {
			pool := newConnectionPool(getters, getters)
			held := pool.take(getters)
			before := parked()
			ctx, giveUp := context.WithCancel(context.Background())
			gate := make(chan struct{})
			if areParked {
				close(gate)
			}
			results := make(chan error, getters)
			for range getters {
				go func() { _, err := pool.get(late{ctx, gate}); results <- err }()
			}
			until(pool.isWaitedFor(getters))
			if areParked {
				until(func() bool { return parked() == before+getters })
			}
			pool.putAll(held)
			if !areParked {
				close(gate)
			}
			until(func() bool { return len(results)+parked()-before == getters })
			show(fmt.Sprintf("served of %d, all in the select %v", getters, areParked), len(results))
			giveUp()
			for range getters {
				<-results
			}
		}
	}
	runtime.Gosched()
}
