package junctor

// #include "bridge.h"
import "C"

import (
	"encoding/json"
	"fmt"
	"strings"
	"unsafe"
)

// DryRun says that nothing may be sent: say what would be.
func (c *Call) DryRun() bool { return c.raw.flags&C.JN_CALL_DRY_RUN != 0 }

// Test says that a person is trying the connector out.
func (c *Call) Test() bool { return c.raw.flags&C.JN_CALL_TEST != 0 }

// HTTPRequest is one request, which the host sends. It adds the credential, and keeps to the hosts
// that the manifest names, to deadlines and limits.
type HTTPRequest struct {
	Method         string // "" = GET
	URL            string // https, a host that the manifest names
	Headers        []Header
	Body           []byte
	Credential     string // its name in the manifest; "" = none is added
	IdempotencyKey string // hand on the action's
	Idempotent     bool   // may be sent again, whatever became of it
	TimeoutMS      uint64 // 0 = what is left of the call
	AnswerBytesMax uint64 // 0 = 1 MiB
}

// HTTPAnswer is an answer of any status.
type HTTPAnswer struct {
	Status       uint32
	Headers      []Header
	Body         []byte
	RetryAfterMS uint64
}

// HTTP sends one request and waits for the whole answer.
func (c *Call) HTTP(request *HTTPRequest) (*HTTPAnswer, error) {
	method := request.Method
	if method == "" {
		method = "GET"
	}
	in := (*C.jn_http_request)(c.room(unsafe.Sizeof(C.jn_http_request{})))
	*in = C.jn_http_request{
		struct_size: C.uint32_t(unsafe.Sizeof(*in)), method: c.keep(method), url: c.keep(request.URL),
		headers: c.keepPairs(request.Headers), body: c.keep(string(request.Body)),
		credential:       c.keep(request.Credential),
		idempotency_key:  c.keep(request.IdempotencyKey),
		timeout_ms:       C.uint64_t(request.TimeoutMS),
		answer_bytes_max: C.uint64_t(request.AnswerBytesMax),
	}
	if request.Idempotent {
		in.flags = C.JN_HTTP_IDEMPOTENT
	}
	out := (*C.jn_http_response)(c.room(unsafe.Sizeof(C.jn_http_response{})))
	*out = C.jn_http_response{struct_size: C.uint32_t(unsafe.Sizeof(*out))}
	if status := C.jngo_http(c.raw, in, out); status != statusOK {
		return nil, &Failure{Status: int32(status), Message: "the HTTP request failed"}
	}
	return &HTTPAnswer{uint32(out.status), pairs(out.headers), bytes(out.body),
		uint64(out.retry_after_ms)}, nil
}

// Check is nil for a 2xx, else the failure that the status means.
func (a *HTTPAnswer) Check(what string) error {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	return &Failure{Status: ClassOf(a.Status), Message: fmt.Sprintf("%s: HTTP %d", what, a.Status),
		HTTPStatus: a.Status, RetryAfterMS: a.RetryAfterMS}
}

// JSON decodes the body.
func (a *HTTPAnswer) JSON(into interface{}) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return Invalid("the provider's answer is not valid JSON, or not of this shape: %v", err)
	}
	return nil
}

// ClassOf is what an HTTP status that is not 2xx means.
func ClassOf(status uint32) int32 {
	switch status {
	case 401:
		return StatusAuth
	case 403:
		return StatusForbidden
	case 404, 410:
		return StatusNotFound
	case 409, 412:
		return StatusConflict
	case 408, 425:
		return StatusUnavailable
	case 429:
		return StatusRateLimited
	}
	if status >= 500 {
		return StatusUnavailable
	}
	return StatusInvalid
}

// Secret is a secret that the manifest names under "secrets"; "" = the integration has none of that
// name. Never log it.
func (c *Call) Secret(name string) (string, error) {
	views := (*[2]C.jn_str)(c.room(2 * unsafe.Sizeof(C.jn_str{})))
	views[0], views[1] = c.keep(name), C.jn_str{}
	switch status := C.jngo_secret(c.raw, &views[0], &views[1]); status {
	case statusOK:
		return text(views[1]), nil
	case StatusNotFound:
		return "", nil
	default:
		return "", &Failure{Status: int32(status), Message: "the secret cannot be read"}
	}
}

// Algorithms of [Call.MACMatches].
const (
	HMACSHA1   = 1
	HMACSHA256 = 2
	HMACSHA512 = 3
)

// MACMatches says whether tag (raw bytes) is the MAC of the joined parts under any live secret of
// the integration. For [Verifies].
func (c *Call) MACMatches(algorithm uint32, tag []byte, parts ...string) (bool, error) {
	views := (*[2]C.jn_str)(c.room(2 * unsafe.Sizeof(C.jn_str{})))
	views[0], views[1] = c.keep(strings.Join(parts, "")), c.keep(string(tag))
	switch status := C.jngo_verify_mac(c.raw, C.uint32_t(algorithm), &views[0], &views[1]); status {
	case statusOK:
		return true, nil
	case StatusSignature:
		return false, nil
	default:
		return false, &Failure{Status: int32(status), Message: "the signature cannot be checked"}
	}
}
