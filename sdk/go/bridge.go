package junctor

// #cgo CFLAGS: -I${SRCDIR}/../include -I${SRCDIR}/../../../../include
// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/cgo"
	"unicode/utf8"
	"unsafe"
)

var registered struct {
	id, version string
	factory     Factory
}

// Register makes the connector of this library known. Call it once, in init(); manifest is the
// manifest.json of the note, embedded.
func Register(manifest []byte, factory Factory) {
	var named struct{ ID, Version string }
	if json.Unmarshal(manifest, &named) != nil || named.ID == "" || named.Version == "" {
		return // junctor_plugin_v1 then refuses every host
	}
	registered.id, registered.version = named.ID, named.Version
	registered.factory = factory
}

// Call is one call of the host. Use it only in the goroutine that was called, and only before
// returning.
type Call struct{ raw *C.jn_call }

// Tenant is the owner of the integration.
func (c *Call) Tenant() string { return text(c.raw.tenant) }

// Integration is the id of the integration.
func (c *Call) Integration() string { return text(c.raw.connection_id) }

// Cancelled says that the host has given up on the call.
func (c *Call) Cancelled() bool { return C.jngo_cancelled(c.raw) != 0 }

// NowMS is the host's wall clock, Unix milliseconds. Connectors read no other clock.
func (c *Call) NowMS() int64 { return int64(C.jngo_unix_ms(c.raw)) }

// Time reads RFC 3339 text as Unix milliseconds; 0 if it is no time.
func (c *Call) Time(text string) int64 {
	ptr, length := view(text)
	var out C.int64_t
	if C.jngo_parse_time(c.raw, ptr, length, &out) == 0 {
		return 0
	}
	return int64(out)
}

// Log writes one line at level 0 (debug) to 3 (error).
func (c *Call) Log(level uint32, message string) {
	ptr, length := view(message)
	C.jngo_log(c.raw, C.uint32_t(level), ptr, length)
}

//export jngoIdentity
func jngoIdentity(id, version *C.jn_str) C.int {
	if registered.factory == nil {
		return 0
	}
	*id, *version = kept(registered.id), kept(registered.version)
	return 1
}

//export jngoCreate
func jngoCreate(raw *C.jn_call, config *C.jn_str, out *C.uintptr_t) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		settings := bytes(*config)
		if !utf8.Valid(settings) || !json.Valid(settings) {
			return Invalid("settings: not valid JSON")
		}
		connector, err := registered.factory(call, settings)
		if err == nil {
			*out = C.uintptr_t(cgo.NewHandle(connector))
		}
		return err
	})
}

//export jngoDestroy
func jngoDestroy(instance C.uintptr_t) { cgo.Handle(instance).Delete() }

//export jngoHandle
func jngoHandle(raw *C.jn_call, instance C.uintptr_t, in *C.jn_http_in,
	sink *C.jn_webhook_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector := cgo.Handle(instance).Value().(Connector)
		events, err := connector.Handle(call, requestOf(in))
		if err != nil {
			return err
		}
		for i := range events {
			if status := call.emit(sink, &events[i]); status != statusOK {
				return hostSaid(status)
			}
		}
		return nil
	})
}

// A status of the host, which knows why.
type hostSaid C.jn_status

func (s hostSaid) Error() string { return "the host refused an event" }

// Nothing that panics in body gets past it.
func barrier(call *Call, body func() error) (status C.jn_status) {
	defer func() {
		if panicked := recover(); panicked != nil {
			status = call.fail(&Failure{StatusInternal, fmt.Sprintf("panic: %v", panicked), 0})
		}
	}()
	err := body()
	var said hostSaid
	var failure *Failure
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &said):
		return C.jn_status(said)
	case errors.As(err, &failure):
		return call.fail(failure)
	}
	return call.fail(&Failure{StatusInternal, err.Error(), 0})
}

func (c *Call) fail(f *Failure) C.jn_status {
	ptr, length := view(f.Message)
	return C.jngo_fail(c.raw, C.jn_status(f.Status), C.uint64_t(f.RetryAfterMS), ptr, length)
}

// The event lies in the arena of the call: C may not see Go memory that holds Go pointers.
func (c *Call) emit(sink *C.jn_webhook_sink, event *Event) C.jn_status {
	parts := []string{event.Type, event.ID, event.ResourceType, event.ResourceID,
		string(event.Actor), string(event.Data), string(event.Payload), string(event.Metadata)}
	size := unsafe.Sizeof(C.jn_event{})
	total := size
	for _, part := range parts {
		total += uintptr(len(part))
	}
	memory := C.jngo_alloc(c.raw, C.size_t(total))
	if memory == nil {
		return statusTooLarge
	}
	out := (*C.jn_event)(memory)
	*out = C.jn_event{struct_size: C.uint32_t(size), occurred_ms: C.int64_t(event.OccurredMS)}
	if event.Sequence != nil {
		out.flags |= C.JN_EVENT_HAS_SEQUENCE
		out.sequence = C.int64_t(*event.Sequence)
	}
	at := unsafe.Add(memory, size)
	for i, to := range []*C.jn_str{&out._type, &out.id, &out.resource_type, &out.resource_id,
		&out.actor_json, &out.data_json, &out.payload_json, &out.metadata_json} {
		to.ptr, to.len = (*C.char)(at), C.size_t(len(parts[i]))
		at = unsafe.Add(at, copy(unsafe.Slice((*byte)(at), len(parts[i])), parts[i]))
	}
	return C.jngo_emit(sink, out)
}

func requestOf(in *C.jn_http_in) *Request {
	request := &Request{
		Method: text(in.method), URL: text(in.url), Query: text(in.query),
		RemoteIP: text(in.remote_ip), Body: bytes(in.body), ReceivedMS: int64(in.received_ms),
	}
	for _, header := range unsafe.Slice(in.headers.items, int(in.headers.len)) {
		request.Headers = append(request.Headers, Header{text(header.key), text(header.val)})
	}
	return request
}

func bytes(view C.jn_str) []byte {
	if view.ptr == nil || view.len == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(view.ptr)), int(view.len))...)
}

func text(view C.jn_str) string { return string(bytes(view)) }

// A view of a Go string for the length of one C call.
func view(text string) (*C.char, C.size_t) {
	if text == "" {
		return nil, 0
	}
	raw := []byte(text)
	return (*C.char)(unsafe.Pointer(&raw[0])), C.size_t(len(raw))
}

// A copy for the life of the library.
func kept(text string) C.jn_str { return C.jn_str{ptr: C.CString(text), len: C.size_t(len(text))} }
