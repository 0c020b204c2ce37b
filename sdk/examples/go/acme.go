// A whole connector. Acme sends one JSON object per webhook:
//
//	{"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//	 "by": {"id": 1, "name": "Ada"}}
//
// Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
// one request into events, and one action into a request; it never sees a secret, reads no clock
// and keeps no state.
package main

import (
	"encoding/json"

	junctor "junctor.dev/sdk"
)

type connector struct {
	testMode bool
}

var (
	_ junctor.Webhooks = (*connector)(nil)
	_ junctor.Actions  = (*connector)(nil)
)

const notes = "https://api.example.com/v1/notes"

// What a webhook carries. Text takes strings and numbers alike.
type body struct {
	ID    junctor.Text
	Kind  junctor.Text
	At    junctor.Text
	Order struct{ No junctor.Text }
	By    struct{ ID, Name junctor.Text }
}

// newConnector gets the settings of one integration. An error names the key that is wrong.
func newConnector(_ *junctor.Call, settings []byte) (junctor.Connector, error) {
	var known map[string]json.RawMessage
	if json.Unmarshal(settings, &known) != nil || known == nil {
		return nil, junctor.Invalid("settings: must be an object")
	}
	c := &connector{}
	if test, found := known["test"]; found {
		if string(test) != "true" && string(test) != "false" {
			return nil, junctor.Invalid("settings.test: must be true or false")
		}
		c.testMode = string(test) == "true"
	}
	return c, nil
}

func (c *connector) Handle(call *junctor.Call, request *junctor.Request) ([]junctor.Event, error) {
	var b body
	if err := request.JSON(&b); err != nil {
		return nil, err
	}
	if b.Kind == "" {
		return nil, junctor.Invalid("the body has no kind")
	}
	event := junctor.Event{
		Type:       string(b.Kind),
		ID:         string(b.ID),
		OccurredMS: call.Time(string(b.At)),
		Actor:      junctor.Object("id", string(b.By.ID), "name", string(b.By.Name)),
	}
	if b.Order.No != "" {
		event.ResourceType, event.ResourceID = "order", string(b.Order.No)
	}
	if c.testMode {
		event.Metadata = []byte(`{"test":true}`)
	}
	return []junctor.Event{event}, nil
}

// Execute carries out the actions that manifest.json declares. Sent are the order and the text; the
// host adds the credential "api", and Idempotency-Key.
func (c *connector) Execute(call *junctor.Call, action *junctor.Action) (*junctor.ActionResult, error) {
	if action.Name != "add_note" {
		return nil, junctor.Invalid("there is no such action")
	}
	var params struct{ Order, Text junctor.Text }
	if json.Unmarshal(action.Params, &params) != nil || params.Order == "" || params.Text == "" {
		return nil, junctor.Invalid("order and text are required")
	}
	note := junctor.Object("order", string(params.Order), "text", string(params.Text))
	if call.DryRun() {
		would, err := json.Marshal(map[string]interface{}{
			"method": "POST", "url": notes, "json": json.RawMessage(note)})
		return &junctor.ActionResult{Data: would}, err
	}
	answer, err := call.HTTP(&junctor.HTTPRequest{
		Method: "POST", URL: notes, Body: note, Credential: "api",
		Headers:        []junctor.Header{{Name: "Content-Type", Value: "application/json"}},
		IdempotencyKey: action.IdempotencyKey,
	})
	if err != nil {
		return nil, err
	}
	if err := answer.Check("add_note"); err != nil {
		return nil, err
	}
	var made struct{ ID junctor.Text }
	if err := answer.JSON(&made); err != nil {
		return nil, err
	}
	return &junctor.ActionResult{Data: answer.Body, ExternalID: string(made.ID)}, nil
}

func init() { junctor.Register(manifest, newConnector) }

func main() {}
