// Package junctor is the SDK for Junctor connectors in Go: the standard library and cgo, nothing
// else. A connector is a main package built with -buildmode=c-shared:
//
//	type acme struct{}
//
//	func (a *acme) Handle(call *junctor.Call, request *junctor.Request) ([]junctor.Event, error) {
//		var body struct{ Kind string }
//		if err := request.JSON(&body); err != nil {
//			return nil, err
//		}
//		return []junctor.Event{{Type: body.Kind}}, nil
//	}
//
// and registers itself in init() with [Register]. What you return is copied, and what the host
// gives is a copy: everything may be kept. Every call passes a panic barrier: a panic becomes
// JN_E_INTERNAL with the panic's message. Say "runtime": "go" in the manifest: hosts run Go
// connectors in a process of their own, for the Go runtime shares no process well.
package junctor

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Connector is one configured use of a connector: a value that has the functions of [Webhooks],
// [Actions], [Fields], [Hooks], [Polls]: of those that the manifest names under "interfaces".
// Calls on one value never overlap, but come from any thread.
type Connector interface{}

// Webhooks is junctor.webhook/1.
type Webhooks interface {
	// Handle turns one request into 0..n events. CPU only; the same request gives the same
	// events, and an event type nobody has heard of is an event of that type.
	Handle(call *Call, request *Request) ([]Event, error)
}

// Factory makes a Connector from an integration's settings, one JSON object. An error names the
// key that is wrong.
type Factory func(call *Call, settings []byte) (Connector, error)

// Event is what a connector makes of a request. Type is required; the JSON members hold one JSON
// value each, or nothing.
type Event struct {
	Type         string // dotted: "pull_request.opened"
	ID           string // the provider's id of the event, dedupes redeliveries
	ResourceType string
	ResourceID   string
	Actor        []byte // {"id":…,"name":…}
	Data         []byte // canonical object
	Payload      []byte // nothing = the body itself is the payload
	Metadata     []byte // small facts beside the payload
	OccurredMS   int64  // Unix milliseconds; 0 = unknown
	Sequence     *int64 // order at the source
}

// Header is one header of a request, as sent.
type Header struct{ Name, Value string }

// Request is a webhook as received.
type Request struct {
	Method, URL, Query, RemoteIP string
	Headers                      []Header
	Body                         []byte
	ReceivedMS                   int64
}

// Header gives the first header of that name, in any case.
func (r *Request) Header(name string) string {
	for _, header := range r.Headers {
		if equalFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// JSON decodes the body.
func (r *Request) JSON(into interface{}) error {
	if !utf8.Valid(r.Body) {
		return Invalid("the body is not valid JSON")
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return Invalid("the body is not valid JSON, or not of this shape: %v", err)
	}
	return nil
}

// Failure fails a call with a class and one line for the operator (no secrets). Other errors count
// as JN_E_INTERNAL.
type Failure struct {
	Status       int32 // a JN_E_… code
	Message      string
	HTTPStatus   uint32 // the provider's answer; 0 = there was none
	RetryAfterMS uint64
}

func (f *Failure) Error() string { return f.Message }

// Classes of failures; the C header junctor/types.h says what each means.
const (
	StatusInternal    = -1
	StatusInvalid     = -2
	StatusUnsupported = -3
	StatusSignature   = -4
	StatusAuth        = -5
	StatusForbidden   = -6
	StatusNotFound    = -7
	StatusConflict    = -8
	StatusRateLimited = -9
	StatusUnavailable = -10
	statusOK          = 0
	statusTooLarge    = -13
)

// Invalid says that the input is wrong and stays wrong.
func Invalid(format string, args ...interface{}) error {
	return &Failure{Status: StatusInvalid, Message: fmt.Sprintf(format, args...)}
}

// Text is a JSON value as text: strings as they are, integers in decimal, else "". Use it for ids,
// which some providers send as numbers too large for a float64.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(bytes []byte) error {
	*t = ""
	switch first := bytes[0]; {
	case first == '"':
		var text string
		if err := json.Unmarshal(bytes, &text); err != nil {
			return err
		}
		*t = Text(text)
	case first == '-' || (first >= '0' && first <= '9'):
		for _, c := range bytes {
			if c == '.' || c == 'e' || c == 'E' {
				return nil
			}
		}
		*t = Text(bytes)
	}
	return nil
}

// Object is one flat JSON object of the pairs whose value is not empty, in order; nil if there is
// none: Object("id", id, "name", name).
func Object(pairs ...string) []byte {
	var out []byte
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if out == nil {
			out = append(out, '{')
		} else {
			out = append(out, ',')
		}
		out = append(append(out, quoted(pairs[i])...), ':')
		out = append(out, quoted(pairs[i+1])...)
	}
	if out == nil {
		return nil
	}
	return append(out, '}')
}

// As json.Marshal, but '<', '>' and '&' stay as they are.
func quoted(text string) []byte {
	out := []byte{'"'}
	for _, c := range text { // bytes that are not UTF-8 come as U+FFFD
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c == '\n':
			out = append(out, "\\n"...)
		case c == '\r':
			out = append(out, "\\r"...)
		case c == '\t':
			out = append(out, "\\t"...)
		case c < 0x20:
			out = append(out, fmt.Sprintf("\\u%04x", c)...)
		default:
			out = utf8.AppendRune(out, c)
		}
	}
	return append(out, '"')
}

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range []byte(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 32
	}
	return c
}
