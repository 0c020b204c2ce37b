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
	offered     C.int
	factory     Factory
}

// Register makes the connector of this library known. Call it once, in init(); manifest is the
// manifest.json of the note, embedded.
func Register(manifest []byte, factory Factory) {
	var named struct {
		ID, Version string
		Interfaces  []string
	}
	if json.Unmarshal(manifest, &named) != nil || named.ID == "" || named.Version == "" {
		return // junctor_plugin_v1 then refuses every host
	}
	registered.id, registered.version = named.ID, named.Version
	for _, id := range named.Interfaces {
		registered.offered |= bits[id]
	}
	registered.factory = factory
}

var bits = map[string]C.int{
	"junctor.webhook/1": C.JNGO_WEBHOOK, "junctor.actions/1": C.JNGO_ACTIONS,
	"junctor.fields/1": C.JNGO_FIELDS, "junctor.hooks/1": C.JNGO_HOOKS,
	"junctor.poll/1": C.JNGO_POLL,
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
func jngoIdentity(id, version *C.jn_str, offered *C.int) C.int {
	if registered.factory == nil {
		return 0
	}
	*id, *version = kept(registered.id), kept(registered.version)
	*offered = registered.offered
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
		connector, ok := cgo.Handle(instance).Value().(Webhooks)
		if !ok {
			return unsupported("Handle")
		}
		events, err := connector.Handle(call, requestOf(in))
		if err != nil {
			return err
		}
		for i := range events {
			if status := C.jngo_emit(sink, call.raws(&events[i])); status != statusOK {
				return hostSaid(status)
			}
		}
		return nil
	})
}

// A status of the host, which knows why.
type hostSaid C.jn_status

func (s hostSaid) Error() string { return "the host refused what it was given" }

// Nothing that panics in body gets past it.
func barrier(call *Call, body func() error) (status C.jn_status) {
	defer func() {
		if panicked := recover(); panicked != nil {
			if said, ok := panicked.(hostSaid); ok {
				status = call.fail(&Failure{Status: int32(said), Message: said.Error()})
				return
			}
			status = call.fail(&Failure{Status: StatusInternal, Message: fmt.Sprintf("panic: %v", panicked)})
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
	return call.fail(&Failure{Status: StatusInternal, Message: err.Error()})
}

func (c *Call) fail(f *Failure) C.jn_status {
	ptr, length := view(f.Message)
	return C.jngo_fail(c.raw, C.jn_status(f.Status), C.uint32_t(f.HTTPStatus), C.uint64_t(f.RetryAfterMS),
		ptr, length)
}

// The event in the arena of the call: C may not see Go memory that holds Go pointers.
func (c *Call) raws(event *Event) *C.jn_event {
	parts := []string{event.Type, event.ID, event.ResourceType, event.ResourceID,
		string(event.Actor), string(event.Data), string(event.Payload), string(event.Metadata)}
	size := unsafe.Sizeof(C.jn_event{})
	total := size
	for _, part := range parts {
		total += uintptr(len(part))
	}
	memory := c.room(total)
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
	return out
}

// Memory of the arena. There is none left: the call fails at the barrier.
func (c *Call) room(size uintptr) unsafe.Pointer {
	memory := C.jngo_alloc(c.raw, C.size_t(size))
	if memory == nil {
		panic(hostSaid(statusTooLarge))
	}
	return memory
}

// A copy of the text in the arena.
func (c *Call) keep(text string) C.jn_str {
	if text == "" {
		return C.jn_str{}
	}
	memory := c.room(uintptr(len(text)))
	copy(unsafe.Slice((*byte)(memory), len(text)), text)
	return C.jn_str{ptr: (*C.char)(memory), len: C.size_t(len(text))}
}

// A copy of the pairs in the arena.
func (c *Call) keepPairs(pairs []Header) C.jn_map {
	if len(pairs) == 0 {
		return C.jn_map{}
	}
	memory := c.room(unsafe.Sizeof(C.jn_kv{}) * uintptr(len(pairs)))
	items := unsafe.Slice((*C.jn_kv)(memory), len(pairs))
	for i, pair := range pairs {
		items[i] = C.jn_kv{key: c.keep(pair.Name), val: c.keep(pair.Value)}
	}
	return C.jn_map{items: (*C.jn_kv)(memory), len: C.size_t(len(pairs))}
}

func requestOf(in *C.jn_http_in) *Request {
	request := &Request{
		Method: text(in.method), URL: text(in.url), Query: text(in.query),
		RemoteIP: text(in.remote_ip), Body: bytes(in.body), ReceivedMS: int64(in.received_ms),
	}
	request.Headers = pairs(in.headers)
	return request
}

func pairs(from C.jn_map) (out []Header) {
	for _, pair := range unsafe.Slice(from.items, int(from.len)) {
		out = append(out, Header{text(pair.key), text(pair.val)})
	}
	return out
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
