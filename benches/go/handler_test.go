package pooled

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	jsonv2 "encoding/json/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// reply is what the handlers answer, around anything at all.
type reply struct {
	Status string `json:"status"`
	Data   any    `json:"data,omitempty"`
	Error  string `json:"error,omitempty"`

	buf *bytes.Buffer
}

func newReply() *reply {
	return &reply{buf: bytes.NewBuffer(make([]byte, 0, 1024))}
}

func (r *reply) fill() {
	r.Status = "success"
	r.Data = map[string]any{"message": "Hello, World!", "count": 42}
}

func (r *reply) reset() {
	r.Status = ""
	r.Data = nil
	r.Error = ""
	r.buf.Reset()
}

func (r *reply) send(w http.ResponseWriter) {
	if err := json.NewEncoder(r.buf).Encode(r); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(r.buf.Bytes())
}

var replies = sync.Pool{New: func() any { return newReply() }}

func handleUnpooled(w http.ResponseWriter, _ *http.Request) {
	r := newReply()
	r.fill()
	r.send(w)
}

func handlePooled(w http.ResponseWriter, _ *http.Request) {
	r := replies.Get().(*reply)
	defer func() {
		r.reset()
		replies.Put(r)
	}()
	r.fill()
	r.send(w)
}

// greeting is the data with its type, in the order in which a map is written.
type greeting struct {
	Count   int    `json:"count"`
	Message string `json:"message"`
}

// typedReply owes nothing to a map, and keeps buffer and encoder.
type typedReply struct {
	Status string   `json:"status"`
	Data   greeting `json:"data"`
	Error  string   `json:"error,omitempty"`

	buf  bytes.Buffer
	json *json.Encoder
	v2   *jsontext.Encoder
}

var typedReplies = sync.Pool{New: func() any {
	r := new(typedReply)
	r.buf.Grow(1024)
	r.json = json.NewEncoder(&r.buf)
	r.json.SetEscapeHTML(false)
	r.v2 = jsontext.NewEncoder(&r.buf)
	return r
}}

func (r *typedReply) fill() {
	r.Status = "success"
	r.Data = greeting{Count: 42, Message: "Hello, World!"}
}

// handleNewTyped makes all of it anew.
func handleNewTyped(w http.ResponseWriter, _ *http.Request) {
	var r typedReply
	r.fill()
	r.buf.Grow(1024)
	if err := json.NewEncoder(&r.buf).Encode(&r); err != nil {
		panic(err)
	}
	w.Header()["Content-Type"] = contentType
	w.Write(r.buf.Bytes())
}

// contentType is shared by all answers: `Set` would allocate a slice for each.
var contentType = []string{"application/json"}

func handleTyped(w http.ResponseWriter, encode func(*typedReply) error) {
	r := typedReplies.Get().(*typedReply)
	r.fill()
	if err := encode(r); err != nil {
		panic(err)
	}
	w.Header()["Content-Type"] = contentType
	w.Write(r.buf.Bytes())
	r.Status = ""
	r.Data = greeting{}
	r.Error = ""
	r.buf.Reset()
	typedReplies.Put(r)
}

func handleTypedV1(w http.ResponseWriter, _ *http.Request) {
	handleTyped(w, func(r *typedReply) error { return r.json.Encode(r) })
}

func handleTypedV2(w http.ResponseWriter, _ *http.Request) {
	handleTyped(w, func(r *typedReply) error { return jsonv2.MarshalEncode(r.v2, r) })
}

// keptWriter is the least of a response that can be looked at, for one request after the other.
type keptWriter struct {
	header http.Header
	status int
	body   []byte
}

func newKeptWriter() *keptWriter {
	return &keptWriter{header: make(http.Header), body: make([]byte, 0, 1024)}
}

func (w *keptWriter) Header() http.Header { return w.header }

func (w *keptWriter) WriteHeader(status int) { w.status = status }

func (w *keptWriter) Write(text []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.body = append(w.body, text...)
	return len(text), nil
}

func (w *keptWriter) reset() {
	clear(w.header)
	w.status = 0
	w.body = w.body[:0]
}

