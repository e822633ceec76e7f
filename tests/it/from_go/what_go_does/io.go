package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

type payload struct {
	ID   int64             `json:"id"`
	Name string            `json:"name"`
	Tags []string          `json:"tags"`
	Meta map[string]string `json:"meta"`
}

type answer struct {
	Success bool   `json:"success"`
	Data    any    `json:"data,omitempty"`
	Error   string `json:"error,omitempty"`
}

type reply struct {
	Status string `json:"status"`
	Data   any    `json:"data,omitempty"`
	Error  string `json:"error,omitempty"`
}

func slices(size int) *sync.Pool {
	return &sync.Pool{New: func() any {
		slice := make([]byte, size)
		return &slice
	}}
}

// Pools of 1 and of 8 KiB, of which a slice goes to the first that is not below its capacity.
func tiers() {
	small, medium := slices(1<<10), slices(8<<10)
	file := func(slice []byte) {
		slice = slice[:0]
		if cap(slice) <= 1<<10 {
			small.Put(&slice)
		} else if cap(slice) <= 8<<10 {
			medium.Put(&slice)
		}
	}
	fresh := *small.Get().(*[]byte)
	show("a fresh slice of the tier of 1 KiB", len(fresh))
	file(fresh)
	show("one that was used", len(*small.Get().(*[]byte)))
	file(make([]byte, 0, 600))
	show("a get of 1024 after a put of 600", cap(*small.Get().(*[]byte)))
	file(append(make([]byte, 1<<10), 'x'))
	show("a get of 8192 after 1 KiB has grown", cap(*medium.Get().(*[]byte)))
}

func sizes() {
	pool := slices(64)
	one := *pool.Get().(*[]byte)
	copy(one, "left by someone")
	pool.Put(&one)
	show("what the next one finds", string((*pool.Get().(*[]byte))[:15]))
	show("4 KiB that has grown", cap(append(make([]byte, 4<<10), 'x')))
	show("allocations of a put by address", testing.AllocsPerRun(100, func() {
		slice := (*pool.Get().(*[]byte))[:50]
		pool.Put(&slice)
	}))
	unboxed := sync.Pool{New: func() any { return make([]byte, 32<<10) }}
	show("allocations of a put of a slice", testing.AllocsPerRun(100, func() {
		unboxed.Put(unboxed.Get().([]byte))
	}))
}

func copyFile(source, target string, buffer []byte) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(target)
	if err != nil {
		return err
	}
	defer to.Close()
	_, err = io.CopyBuffer(to, from, buffer)
	return err
}

func copies() {
	folder, err := os.MkdirTemp("", "what-go-does")
	must(err)
	defer os.RemoveAll(folder)
	source, target := filepath.Join(folder, "source"), filepath.Join(folder, "target")
	link := filepath.Join(folder, "link")
	must(os.WriteFile(source, make([]byte, 100_000), 0o600))
	buffer := bytes.Repeat([]byte("-"), 32<<10)
	must(copyFile(source, target, buffer))
	copied, err := os.ReadFile(target)
	must(err)
	show("copied", len(copied))
	show("bytes of the buffer that were used", len(buffer)-bytes.Count(buffer, []byte("-")))

	must(os.Link(source, link))
	must(copyFile(source, link, buffer))
	left, err := os.ReadFile(source)
	must(err)
	show("left of a file that was copied over itself", len(left))
}

func encoded(value any, set func(*json.Encoder)) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	set(encoder)
	must(encoder.Encode(value))
	return fmt.Sprintf("%q", text.String())
}

func encoders() {
	value := payload{12345, "Test Object", []string{"tag1", "tag2", "tag3"},
		map[string]string{"key2": "value2", "key1": "value1"}}
	text, err := json.Marshal(value)
	must(err)
	show("payload", string(text))
	show("indented by an encoder", encoded([]int{1, -2}, func(encoder *json.Encoder) {
		encoder.SetIndent("", "  ")
	}))
	text, err = json.MarshalIndent([]int{1, -2}, "", "  ")
	must(err)
	show("by MarshalIndent", fmt.Sprintf("%q", text))
	show("escaped", encoded("a < b", func(*json.Encoder) {}))
	show("unescaped", encoded("a < b\u2028", func(encoder *json.Encoder) {
		encoder.SetEscapeHTML(false)
	}))
	show("values", encoded([]any{1.0, []byte("hi"), []string(nil), map[string]int(nil)},
		func(*json.Encoder) {}))
	show("success", encoded(answer{true, []int{1, 2}, ""}, func(*json.Encoder) {}))
	show("no data", encoded(answer{true, nil, ""}, func(*json.Encoder) {}))
	show("failure", encoded(answer{false, nil, "no such order"}, func(*json.Encoder) {}))
	show("greeting", encoded(reply{"success",
		map[string]any{"message": "Hello, World!", "count": 42}, ""}, func(*json.Encoder) {}))

	response := httptest.NewRecorder()
	var body bytes.Buffer
	failed := json.NewEncoder(&body).Encode(reply{"success", make(chan int), ""}) != nil
	response.Write(body.Bytes())
	show("an error that nobody looks at", fmt.Sprint(failed, response.Code, response.Body.Len()))
}

