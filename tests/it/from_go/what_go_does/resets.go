package main

import (
	"fmt"
	"strings"
	"testing"
	"weak"
)

type request struct {
	headers map[string]string
	body    []byte
}

func (r *request) reset() {
	clear(r.headers)
	r.body = r.body[:0]
}

type node struct {
	value    int
	children []*node
}

// reset forgets the children that it can see.
func (n *node) reset() {
	for i := range n.children {
		n.children[i] = nil
	}
	n.children = n.children[:0]
}

func resets() {
	data := []byte("of somebody else")
	req := &request{headers: map[string]string{}, body: data}
	req.reset()
	req.body = append(req.body, "XX"...)
	show("a slice from elsewhere, when the next user has appended", string(data))
	req.headers = nil
	req.reset()
	show("a map that was set to nil", caught(func() { req.headers["a"] = "b" }))
	req.body = make([]byte, 1<<20)
	req.reset()
	show("capacity of a body that was large once", cap(req.body))

	before := heap()
	labels := make([]string, 0, 16)
	for range cap(labels) {
		labels = append(labels, strings.Repeat("x", 1<<20))
	}
	labels = labels[:0]
	show("MiB that 16 truncated labels of 1 MiB hold", (heap()-before)>>20)
	show("length of one that is found behind the length", len(labels[:16][3]))

	root := &node{children: []*node{{value: 1}, {value: 2}, {value: 3}}}
	last := weak.Make(root.children[2])
	root.children = root.children[:1]
	root.reset()
	show("a child behind the length is collected", collected(last))
	show("the children that are left of three", fmt.Sprint(
		root.children[:3][0] != nil, root.children[:3][1] != nil, root.children[:3][2] != nil))

	lists := map[string][]string{"Accept": {"a"}}
	list := weak.Make(&lists["Accept"][0])
	delete(lists, "Accept")
	show("a list in a map is collected after delete", collected(list) && len(lists) == 0)

	object := make([]byte, 4096)
	object = append(object, 'x')
	show("a large object's first user has", fmt.Sprint(len(object), " ", cap(object)))
	object = append(object[:0], 'x')
	show("and the next one", len(object))
	number := 1000
	show("allocations of two texts", testing.AllocsPerRun(100, func() {
		number++
		sink = fmt.Sprintf("item-%d", number)
		sink = fmt.Sprintf("key-%d", number%100)
	}))

	secret := append(make([]byte, 0, 1024), "Sensitive"...)
	secret = secret[:4]
	for i := range secret {
		secret[i] = 0
	}
	show("of a secret that was cut to four bytes", fmt.Sprintf("%q", secret[:9]))
	secret = append(make([]byte, 0, 9), "Sensitive"...)
	block := secret
	secret = append(secret, " data"...)
	for i := range secret {
		secret[i] = 0
	}
	show("of a secret that has grown", fmt.Sprintf("%q", block))

	before = heap()
	texts := make(map[string]string, 100)
	for i := range 1_000_000 {
		texts[fmt.Sprint(i)] = ""
	}
	clear(texts)
	// 79 or 80: it depends on the hashes.
	show("a map of 100 keeps more than 70 MiB of a million texts", heap()-before > 70<<20)
	show("its length", len(texts))

	blobs := map[string][]byte{"key": {42}}
	blob := blobs["key"]
	blobs = make(map[string][]byte, 100)
	show("a value of a map that was made anew", fmt.Sprint(blob[0], len(blobs)))
}

// sink is where a text escapes to.
var sink string
