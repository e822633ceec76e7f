package pooled

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"strconv"
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
	must(json.NewEncoder(buf).Encode(value))
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
	must(e.json.Encode(value))
	use(e.buf.Bytes())
	e.buf.Reset()
	encoders.Put(e)
}

// encoderV2 is the same of the newer package, which sorts a map if it is told to.
type encoderV2 struct {
	buf  bytes.Buffer
	json *jsontext.Encoder
}

func poolOfEncoders(options ...jsontext.Options) *sync.Pool {
	return &sync.Pool{New: func() any {
		e := new(encoderV2)
		e.buf.Grow(512)
		e.json = jsontext.NewEncoder(&e.buf, options...)
		return e
	}}
}

var (
	encodersV2       = poolOfEncoders(jsonv2.Deterministic(true))
	encodersAnyOrder = poolOfEncoders()
)

func encodeKeptV2(pool *sync.Pool, value any, use func(text []byte)) {
	e := pool.Get().(*encoderV2)
	must(jsonv2.MarshalEncode(e.json, value))
	use(e.buf.Bytes())
	e.buf.Reset()
	pool.Put(e)
}

// pair and pairs are a map that was sorted beforehand.
type pair struct{ key, value string }

type pairs []pair

func (p pairs) MarshalJSONTo(to *jsontext.Encoder) error {
	must(to.WriteToken(jsontext.BeginObject))
	for i := range p {
		must(to.WriteToken(jsontext.String(p[i].key)))
		must(to.WriteToken(jsontext.String(p[i].value)))
	}
	return to.WriteToken(jsontext.EndObject)
}

type sortedPayload struct {
	ID   int64    `json:"id"`
	Name string   `json:"name"`
	Tags []string `json:"tags"`
	Meta pairs    `json:"meta"`
}

var sortedTeapot = sortedPayload{
	ID:   teapot.ID,
	Name: teapot.Name,
	Tags: teapot.Tags,
	Meta: pairs{{"firm", "potter"}, {"made", "Jaipur"}},
}

// writeTokens is what a generator of code might write for the type.
func (p *sortedPayload) writeTokens(to *jsontext.Encoder) {
	must(to.WriteToken(jsontext.BeginObject))
	must(to.WriteToken(jsontext.String("id")))
	must(to.WriteToken(jsontext.Int(p.ID)))
	must(to.WriteToken(jsontext.String("name")))
	must(to.WriteToken(jsontext.String(p.Name)))
	must(to.WriteToken(jsontext.String("tags")))
	must(to.WriteToken(jsontext.BeginArray))
	for _, tag := range p.Tags {
		must(to.WriteToken(jsontext.String(tag)))
	}
	must(to.WriteToken(jsontext.EndArray))
	must(to.WriteToken(jsontext.String("meta")))
	must(p.Meta.MarshalJSONTo(to))
	must(to.WriteToken(jsontext.EndObject))
}

func encodeTokens(p *sortedPayload, use func(text []byte)) {
	e := encodersV2.Get().(*encoderV2)
	p.writeTokens(e.json)
	use(e.buf.Bytes())
	e.buf.Reset()
	encodersV2.Put(e)
}

// appendTo is what another generator might: no encoder looks at the order of the tokens.
func (p *sortedPayload) appendTo(text []byte) []byte {
	text = strconv.AppendInt(append(text, `{"id":`...), p.ID, 10)
	text = appendQuoted(append(text, `,"name":`...), p.Name)
	text = append(text, `,"tags":[`...)
	for i, tag := range p.Tags {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendQuoted(text, tag)
	}
	text = append(text, `],"meta":{`...)
	for i := range p.Meta {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(appendQuoted(text, p.Meta[i].key), ':')
		text = appendQuoted(text, p.Meta[i].value)
	}
	return append(text, "}}\n"...)
}

func appendQuoted(text []byte, s string) []byte {
	text, err := jsontext.AppendQuote(text, s)
	must(err)
	return text
}

func encodeAppended(p *sortedPayload, use func(text []byte)) {
	buf := blocks1024.Get().(*block)
	buf.bytes = p.appendTo(buf.bytes)
	use(buf.bytes)
	buf.bytes = buf.bytes[:0]
	blocks1024.Put(buf)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

var yieldLine = lookText(golden("payload.json"))

func BenchmarkEncodeUnpooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		text, err := json.Marshal(&teapot)
		if err != nil {
			panic(err)
		}
		seen += look(text)
	}
	// Without the end of the line.
	check(b, seen, b.N*lookText(goldenText("payload.json")))
}

