//! One call of the host, the request it is about, and the events that come out of it.
use crate::abi;
use crate::host::host;
use crate::http::{self, HttpAnswer, HttpRequest};
use crate::json::Json;
use std::borrow::Cow;
use std::marker::PhantomData;

/// Why a call fails: a status class and one line for the operator (no secrets).
#[derive(Debug, Clone)]
pub struct Failure {
    pub status: i32,
    pub message: String,
    /// The provider's answer; 0 = there was none.
    pub http_status: u32,
    /// When to try again, for `RATE_LIMITED` and `UNAVAILABLE`.
    pub retry_after_ms: u64,
}

pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn new(status: i32, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into(), http_status: 0, retry_after_ms: 0 }
    }
}

/// The input is wrong and stays wrong. A message about settings names the key.
pub fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(abi::E_INVALID, message)
}

/// One call of the host. Everything it gives lives until the call ends.
pub struct Call<'a> {
    raw: *const abi::Call,
    life: PhantomData<&'a abi::Call>,
}

impl<'a> Call<'a> {
    /// # Safety
    /// `raw` is a call in progress on this thread, for `'a`.
    pub(crate) unsafe fn new(raw: *const abi::Call) -> Call<'a> {
        Call { raw, life: PhantomData }
    }

    pub fn tenant(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(unsafe { (*self.raw).tenant.bytes() })
    }
    pub fn integration(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(unsafe { (*self.raw).connection_id.bytes() })
    }
    /// Nothing may be sent: say what would be. [`crate::http`] requests that change something are
    /// refused by the host.
    pub fn is_dry_run(&self) -> bool {
        unsafe { (*self.raw).flags & abi::CALL_DRY_RUN != 0 }
    }
    /// A person is trying the connector out.
    pub fn is_test(&self) -> bool {
        unsafe { (*self.raw).flags & abi::CALL_TEST != 0 }
    }
    /// Should the connector stop?
    pub fn is_cancelled(&self) -> bool {
        unsafe { ((*self.raw).cancelled)(self.raw) != 0 }
    }

    pub fn parse(&self, text: &[u8]) -> Result<Json<'a>> {
        let view = abi::Str { ptr: text.as_ptr() as *const _, len: text.len() };
        let mut node = Json::ABSENT;
        match unsafe { (host().json.parse)(self.raw, &view, &mut node) } {
            abi::OK => Ok(Json::new(node)),
            status => Err(Failure::new(status, "the body is not valid JSON")),
        }
    }

    /// RFC 3339 text as Unix milliseconds.
    pub fn time(&self, text: &str) -> Option<i64> {
        let mut unix_ms = 0;
        let view = abi::Str::of(text);
        (unsafe { (host().clock.parse)(self.raw, &view, &mut unix_ms) } == abi::OK).then(|| unix_ms)
    }
    pub fn now_ms(&self) -> i64 {
        unsafe { (host().clock.unix_ms)(self.raw) }
    }

    /// Sends one request and waits for the whole answer, of any status.
    pub fn http(&self, request: &HttpRequest) -> Result<HttpAnswer<'a>> {
        http::send(self.raw, request)
    }

    /// A secret that the manifest names under "secrets"; `None` = the integration has none of that
    /// name. Never log it.
    pub fn secret(&self, name: &str) -> Result<Option<&'a [u8]>> {
        let secrets = host().secrets.ok_or_else(|| http::not_offered("junctor.secrets/1"))?;
        let (view, mut out) = (abi::Str::of(name), abi::Str::EMPTY);
        match unsafe { (secrets.get)(self.raw, &view, &mut out) } {
            abi::OK => Ok(Some(unsafe { out.bytes() })),
            abi::E_NOT_FOUND => Ok(None),
            status => Err(Failure::new(status, "the secret cannot be read")),
        }
    }

    /// Is `tag` (raw bytes) the MAC of the joined parts under any live secret of the integration?
    /// `algorithm`: `abi::ALG_…`. For [`crate::Connector::verify`].
    pub fn mac_matches(&self, algorithm: u32, parts: &[&[u8]], tag: &[u8]) -> Result<bool> {
        let crypto = host().crypto.ok_or_else(|| http::not_offered("junctor.crypto/1"))?;
        let view = |part: &[u8]| abi::Str { ptr: part.as_ptr() as *const _, len: part.len() };
        let views: Vec<abi::Str> = parts.iter().map(|part| view(part)).collect();
        let (ptr, len) = (views.as_ptr(), views.len());
        match unsafe { (crypto.verify_mac)(self.raw, algorithm, ptr, len, &view(tag)) } {
            abi::OK => Ok(true),
            abi::E_SIGNATURE => Ok(false),
            status => Err(Failure::new(status, "the signature cannot be checked")),
        }
    }

    /// One log line at level 0 (debug) to 3 (error).
    pub fn log(&self, level: u32, message: &str) {
        let view = abi::Str::of(message);
        unsafe { (host().log.write)(self.raw, level, &view, std::ptr::null()) };
    }
}

/// The request as received. Header values and body are bytes.
pub struct Request<'a> {
    raw: &'a abi::HttpIn,
}

impl<'a> Request<'a> {
    pub(crate) fn new(raw: &'a abi::HttpIn) -> Request<'a> {
        Request { raw }
    }

    pub fn method(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(unsafe { self.raw.method.bytes() })
    }
    pub fn url(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(unsafe { self.raw.url.bytes() })
    }
    pub fn query(&self) -> &'a [u8] {
        unsafe { self.raw.query.bytes() }
    }
    pub fn body(&self) -> &'a [u8] {
        unsafe { self.raw.body.bytes() }
    }
    pub fn received_ms(&self) -> i64 {
        self.raw.received_ms
    }
    /// In order, names as sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let items = self.raw.headers.items;
        (0..self.raw.headers.len).map(move |i| unsafe {
            let header = *items.add(i);
            (header.key.bytes(), header.val.bytes())
        })
    }
    /// The first of that name, any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes())).map(|(_, v)| v)
    }
    /// The body, parsed once however often it is asked for.
    pub fn json<'c>(&self, call: &Call<'c>) -> Result<Json<'c>> {
        call.parse(self.body())
    }
}

/// What a connector makes of a request; see `jn_event`. The JSON members are text, or empty.
#[derive(Debug, Default, Clone)]
pub struct Event {
    /// Dotted, required: `pull_request.opened`.
    pub kind: String,
    /// The provider's id of the event, dedupes redeliveries.
    pub id: String,
    pub resource_type: String,
    pub resource_id: String,
    pub actor_json: String,
    pub data_json: String,
    pub payload_json: String,
    pub metadata_json: String,
    /// Unix milliseconds; 0 = unknown.
    pub occurred_ms: i64,
    pub sequence: Option<i64>,
}

impl Event {
    /// The views live as long as `self`.
    pub(crate) fn raw(&self) -> abi::Event {
        abi::Event {
            struct_size: std::mem::size_of::<abi::Event>() as u32,
            flags: if self.sequence.is_some() { abi::EVENT_HAS_SEQUENCE } else { 0 },
            kind: abi::Str::of(&self.kind),
            id: abi::Str::of(&self.id),
            resource_type: abi::Str::of(&self.resource_type),
            resource_id: abi::Str::of(&self.resource_id),
            actor_json: abi::Str::of(&self.actor_json),
            data_json: abi::Str::of(&self.data_json),
            payload_json: abi::Str::of(&self.payload_json),
            metadata_json: abi::Str::of(&self.metadata_json),
            occurred_ms: self.occurred_ms,
            sequence: self.sequence.unwrap_or(0),
        }
    }
}
