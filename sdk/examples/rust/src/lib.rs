//! A whole connector. Acme sends one JSON object per webhook:
//!   {"id": "ev_1", "kind": "order.paid", "at": "2026-03-02T09:15:30Z", "order": {"no": 7, …},
//!    "by": {"id": 1, "name": "Ada"}}
//! Its signature, delivery key, event types and samples are data: see manifest.json. The code turns
//! one request into events, and one action into a request; it never sees a secret, reads no clock
//! and keeps no state.
use junctor::{
    invalid, Action, ActionResult, Call, Connector, Event, HttpRequest, Json, Object, Request,
    Result,
};

const NOTES: &str = "https://api.example.com/v1/notes";

struct AcmeConnector {
    test_mode: bool,
}

impl Connector for AcmeConnector {
    /// `settings` are the integration's. An error names the key that is wrong.
    fn create(_: &Call, settings: &Json) -> Result<AcmeConnector> {
        if !settings.is_object() {
            return Err(invalid("settings: must be an object"));
        }
        let test = settings.get("test");
        match test.as_bool() {
            None if test.is_present() => Err(invalid("settings.test: must be true or false")),
            test_mode => Ok(AcmeConnector { test_mode: test_mode.unwrap_or(false) }),
        }
    }

    fn handle(&mut self, call: &Call, request: &Request) -> Result<Vec<Event>> {
        let body = request.json(call)?;
        let kind = body.get("kind").text();
        if kind.is_empty() {
            return Err(invalid("the body has no kind"));
        }
        let order = body.pointer("/order/no").text();
        let by = body.get("by");
        Ok(vec![Event {
            kind,
            id: body.get("id").text(),
            resource_type: if order.is_empty() { String::new() } else { "order".to_owned() },
            resource_id: order,
            occurred_ms: call.time(&body.get("at").text()).unwrap_or(0),
            actor_json: Object::new()
                .put("id", &by.get("id").text())
                .put("name", &by.get("name").text())
                .end(),
            metadata_json: if self.test_mode { r#"{"test":true}"#.to_owned() } else { String::new() },
            ..Event::default()
        }])
    }

    /// The host asks for the actions that manifest.json declares. Sent are the order and the text;
    /// the host adds the credential "api", and Idempotency-Key.
    fn execute(&mut self, call: &Call, action: &Action) -> Result<ActionResult> {
        if action.name != "add_note" {
            return Err(invalid("there is no such action"));
        }
        let (order, text) = (action.params.get("order").text(), action.params.get("text").text());
        if order.is_empty() || text.is_empty() {
            return Err(invalid("order and text are required"));
        }
        let note = Object::new().put("order", &order).put("text", &text).end();
        if call.is_dry_run() {
            let would = Object::new().put("method", "POST").put("url", NOTES).raw("json", &note);
            return Ok(ActionResult { data_json: would.end(), ..ActionResult::default() });
        }
        let answer = call
            .http(&HttpRequest {
                method: "POST",
                url: NOTES,
                headers: &[("Content-Type", "application/json")],
                body: note.as_bytes(),
                credential: "api",
                idempotency_key: action.idempotency_key,
                ..HttpRequest::default()
            })?
            .or_fail("add_note")?;
        Ok(ActionResult {
            external_id: answer.json(call)?.get("id").text(),
            data_json: answer.text().into_owned(),
            ..ActionResult::default()
        })
    }
}

junctor::connector!(AcmeConnector, include_bytes!("../manifest.json"));