func BenchmarkEncodePooled(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		seen += look(encodeCopied(&teapot))
	}
	check(b, seen, b.N*yieldLine)
}

func BenchmarkEncodePooledInPlace(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeKept(&teapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N*yieldLine)
}

func BenchmarkEncodePooledInPlaceV2(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeKeptV2(encodersV2, &teapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N*yieldLine)
}

// In whichever order the map gives its keys: as many bytes, and the same ones.
func BenchmarkEncodePooledInPlaceV2AnyOrder(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeKeptV2(encodersAnyOrder, &teapot, func(text []byte) { seen += lookUnordered(text) })
	}
	check(b, seen, b.N*lookUnordered([]byte(golden("payload.json"))))
}

func BenchmarkEncodePooledInPlaceV2Sorted(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeKeptV2(encodersV2, &sortedTeapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N*yieldLine)
}

func BenchmarkEncodePooledTokens(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeTokens(&sortedTeapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N*yieldLine)
}

func BenchmarkEncodePooledAppended(b *testing.B) {
	b.ReportAllocs()
	seen := 0
	for range b.N {
		encodeAppended(&sortedTeapot, func(text []byte) { seen += look(text) })
	}
	check(b, seen, b.N*yieldLine)
}

var payloads = sync.Pool{New: func() any {
	return &payload{Meta: make(map[string]string)}
}}

// seen tells the number, and how many there are of the rest.
func (p *payload) seen() int { return int(p.ID) + len(p.Tags) + len(p.Meta) }

// decode reads into a pooled object; into is Unmarshal of either package.
func decode(text []byte, into func(text []byte, p *payload) error) int {
	p := payloads.Get().(*payload)
	must(into(text, p))
	seen := p.seen()
	p.reset()
	payloads.Put(p)
	return seen
}

// decodeNew reads into a new one.
func decodeNew(text []byte, into func(text []byte, p *payload) error) int {
	var p payload
	must(into(text, &p))
	return p.seen()
}

func byV1(text []byte, p *payload) error { return json.Unmarshal(text, p) }

func byV2(text []byte, p *payload) error { return jsonv2.Unmarshal(text, p) }

// decoding reads the golden text, whose figures it finds without the type.
func decoding(b *testing.B, once func(text []byte) int) {
	b.ReportAllocs()
	text := []byte(golden("payload.json"))
	var all map[string]any
	must(json.Unmarshal(text, &all))
	yield := int(all["id"].(float64)) + len(all["tags"].([]any)) + len(all["meta"].(map[string]any))
	b.ResetTimer()
	seen := 0
	for range b.N {
		seen += once(text)
	}
	check(b, seen, b.N*yield)
}

func BenchmarkDecodeUnpooled(b *testing.B) {
	decoding(b, func(text []byte) int { return decodeNew(text, byV1) })
}

func BenchmarkDecodePooled(b *testing.B) {
	decoding(b, func(text []byte) int { return decode(text, byV1) })
}

func BenchmarkDecodePooledV2(b *testing.B) {
	decoding(b, func(text []byte) int { return decode(text, byV2) })
}

func TestPayloadIsWrittenAlikeByAllForms(t *testing.T) {
	line := golden("payload.json")
	text, err := json.Marshal(&teapot)
	if err != nil {
		t.Fatal(err)
	}
	mustBe(t, "json.Marshal", string(text), strings.TrimSuffix(line, "\n"))
	for range 3 {
		mustBe(t, "encodeCopied", string(encodeCopied(&teapot)), line)
		encodeKept(&teapot, func(text []byte) { mustBe(t, "encodeKept", string(text), line) })
		encodeKeptV2(encodersV2, &teapot, func(text []byte) { mustBe(t, "encodeKeptV2", string(text), line) })
		encodeKeptV2(encodersV2, &sortedTeapot, func(text []byte) { mustBe(t, "sorted", string(text), line) })
		encodeTokens(&sortedTeapot, func(text []byte) { mustBe(t, "encodeTokens", string(text), line) })
		encodeAppended(&sortedTeapot, func(text []byte) {
			mustBe(t, "encodeAppended", string(text), line)
		})
	}
}

func TestPayloadIsReadIntoAPooledObject(t *testing.T) {
	line := golden("payload.json")
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
