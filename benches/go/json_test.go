package pooled

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
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

func (p *payload) reset() {
	p.ID = 0
	p.Name = ""
	p.Tags = p.Tags[:0]
	clear(p.Meta)
}

var teapot = payload{
	ID:   12345,
	Name: "Blue Teapot",
	Tags: []string{"blue", "clay", "sale"},
	Meta: map[string]string{"made": "Jaipur", "firm": "potter"},
}

var jsonBuffers = sync.Pool{New: func() any {
	return bytes.NewBuffer(make([]byte, 0, 512))
}}

// encodeCopied makes an encoder for each text, and copies the text out.
func encodeCopied(value any) []byte {
	buf := jsonBuffers.Get().(*bytes.Buffer)
	if err := json.NewEncoder(buf).Encode(value); err != nil {
		panic(err)
	}
	text := make([]byte, buf.Len())
	copy(text, buf.Bytes())
	buf.Reset()
	jsonBuffers.Put(buf)
	return text
}

// encoder is kept together with its buffer.
type encoder struct {
	buf  bytes.Buffer
	json *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.buf.Grow(512)
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}}

// encodeKept uses the text where it was written.
func encodeKept(value any, use func(text []byte)) {
	e := encoders.Get().(*encoder)
	if err := e.json.Encode(value); err != nil {
		panic(err)
	}
	use(e.buf.Bytes())
	e.buf.Reset()
	encoders.Put(e)
}

// encoderV2 is the same of the newer package, which sorts a map if it is told to.
type encoderV2 struct {
	buf  bytes.Buffer
	json *jsontext.Encoder
}

var sorted = jsonv2.Deterministic(true)

var encodersV2 = sync.Pool{New: func() any {
	e := new(encoderV2)
	e.buf.Grow(512)
	e.json = jsontext.NewEncoder(&e.buf, sorted)
	return e
}}

func encodeKeptV2(value any, use func(text []byte)) {
	e := encodersV2.Get().(*encoderV2)
	if err := jsonv2.MarshalEncode(e.json, value); err != nil {
		panic(err)
	}
	use(e.buf.Bytes())
	e.buf.Reset()
	encodersV2.Put(e)
}

func BenchmarkEncodeUnpooled(b *testing.B) {
	seen := 0
	for range b.N {
		text, err := json.Marshal(&teapot)
		if err != nil {
			panic(err)
		}
		seen += look(text)
	}
	check(b, seen, b.N)
}

func BenchmarkEncodePooled(b *testing.B) {
	seen := 0
	for range b.N {
		seen += look(encodeCopied(&teapot))
	}
	check(b, seen, b.N)
}

func BenchmarkEncodePooledInPlace(b *testing.B) {
	seen := 0
	for range b.N {
		encodeKept(&teapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N)
}

func BenchmarkEncodePooledInPlaceV2(b *testing.B) {
	seen := 0
	for range b.N {
		encodeKeptV2(&teapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N)
}

var payloads = sync.Pool{New: func() any {
	return &payload{Meta: make(map[string]string)}
}}

// decode reads into a pooled object; into is Unmarshal of either package.
func decode(text []byte, into func(text []byte, p *payload) error) int {
	p := payloads.Get().(*payload)
	if err := into(text, p); err != nil {
		panic(err)
	}
	seen := int(p.ID) + len(p.Tags) + len(p.Meta)
	p.reset()
	payloads.Put(p)
	return seen
}

func byV1(text []byte, p *payload) error { return json.Unmarshal(text, p) }

func byV2(text []byte, p *payload) error { return jsonv2.Unmarshal(text, p) }

func BenchmarkDecodeUnpooled(b *testing.B) {
	text := []byte(golden(b, "payload.json"))
	seen := 0
	for range b.N {
		var p payload
		if err := json.Unmarshal(text, &p); err != nil {
			panic(err)
		}
		seen += int(p.ID) + len(p.Tags) + len(p.Meta)
	}
	check(b, seen, b.N)
}

func BenchmarkDecodePooled(b *testing.B) {
	text := []byte(golden(b, "payload.json"))
	seen := 0
	for range b.N {
		seen += decode(text, byV1)
	}
	check(b, seen, b.N)
}

func BenchmarkDecodePooledV2(b *testing.B) {
	text := []byte(golden(b, "payload.json"))
	seen := 0
	for range b.N {
		seen += decode(text, byV2)
	}
	check(b, seen, b.N)
}

func TestPayloadIsWrittenAlikeByAllForms(t *testing.T) {
	line := golden(t, "payload.json")
	text, err := json.Marshal(&teapot)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "json.Marshal", string(text), strings.TrimSuffix(line, "\n"))
	for range 3 {
		mustBe(t, "encodeCopied", string(encodeCopied(&teapot)), line)
		encodeKept(&teapot, func(text []byte) { mustBe(t, "encodeKept", string(text), line) })
		encodeKeptV2(&teapot, func(text []byte) { mustBe(t, "encodeKeptV2", string(text), line) })
	}
}

func TestPayloadIsReadIntoAPooledObject(t *testing.T) {
	line := golden(t, "payload.json")
	for _, into := range []func([]byte, *payload) error{byV1, byV2} {
		for range 3 {
			p := payloads.Get().(*payload)
			if p.ID != 0 || p.Name != "" || len(p.Tags) != 0 || len(p.Meta) != 0 {
				t.Errorf("not blank: %+v", p)
			}
			if err := into([]byte(line), p); err != nil {
				t.Fatal(err)
			}
			mustBe(t, "what was read", string(encodeCopied(p)), line)
			p.reset()
			payloads.Put(p)
		}
	}
}
