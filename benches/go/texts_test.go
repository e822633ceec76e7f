package pooled

import (
	"embed"
	"strings"
	"testing"
)

// Texts of the lengths that the rows are named after. The Rust side writes the same.
const (
	text37 = "a message of thirty-seven bytes, kept"
	text13 = "13 bytes long"
	text20 = "twenty bytes of text"
)

//go:embed testdata
var files embed.FS

// golden is what both sides must write: a line.
func golden(name string) string {
	text, err := files.ReadFile("testdata/" + name)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// goldenText is the same without the end of the line.
func goldenText(name string) string { return strings.TrimSuffix(golden(name), "\n") }

// What an operation yields that wrote one of them, and nothing else.
var (
	yield37 = lookText(goldenText("text37.txt"))
	yield13 = lookText(goldenText("text13.txt"))
	yield20 = lookText(goldenText("text20.txt"))
)

// check is where every benchmark ends: what all its operations yielded together is known, and that
// is why the loops count up to b.N. With b.Loop, which keeps alive what nobody looks at, a buffer
// on the stack took a third longer (go1.27.3).
func check(b *testing.B, seen, wanted int) {
	b.Helper()
	if seen != wanted {
		b.Errorf("%d operations yielded %d, not %d", b.N, seen, wanted)
	}
}

// sum is that of all indices of so many operations.
func sum(operations int) int { return operations * (operations - 1) / 2 }

func mustBe(t testing.TB, what, found, wanted string) {
	t.Helper()
	if found != wanted {
		t.Errorf("%s wrote %q, not %q", what, found, wanted)
	}
}

func TestTextsAreAsLongAsTheySay(t *testing.T) {
	mustBe(t, "text37", text37, goldenText("text37.txt"))
	mustBe(t, "text13", text13, goldenText("text13.txt"))
	mustBe(t, "text20", text20, goldenText("text20.txt"))
	if len(text37) != 37 || len(text13) != 13 || len(text20) != 20 {
		t.Error("a text has another length")
	}
}
