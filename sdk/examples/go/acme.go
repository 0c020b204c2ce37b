// A whole connector. Acme sends one JSON object per webhook:
//
//	{"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//	 "by": {"id": 1, "name": "Ada"}}
//
// Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
// one request into events; it never sees a secret, reads no clock and keeps no state.
package main

import (
	"encoding/json"

	junctor "junctor.dev/sdk"
)

type connector struct {
	testMode bool
}

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

func init() { junctor.Register(manifest, newConnector) }

func main() {}