func decoders() {
	text := []byte(`{"id":1}`)
	var value payload
	fresh := testing.AllocsPerRun(100, func() {
		must(json.NewDecoder(bytes.NewReader(text)).Decode(&value))
	})
	reader := bytes.NewReader(nil)
	pooled := testing.AllocsPerRun(100, func() {
		reader.Reset(text)
		must(json.NewDecoder(reader).Decode(&value))
	})
	show("allocations that a pool of decoders saves", fresh-pooled)
	err := json.NewDecoder(strings.NewReader(`{"id":1} and more`)).Decode(&value)
	show("what trails, of a decoder", err)
	err = json.Unmarshal([]byte(`{"id":1} and more`), &value)
	show("what trails, of Unmarshal, is an error", err != nil)

	value = payload{Name: "old", Meta: map[string]string{"old": "1"}}
	must(json.Unmarshal([]byte(`{"id":2,"meta":{"new":"2"},"unknown":0}`), &value))
	show("fields that are left out and maps", value)
	value = payload{}
	err = json.Unmarshal([]byte(`{"id":3,"name":5}`), &value)
	show("after an error", fmt.Sprint(err != nil, value.ID))
	value = payload{}
	err = json.Unmarshal([]byte(`{"id":3,"name":`), &value)
	show("after an error of syntax", fmt.Sprint(err != nil, value.ID))
	must(json.Unmarshal([]byte(`{"id":3,"id":4}`), &value))
	show("a field twice", value.ID)
	must(json.Unmarshal([]byte(`{"ID":5}`), &value))
	show("a field in another case", value.ID)

	var untyped map[string]any
	must(json.Unmarshal([]byte(`{"user":12345678901234567}`), &untyped))
	written, err := json.Marshal(untyped)
	must(err)
	show("a large number", string(written))
}

func rings() {
	defer func() {
		var wrong runtime.Error
		err, _ := recover().(error)
		show("a ring of no size", fmt.Sprint(errors.As(err, &wrong), " ", err))
	}()
	size, at := 0, 0
	data := make([]byte, size)
	data[at] = 'x'
	at = (at + 1) % size
}

// figures are what the benchmarks of both ways allocate: a text in a buffer, and one in JSON.
func figures() {
	show("a new buffer of 4 KiB, used in place", allocated(func() {
		buffer := bytes.NewBuffer(make([]byte, 0, 4096))
		buffer.WriteString("Hello, World!")
		length = len(buffer.Bytes())
	}))
	show("a new buffer of 4 KiB, given to a writer", allocated(func() {
		buffer := bytes.NewBuffer(make([]byte, 0, 4096))
		writer = buffer
		io.WriteString(writer, "Hello, World!")
	}))
	pool := sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4096)) }}
	show("a pooled one", allocated(func() {
		buffer := pool.Get().(*bytes.Buffer)
		buffer.WriteString("Hello, World!")
		length = len(buffer.Bytes())
		buffer.Reset()
		pool.Put(buffer)
	}))

	value := payload{12345, "Test Object", []string{"tag1", "tag2", "tag3"},
		map[string]string{"key1": "value1", "key2": "value2"}}
	show("Marshal of a value", allocated(func() {
		text, err := json.Marshal(value)
		must(err)
		length = len(text)
	}))
	show("a pooled buffer, a new encoder and a copy of a value", allocated(func() {
		buffer := pool.Get().(*bytes.Buffer)
		encoder := json.NewEncoder(buffer)
		must(encoder.Encode(value))
		text := make([]byte, buffer.Len())
		copy(text, buffer.Bytes())
		length = len(text)
		buffer.Reset()
		pool.Put(buffer)
	}))
	show("Marshal of a pointer", allocated(func() {
		text, err := json.Marshal(&value)
		must(err)
		length = len(text)
	}))
	show("a pooled buffer, a new encoder and a copy of a pointer", allocated(func() {
		buffer := pool.Get().(*bytes.Buffer)
		encoder := json.NewEncoder(buffer)
		must(encoder.Encode(&value))
		text := make([]byte, buffer.Len())
		copy(text, buffer.Bytes())
		length = len(text)
		buffer.Reset()
		pool.Put(buffer)
	}))
	kept := bytes.NewBuffer(make([]byte, 0, 1024))
	encoder := json.NewEncoder(kept)
	show("a kept encoder and a copy of a pointer", allocated(func() {
		must(encoder.Encode(&value))
		text := make([]byte, kept.Len()-1)
		copy(text, kept.Bytes())
		length = len(text)
		kept.Reset()
	}))

	for _, escape := range []bool{true, false} {
		buffer := new(bytes.Buffer)
		encoder := json.NewEncoder(buffer)
		encoder.SetEscapeHTML(escape)
		show(fmt.Sprint("a kept encoder, read in place, with escapes ", escape), allocated(func() {
			must(encoder.Encode(&value))
			length = buffer.Len()
			buffer.Reset()
		}))
		show(fmt.Sprint("a new encoder, read in place, with escapes ", escape), allocated(func() {
			encoder := json.NewEncoder(buffer)
			encoder.SetEscapeHTML(escape)
			must(encoder.Encode(&value))
			length = buffer.Len()
			buffer.Reset()
		}))
	}

	text, err := json.Marshal(value)
	must(err)
	show("Unmarshal into a new object", allocated(func() {
		var read payload
		must(json.Unmarshal(text, &read))
	}))
	reader := bytes.NewReader(nil)
	show("a new decoder on a kept reader, into a new object", allocated(func() {
		var read payload
		reader.Reset(text)
		must(json.NewDecoder(reader).Decode(&read))
	}))
}

// What has been looked at, and where a buffer escapes to.
var (
	length int
	writer io.Writer
)
