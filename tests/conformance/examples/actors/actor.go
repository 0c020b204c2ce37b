// Uses all of the Go SDK: what the template does not show.
package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"

	junctor "junctor.dev/sdk"
)

type actor struct{}

var (
	_ junctor.Webhooks = actor{}
	_ junctor.Verifies = actor{}
	_ junctor.Actions  = actor{}
	_ junctor.Fields   = actor{}
	_ junctor.Hooks    = actor{}
	_ junctor.Polls    = actor{}
	_ junctor.Tests    = actor{}
)

func ask(call *junctor.Call, method, path, body, key string) (*junctor.HTTPAnswer, error) {
	answer, err := call.HTTP(&junctor.HTTPRequest{Method: method,
		URL: "https://api.example.com" + path, Body: []byte(body), Credential: "api",
		IdempotencyKey: key})
	if err != nil {
		return nil, err
	}
	return answer, answer.Check("the provider refused")
}

func create(_ *junctor.Call, settings []byte) (junctor.Connector, error) {
	var known map[string]json.RawMessage
	if json.Unmarshal(settings, &known) != nil || known == nil {
		return nil, junctor.Invalid("settings: must be an object")
	}
	return actor{}, nil
}

func (actor) Verify(call *junctor.Call, request *junctor.Request) error {
	refused := &junctor.Failure{Status: junctor.StatusSignature, Message: "no live secret signed this"}
	tag, err := hex.DecodeString(request.Header("X-Acme-Signature"))
	if err != nil || len(tag) == 0 {
		return refused
	}
	good, err := call.MACMatches(junctor.HMACSHA256, tag, "acme.", string(request.Body))
	if err == nil && !good {
		return refused
	}
	return err
}

func (actor) Handle(_ *junctor.Call, request *junctor.Request) ([]junctor.Event, error) {
	var body struct{ ID, Kind junctor.Text }
	if err := request.JSON(&body); err != nil {
		return nil, err
	}
	if body.Kind == "" {
		return nil, junctor.Invalid("the body has no kind")
	}
	return []junctor.Event{{Type: string(body.Kind), ID: string(body.ID)}}, nil
}

func (actor) Execute(call *junctor.Call, action *junctor.Action) (*junctor.ActionResult, error) {
	if action.Name != "create" {
		return nil, junctor.Invalid("there is no such action")
	}
	var params struct{ Name junctor.Text }
	if json.Unmarshal(action.Params, &params) != nil || params.Name == "" {
		return nil, junctor.Invalid("name: is required")
	}
	if _, err := call.Secret("token"); err != nil { // read, and shown to nobody
		return nil, err
	}
	if call.DryRun() {
		return &junctor.ActionResult{Data: []byte(`{"id":"dry"}`)}, nil
	}
	answer, err := ask(call, "POST", "/things", string(params.Name), action.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	var made struct{ ID junctor.Text }
	err = answer.JSON(&made)
	return &junctor.ActionResult{Data: answer.Body, ExternalID: string(made.ID)}, err
}

func (actor) Fields(call *junctor.Call, _ string) (fields []junctor.Field, err error) {
	for {
		answer, err := ask(call, "GET", "/fields", "", "")
		if err != nil {
			return nil, err
		}
		var page struct {
			Field junctor.Text
			More  bool
		}
		if err := answer.JSON(&page); err != nil {
			return nil, err
		}
		if page.Field != "" {
			fields = append(fields, junctor.Field{Type: junctor.FieldChoice, Name: string(page.Field),
				Label: "A choice", Options: []junctor.Header{{Name: "a", Value: "A"}}, Required: true})
		}
		if !page.More {
			return fields, nil
		}
	}
}

func (actor) Subscribe(call *junctor.Call, wanted *junctor.HookRequest) (*junctor.Hook, error) {
	answer, err := ask(call, "PUT", "/hooks", wanted.URL+" "+string(wanted.Events), "")
	if err != nil {
		return nil, err
	}
	var made struct{ ID junctor.Text }
	err = answer.JSON(&made)
	return &junctor.Hook{ID: string(made.ID)}, err
}

func (actor) Unsubscribe(call *junctor.Call, id string) error {
	_, err := ask(call, "DELETE", "/hooks/"+id, "", "")
	var failure *junctor.Failure
	if errors.As(err, &failure) && failure.Status == junctor.StatusNotFound {
		return nil
	}
	return err
}

func (actor) ListHooks(*junctor.Call) ([]junctor.Hook, error) { return nil, nil }

func (actor) Poll(call *junctor.Call, _ *junctor.PollRequest) (*junctor.Polled, error) {
	answer, err := ask(call, "GET", "/events", "", "")
	if err != nil {
		return nil, err
	}
	var page struct{ Event, Cursor junctor.Text }
	if err := answer.JSON(&page); err != nil {
		return nil, err
	}
	polled := &junctor.Polled{Cursor: string(page.Cursor)}
	if page.Event != "" {
		polled.Events = []junctor.Event{
			{Type: "order.paid", ID: string(page.Event), Payload: answer.Body}}
	}
	return polled, nil
}

func (actor) Test(call *junctor.Call, _ []byte) error {
	_, err := ask(call, "GET", "/me", "", "")
	return err
}

func init() { junctor.Register(manifest, create) }

func main() {}
