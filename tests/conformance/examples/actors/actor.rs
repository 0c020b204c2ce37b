//! Uses all of the Rust SDK: what the template does not show.
use junctor::{
    abi, invalid, Action, ActionResult, Call, Connector, Event, Failure, Field, FieldType, Hook,
    HookRequest, HttpAnswer, HttpRequest, Json, PollRequest, Polled, Request, Result,
};

struct Actor;

fn ask<'a>(call: &Call<'a>, method: &str, path: &str, body: &[u8], key: &str) -> Result<HttpAnswer<'a>> {
    let url = format!("https://api.example.com{}", path);
    let request = HttpRequest {
        method,
        url: &url,
        body,
        credential: "api",
        idempotency_key: key,
        ..HttpRequest::default()
    };
    call.http(&request)?.or_fail("the provider refused")
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    if text.len() % 2 != 0 {
        return None;
    }
    text.chunks(2).map(|pair| Some(digit(pair[0])? * 16 + digit(pair[1])?)).collect()
}

impl Connector for Actor {
    fn create(_: &Call, settings: &Json) -> Result<Actor> {
        if settings.is_object() {
            Ok(Actor)
        } else {
            Err(invalid("settings: must be an object"))
        }
    }

    fn verify(&mut self, call: &Call, request: &Request) -> Result<()> {
        let refused = || Failure::new(abi::E_SIGNATURE, "no live secret signed this");
        let tag = request.header("X-Acme-Signature").and_then(from_hex).ok_or_else(refused)?;
        let parts: [&[u8]; 2] = [b"acme.", request.body()];
        if call.mac_matches(abi::ALG_HMAC_SHA256, &parts, &tag)? {
            Ok(())
        } else {
            Err(refused())
        }
    }

    fn handle(&mut self, call: &Call, request: &Request) -> Result<Vec<Event>> {
        let body = request.json(call)?;
        let kind = body.get("kind").text();
        if kind.is_empty() {
            return Err(invalid("the body has no kind"));
        }
        Ok(vec![Event { kind, id: body.get("id").text(), ..Event::default() }])
    }

    fn execute(&mut self, call: &Call, action: &Action) -> Result<ActionResult> {
        if action.name != "create" {
            return Err(invalid("there is no such action"));
        }
        let name = action.params.get("name").text();
        if name.is_empty() {
            return Err(invalid("name: is required"));
        }
        call.secret("token")?; // read, and shown to nobody
        if call.is_dry_run() {
            let data_json = r#"{"id":"dry"}"#.to_owned();
            return Ok(ActionResult { data_json, ..ActionResult::default() });
        }
        let answer = ask(call, "POST", "/things", name.as_bytes(), action.idempotency_key)?;
        let external_id = answer.json(call)?.get("id").text();
        Ok(ActionResult { data_json: answer.text().into_owned(), external_id, url: String::new() })
    }

    fn fields(&mut self, call: &Call, _object: &str) -> Result<Vec<Field>> {
        let mut out = Vec::new();
        loop {
            let page = ask(call, "GET", "/fields", b"", "")?.json(call)?;
            let name = page.get("field").text();
            if !name.is_empty() {
                out.push(Field {
                    kind: FieldType::Choice,
                    label: "A choice".to_owned(),
                    options: vec![("a".to_owned(), "A".to_owned())],
                    required: true,
                    ..Field::new(name)
                });
            }
            if !page.get("more").as_bool().unwrap_or(false) {
                return Ok(out);
            }
        }
    }

    fn subscribe(&mut self, call: &Call, wanted: &HookRequest) -> Result<Hook> {
        let body = format!("{} {}", wanted.url, wanted.events.at(0).text());
        let answer = ask(call, "PUT", "/hooks", body.as_bytes(), "")?.json(call)?;
        Ok(Hook { id: answer.get("id").text(), ..Hook::default() })
    }

    fn unsubscribe(&mut self, call: &Call, hook_id: &str) -> Result<()> {
        match ask(call, "DELETE", &format!("/hooks/{}", hook_id), b"", "") {
            Err(failure) if failure.status != abi::E_NOT_FOUND => Err(failure),
            _ => Ok(()),
        }
    }

    fn hooks(&mut self, _: &Call) -> Result<Vec<Hook>> {
        Ok(Vec::new())
    }

    fn poll(&mut self, call: &Call, _: &PollRequest) -> Result<Polled> {
        let answer = ask(call, "GET", "/events", b"", "")?;
        let page = answer.json(call)?;
        let id = page.get("event").text();
        let mut polled = Polled { cursor: page.get("cursor").text(), ..Polled::default() };
        if !id.is_empty() {
            let payload_json = answer.text().into_owned();
            let kind = "order.paid".to_owned();
            polled.events.push(Event { kind, id, payload_json, ..Event::default() });
        }
        Ok(polled)
    }

    fn test(&mut self, call: &Call, _: &Json) -> Result<()> {
        ask(call, "GET", "/me", b"", "").map(|_| ())
    }
}

junctor::connector!(Actor, include_bytes!("../manifest.json"));
