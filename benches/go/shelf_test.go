package pooled

import (
	"sync"
	"testing"
)

// shelf is a slice behind a lock: all that a pool needs where few ask at once. Unlike sync.Pool it
// keeps what it has for ever.
type shelf[T any] struct {
	lock  sync.Mutex
	free  []*T
	fresh func() *T
}

func (s *shelf[T]) get() *T {
	s.lock.Lock()
	last := len(s.free) - 1
	if last < 0 {
		s.lock.Unlock()
		return s.fresh()
	}
	object := s.free[last]
	s.free = s.free[:last]
	s.lock.Unlock()
	return object
}

func (s *shelf[T]) put(object *T) {
	s.lock.Lock()
	s.free = append(s.free, object)
	s.lock.Unlock()
}

func TestShelfGivesBackWhatItGot(t *testing.T) {
	made := 0
	s := shelf[counter]{fresh: func() *counter { made++; return &counter{id: made} }}
	one, two := s.get(), s.get()
	s.put(one)
	s.put(two)
	if s.get() != two || s.get() != one || made != 2 {
		t.Errorf("%d were made", made)
	}
}
