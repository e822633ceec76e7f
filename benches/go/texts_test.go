package pooled

import (
	"os"
	"testing"
)

// Texts of the lengths that the rows are named after. The Rust side writes the same.
const (
	text37 = "a message of thirty-seven bytes, kept"
	text13 = "13 bytes long"
	text20 = "twenty bytes of text"
)

// golden is what both sides must write.
func golden(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mustBe(t testing.TB, what, found, wanted string) {
	t.Helper()
	if found != wanted {
		t.Errorf("%s wrote %q, not %q", what, found, wanted)
	}
}

func TestTextsAreAsLongAsTheySay(t *testing.T) {
	mustBe(t, "text37", text37+"\n", golden(t, "text37.txt"))
	mustBe(t, "text13", text13+"\n", golden(t, "text13.txt"))
	mustBe(t, "text20", text20+"\n", golden(t, "text20.txt"))
	if len(text37) != 37 || len(text13) != 13 || len(text20) != 20 {
		t.Error("a text has another length")
	}
}
