package junctor

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"unsafe"
)

// Verifies is for a signature that the manifest cannot describe (its algorithm is "custom").
type Verifies interface {
	// Verify refuses a request by an error; say StatusSignature.
	Verify(call *Call, request *Request) error
}

// Tests tries the connection with the provider.
type Tests interface {
	Test(call *Call, params []byte) error
}

// Actions is junctor.actions/1.
type Actions interface {
	// Execute carries out one act at the provider. Unknown names and wrong parameters are
	// [Invalid]. In a dry run ([Call.DryRun]) nothing is sent: say what would be.
	Execute(call *Call, action *Action) (*ActionResult, error)
}

// Action is one action to run.
type Action struct {
	Name           string // as in the manifest
	Params         []byte // one JSON object
	IdempotencyKey string // the same for every attempt of one act; hand it on to the provider
}

// ActionResult is what came of an action.
type ActionResult struct {
	Data       []byte // one JSON value; nothing = null
	ExternalID string // the provider's id of what was made or changed
	URL        string // where a person can look at it
}

// Fields is junctor.fields/1.
type Fields interface {
	// Fields lists the fields of an object of the provider, all pages of them.
	Fields(call *Call, object string) ([]Field, error)
}

// Types of a [Field].
const (
	FieldText = iota + 1
	FieldInteger
	FieldNumber
	FieldBoolean
	FieldDate // "2026-11-21"
	FieldTime // RFC 3339
	FieldChoice
	FieldReference
	FieldJSON
)

// Field is one field of a provider's object.
type Field struct {
	Type                                 uint32 // 0 = FieldText
	Name                                 string // as in the provider's API, required
	Label, Help                          string
	RefersTo                             string   // object that a reference points at
	Options                              []Header // of a choice: value, label
	Required, ReadOnly, Custom, Multiple bool
}

// Hooks is junctor.hooks/1.
type Hooks interface {
	// Subscribe makes a subscription, or finds the one that posts to this URL already.
	Subscribe(call *Call, request *HookRequest) (*Hook, error)
	// Unsubscribe ends one. One that is gone already is no error.
	Unsubscribe(call *Call, hookID string) error
	// ListHooks gives all that the provider has for this credential.
	ListHooks(call *Call) ([]Hook, error)
}

// Renews is for hooks that expire.
type Renews interface {
	// Renew prolongs one; StatusNotFound: it is gone.
	Renew(call *Call, hook *Hook) (*Hook, error)
}

// HookRequest is a subscription that is wanted.
type HookRequest struct {
	URL           string // where the provider shall post to
	Events        []byte // JSON array of event types of the manifest
	SigningSecret string // tell the provider and nobody else; "" = the provider chooses
}

// Hook is a subscription as the provider has it.
type Hook struct {
	ID            string // the provider's, required
	URL           string
	Events        []byte // JSON array of event types
	SigningSecret string // one that the provider chose
	ExpiresMS     int64  // Unix milliseconds; 0 = never
	Disabled      bool
}

// Polls is junctor.poll/1.
type Polls interface {
	// Poll fetches what happened since the cursor.
	Poll(call *Call, request *PollRequest) (*Polled, error)
}

// PollRequest says what to fetch.
type PollRequest struct {
	Stream  string
	Cursor  string // as last given; "" = the first time: start at SinceMS
	SinceMS int64  // Unix milliseconds; 0 = now
	Limit   int    // events wanted at most
}

// Polled is what was fetched, and where the next poll starts.
type Polled struct {
	Events []Event // each with a Payload, since there is no body
	Cursor string
	More   bool   // poll again at once
	WaitMS uint64 // the provider asks for at least this pause
}

func unsupported(function string) error {
	return &Failure{Status: StatusUnsupported,
		Message: fmt.Sprintf("the connector has no function %s", function)}
}

func said(status C.jn_status) error {
	if status == statusOK {
		return nil
	}
	return hostSaid(status)
}

// One JSON object, else invalid.
func object(view C.jn_str, what string) ([]byte, error) {
	text := bytes(view)
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil, Invalid("%s: must be an object", what)
	}
	return text, nil
}

//export jngoVerify
func jngoVerify(raw *C.jn_call, instance C.uintptr_t, in *C.jn_http_in) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Verifies)
		if !ok {
			return unsupported("Verify")
		}
		return connector.Verify(call, requestOf(in))
	})
}

//export jngoTest
func jngoTest(raw *C.jn_call, instance C.uintptr_t, params *C.jn_str) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Tests)
		if !ok {
			return unsupported("Test")
		}
		text, err := object(*params, "the parameters")
		if err != nil {
			return err
		}
		return connector.Test(call, text)
	})
}

//export jngoExecute
func jngoExecute(raw *C.jn_call, instance C.uintptr_t, in *C.jn_action,
	sink *C.jn_action_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Actions)
		if !ok {
			return unsupported("Execute")
		}
		params, err := object(in.params_json, "the parameters")
		if err != nil {
			return err
		}
		result, err := connector.Execute(call, &Action{text(in.name), params, text(in.idempotency_key)})
		if err != nil || result == nil {
			return err
		}
		out := (*C.jn_action_result)(call.room(unsafe.Sizeof(C.jn_action_result{})))
		*out = C.jn_action_result{
			struct_size: C.uint32_t(unsafe.Sizeof(*out)), data_json: call.keep(string(result.Data)),
			external_id: call.keep(result.ExternalID), url: call.keep(result.URL),
		}
		return said(C.jngo_result(sink, out))
	})
}

