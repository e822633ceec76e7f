// Writes what Go makes of some values, as JSON itself, for the tests to compare with:
//
//	go run marshal_indent.go > marshal_indent.json
//
// The structs have their fields in the order of the alphabet, which is that of the keys of
// Go's maps: read from the compact text into a sorted map, a value is the same again.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

type pair struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type order struct {
	Customer string         `json:"customer"`
	Items    []item         `json:"items"`
	Labels   map[string]any `json:"labels"`
	Note     *string        `json:"note"`
	Paid     bool           `json:"paid"`
}

type item struct {
	Count int     `json:"count"`
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

// A case is one value, written in one way.
type written struct {
	Compact    string `json:"compact"`
	EscapeHTML bool   `json:"escape_html"`
	Indent     string `json:"indent"`
	Prefix     string `json:"prefix"`
	Text       string `json:"text"`
}

var values = []any{
	nil,
	true,
	-17,
	"",
	"a \"text\" with \\ and / and \t\n\r\b\f and \x00\x01\x1f",
	"gr\u00fc\u00dfe, \u4f60\u597d, \U0001f980, \u2027, \u2030",
	"<script>alert('a' && 1 > 0)</script>",
	[]any{},
	map[string]any{},
	[]any{[]any{}, map[string]any{}, []any{[]any{}}, nil, "", 0},
	map[string]any{"array": []any{}, "object": map[string]any{}},
	map[string]any{"": map[string]any{"": map[string]any{"": []any{}}}},
	[]any{1, []any{2, []any{3, []any{4.5}}}},
	map[string]any{"<a>": "&amp;", "b&c": []any{"<", ">", "&"}, "{": "}", "[": "]", ",": ":"},
	[]any{"[1, 2]", "{\"a\": \"b\"}", "line\nbreak", ",", ":", "\\\"", "\\u003c", "\\"},
	[]pair{{"one", 1}, {"two", []string{"a", "b"}}, {"three", pair{"<", nil}}},
	order{
		Customer: "Ada <ada@example.org>",
		Items:    []item{{2, "ink & pen", 3.25}, {-1, "", 0.5}},
		Labels:   map[string]any{"empty": []item{}, "none": nil, "z": map[string]int{"a": 1}},
		Paid:     true,
	},
	[]order{{Items: []item{}, Labels: map[string]any{}}, {}},
}

// Written without the escapes they would be other than as they are: Go always escapes them.
var separators = []any{
	"\u2028\u2029",
	"a\u2028b<\u2029>&",
	map[string]any{"\u2028": "\u2029", "k\u2029<": []any{"\u2028", "\\\u2028"}},
}

var layouts = [][2]string{
	{"", ""}, {"", "\t"}, {"", "  "}, {"> ", ""}, {"> ", "\t"}, {"\t", " "}, {"//", "--"},
}

// Compact text, without the newline at the end of what an encoder writes.
func compact(value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(value))
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

func main() {
	var all []written
	write := func(value any, escapeHTML bool) {
		for _, layout := range layouts {
			prefix, indent := layout[0], layout[1]
			var text []byte
			if escapeHTML {
				marshalled, err := json.MarshalIndent(value, prefix, indent)
				must(err)
				text = marshalled
			} else {
				// As `MarshalIndent` does it, which has no switch for the escapes.
				var buffer bytes.Buffer
				must(json.Indent(&buffer, compact(value), prefix, indent))
				text = buffer.Bytes()
			}
			all = append(all, written{string(compact(value)), escapeHTML, indent, prefix, string(text)})
		}
	}
	for _, value := range values {
		write(value, false)
		write(value, true)
	}
	for _, value := range separators {
		write(value, true)
	}
	// One line for each, so that a difference can be read.
	fmt.Println("[")
	for index, one := range all {
		end := ","
		if index == len(all)-1 {
			end = ""
		}
		fmt.Printf("%s%s\n", compact(one), end)
	}
	fmt.Println("]")
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