func request() *http.Request { return httptest.NewRequest("GET", "/api/test", nil) }

// asUsual has a new recorder for each request.
func asUsual(handle http.HandlerFunc, r *http.Request) int {
	w := httptest.NewRecorder()
	handle(w, r)
	return look(w.Body.Bytes())
}

// newAnswer has the least of a response for each.
func newAnswer(handle http.HandlerFunc, r *http.Request) int {
	w := newKeptWriter()
	handle(w, r)
	return look(w.body)
}

// keptAnswer has the one that is at hand.
func keptAnswer(handle http.HandlerFunc, w *keptWriter, r *http.Request) int {
	handle(w, r)
	seen := look(w.body)
	w.reset()
	return seen
}

var yieldReply = lookText(golden("reply.json"))

type answer func(http.HandlerFunc, *http.Request) int

func one(b *testing.B, answer answer, handle http.HandlerFunc) {
	b.ReportAllocs()
	r := request()
	b.ResetTimer()
	seen := 0
	for range b.N {
		seen += answer(handle, r)
	}
	check(b, seen, b.N*yieldReply)
}

func oneKept(b *testing.B, handle http.HandlerFunc) {
	b.ReportAllocs()
	w, r := newKeptWriter(), request()
	b.ResetTimer()
	seen := 0
	for range b.N {
		seen += keptAnswer(handle, w, r)
	}
	check(b, seen, b.N*yieldReply)
}

func many(b *testing.B, answer answer, handle http.HandlerFunc) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		r := request()
		seen, operations := 0, 0
		for pb.Next() {
			seen += answer(handle, r)
			operations++
		}
		check(b, seen, operations*yieldReply)
	})
}

func manyKept(b *testing.B, handle http.HandlerFunc) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		w, r := newKeptWriter(), request()
		seen, operations := 0, 0
		for pb.Next() {
			seen += keptAnswer(handle, w, r)
			operations++
		}
		check(b, seen, operations*yieldReply)
	})
}

func BenchmarkHandlerUnpooled(b *testing.B) { one(b, asUsual, handleUnpooled) }

func BenchmarkHandlerUnpooledTyped(b *testing.B) { one(b, newAnswer, handleNewTyped) }

func BenchmarkHandlerPooled(b *testing.B) { one(b, asUsual, handlePooled) }

func BenchmarkHandlerPooledTyped(b *testing.B) { oneKept(b, handleTypedV1) }

func BenchmarkHandlerPooledTypedV2(b *testing.B) { oneKept(b, handleTypedV2) }

func BenchmarkHandlerParallelUnpooled(b *testing.B) { many(b, asUsual, handleUnpooled) }

func BenchmarkHandlerParallelUnpooledTyped(b *testing.B) { many(b, newAnswer, handleNewTyped) }

func BenchmarkHandlerParallelPooled(b *testing.B) { many(b, asUsual, handlePooled) }

func BenchmarkHandlerParallelPooledTyped(b *testing.B) { manyKept(b, handleTypedV1) }

func BenchmarkHandlerParallelPooledTypedV2(b *testing.B) { manyKept(b, handleTypedV2) }

func TestHandlersAnswerAlike(t *testing.T) {
	wanted := golden("reply.json")
	kept := newKeptWriter()
	for range 3 {
		for name, handle := range map[string]http.HandlerFunc{
			"handleUnpooled": handleUnpooled,
			"handlePooled":   handlePooled,
			"handleNewTyped": handleNewTyped,
			"handleTypedV1":  handleTypedV1,
			"handleTypedV2":  handleTypedV2,
		} {
			w := httptest.NewRecorder()
			handle(w, request())
			mustBe(t, name, w.Body.String(), wanted)
			mustBe(t, name, w.Header().Get("Content-Type"), "application/json")
			handle(kept, request())
			mustBe(t, name, string(kept.body), wanted)
			if kept.status != 200 || w.Code != 200 {
				t.Errorf("%s: %d and %d", name, kept.status, w.Code)
			}
			kept.reset()
		}
	}
}