//export jngoFields
func jngoFields(raw *C.jn_call, instance C.uintptr_t, name *C.jn_str,
	sink *C.jn_field_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Fields)
		if !ok {
			return unsupported("Fields")
		}
		fields, err := connector.Fields(call, text(*name))
		if err != nil {
			return err
		}
		for i := range fields {
			if err := said(C.jngo_field(sink, call.rawField(&fields[i]))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *Call) rawField(field *Field) *C.jn_field {
	out := (*C.jn_field)(c.room(unsafe.Sizeof(C.jn_field{})))
	*out = C.jn_field{
		struct_size: C.uint32_t(unsafe.Sizeof(*out)), name: c.keep(field.Name),
		label: c.keep(field.Label), help: c.keep(field.Help), refers_to: c.keep(field.RefersTo),
		options: c.keepPairs(field.Options),
	}
	// Not by its name, which is a word of Go.
	kind := C.uint32_t(field.Type)
	if kind == 0 {
		kind = FieldText
	}
	out._type = kind
	for bit, set := range []bool{field.Required, field.ReadOnly, field.Custom, field.Multiple} {
		if set {
			out.flags |= 1 << bit
		}
	}
	return out
}

//export jngoSubscribe
func jngoSubscribe(raw *C.jn_call, instance C.uintptr_t, in *C.jn_hook_request,
	sink *C.jn_hook_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Hooks)
		if !ok {
			return unsupported("Subscribe")
		}
		hook, err := connector.Subscribe(call,
			&HookRequest{text(in.url), bytes(in.events_json), text(in.signing_secret)})
		return call.giveHook(sink, hook, err)
	})
}

//export jngoRenew
func jngoRenew(raw *C.jn_call, instance C.uintptr_t, in *C.jn_hook,
	sink *C.jn_hook_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Renews)
		if !ok {
			return unsupported("Renew")
		}
		hook, err := connector.Renew(call, &Hook{text(in.id), text(in.url), bytes(in.events_json),
			text(in.signing_secret), int64(in.expires_ms), in.flags&C.JN_HOOK_DISABLED != 0})
		return call.giveHook(sink, hook, err)
	})
}

//export jngoUnsubscribe
func jngoUnsubscribe(raw *C.jn_call, instance C.uintptr_t, id *C.jn_str) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Hooks)
		if !ok {
			return unsupported("Unsubscribe")
		}
		return connector.Unsubscribe(call, text(*id))
	})
}

//export jngoHooks
func jngoHooks(raw *C.jn_call, instance C.uintptr_t, sink *C.jn_hook_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Hooks)
		if !ok {
			return unsupported("ListHooks")
		}
		hooks, err := connector.ListHooks(call)
		for i := range hooks {
			if err == nil {
				err = call.giveHook(sink, &hooks[i], nil)
			}
		}
		return err
	})
}

func (c *Call) giveHook(sink *C.jn_hook_sink, hook *Hook, err error) error {
	if err != nil {
		return err
	}
	if hook == nil {
		return &Failure{Status: StatusInternal, Message: "the connector gave no hook"}
	}
	out := (*C.jn_hook)(c.room(unsafe.Sizeof(C.jn_hook{})))
	*out = C.jn_hook{
		struct_size: C.uint32_t(unsafe.Sizeof(*out)), id: c.keep(hook.ID), url: c.keep(hook.URL),
		events_json: c.keep(string(hook.Events)), signing_secret: c.keep(hook.SigningSecret),
		expires_ms: C.int64_t(hook.ExpiresMS),
	}
	if hook.Disabled {
		out.flags = C.JN_HOOK_DISABLED
	}
	return said(C.jngo_hook(sink, out))
}

//export jngoPoll
func jngoPoll(raw *C.jn_call, instance C.uintptr_t, in *C.jn_poll_request,
	sink *C.jn_poll_sink) C.jn_status {
	call := &Call{raw}
	return barrier(call, func() error {
		connector, ok := cgo.Handle(instance).Value().(Polls)
		if !ok {
			return unsupported("Poll")
		}
		polled, err := connector.Poll(call,
			&PollRequest{text(in.stream), text(in.cursor), int64(in.since_ms), int(in.limit)})
		if err != nil {
			return err
		}
		if polled == nil {
			return &Failure{Status: StatusInternal, Message: "the connector does not say where to go on"}
		}
		for i := range polled.Events {
			if err := said(C.jngo_polled(sink, call.raws(&polled.Events[i]))); err != nil {
				return err
			}
		}
		next := (*C.jn_poll_next)(call.room(unsafe.Sizeof(C.jn_poll_next{})))
		*next = C.jn_poll_next{struct_size: C.uint32_t(unsafe.Sizeof(*next)),
			cursor: call.keep(polled.Cursor), wait_ms: C.uint64_t(polled.WaitMS)}
		if polled.More {
			next.flags = C.JN_POLL_MORE
		}
		return said(C.jngo_next(sink, next))
	})
}
