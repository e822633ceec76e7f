//go:build whole

package pooled

// look reads all that was written, where there is no clock.
func look(content []byte) int { return lookText(string(content)) }

func lookText(content string) int {
	sum := len(content)
	for _, c := range []byte(content) {
		sum = (31*sum + int(c)) & 0xffffff
	}
	return sum
}

func lookUnordered(content []byte) int {
	sum := len(content)
	for _, c := range content {
		sum += int(c) * int(c)
	}
	return sum
}
