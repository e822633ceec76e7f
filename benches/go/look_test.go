//go:build !whole

package pooled

// look reads what was written, so that it was not written for nothing: no more of it than the clock
// can bear. With the tag whole it reads every byte.
func look(content []byte) int {
	return len(content) + int(content[len(content)-1])
}

func lookText(content string) int {
	return len(content) + int(content[len(content)-1])
}

// lookUnordered is for texts whose parts come in any order.
func lookUnordered(content []byte) int { return look(content) }
