//! `junctor.http/1`: requests that the host sends. It adds the credential, and keeps to the hosts
//! that the manifest names, to deadlines and limits.
use crate::abi;
use crate::call::{Call, Failure, Result};
use crate::host::host;
use crate::json::Json;
use std::borrow::Cow;

/// One request; see `jn_http_request`.
#[derive(Debug, Clone)]
pub struct HttpRequest<'a> {
    pub method: &'a str,
    /// https, a host that the manifest names.
    pub url: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    /// Name of a credential in the manifest; "" = none is added.
    pub credential: &'a str,
    /// Hand on the action's.
    pub idempotency_key: &'a str,
    /// May be sent again, whatever became of it.
    pub idempotent: bool,
    /// 0 = what is left of the call.
    pub timeout_ms: u64,
    /// 0 = 1 MiB.
    pub answer_bytes_max: u64,
}

impl Default for HttpRequest<'_> {
    fn default() -> Self {
        HttpRequest {
            method: "GET",
            url: "",
            headers: &[],
            body: &[],
            credential: "",
            idempotency_key: "",
            idempotent: false,
            timeout_ms: 0,
            answer_bytes_max: 0,
        }
    }
}

/// The answer; its views live until the call ends.
pub struct HttpAnswer<'a> {
    raw: abi::HttpResponse,
    life: std::marker::PhantomData<&'a ()>,
}

impl<'a> HttpAnswer<'a> {
    pub fn status(&self) -> u32 {
        self.raw.status
    }
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.raw.status)
    }
    pub fn body(&self) -> &'a [u8] {
        unsafe { self.raw.body.bytes() }
    }
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body())
    }
    pub fn json(&self, call: &Call<'a>) -> Result<Json<'a>> {
        call.parse(self.body()).map_err(|e| Failure {
            message: "the provider's answer is not valid JSON".to_owned(),
            ..e
        })
    }
    /// The first of that name, any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        (0..self.raw.headers.len)
            .map(|i| unsafe { *self.raw.headers.items.add(i) })
            .find(|item| unsafe { item.key.bytes() }.eq_ignore_ascii_case(name.as_bytes()))
            .map(|item| unsafe { item.val.bytes() })
    }
    pub fn retry_after_ms(&self) -> u64 {
        self.raw.retry_after_ms
    }
    /// This answer if it is 2xx, else a failure of its class.
    pub fn or_fail(self, what: &str) -> Result<HttpAnswer<'a>> {
        if self.is_ok() {
            return Ok(self);
        }
        Err(Failure {
            status: class_of(self.raw.status),
            message: format!("{}: HTTP {}", what, self.raw.status),
            http_status: self.raw.status,
            retry_after_ms: self.raw.retry_after_ms,
        })
    }
}

/// What an HTTP status that is not 2xx means.
pub fn class_of(status: u32) -> i32 {
    match status {
        401 => abi::E_AUTH,
        403 => abi::E_FORBIDDEN,
        404 | 410 => abi::E_NOT_FOUND,
        409 | 412 => abi::E_CONFLICT,
        408 | 425 => abi::E_UNAVAILABLE,
        429 => abi::E_RATE_LIMITED,
        _ if status >= 500 => abi::E_UNAVAILABLE,
        _ => abi::E_INVALID,
    }
}

pub(crate) fn send<'a>(call: *const abi::Call, request: &HttpRequest) -> Result<HttpAnswer<'a>> {
    let http = host().http.ok_or_else(|| not_offered("junctor.http/1"))?;
    let headers: Vec<abi::Kv> = request
        .headers
        .iter()
        .map(|(key, val)| abi::Kv { key: abi::Str::of(key), val: abi::Str::of(val) })
        .collect();
    let asked = abi::HttpRequest {
        struct_size: std::mem::size_of::<abi::HttpRequest>() as u32,
        flags: if request.idempotent { abi::HTTP_IDEMPOTENT } else { 0 },
        method: abi::Str::of(request.method),
        url: abi::Str::of(request.url),
        headers: abi::Map { items: headers.as_ptr(), len: headers.len() },
        body: abi::Str { ptr: request.body.as_ptr() as *const _, len: request.body.len() },
        credential: abi::Str::of(request.credential),
        idempotency_key: abi::Str::of(request.idempotency_key),
        timeout_ms: request.timeout_ms,
        answer_bytes_max: request.answer_bytes_max,
    };
    let mut raw = abi::HttpResponse {
        struct_size: std::mem::size_of::<abi::HttpResponse>() as u32,
        status: 0,
        headers: abi::Map { items: std::ptr::null(), len: 0 },
        body: abi::Str::EMPTY,
        retry_after_ms: 0,
    };
    match unsafe { (http.send)(call, &asked, &mut raw) } {
        abi::OK => Ok(HttpAnswer { raw, life: std::marker::PhantomData }),
        status => Err(Failure::new(status, "the HTTP request failed")),
    }
}

pub(crate) fn not_offered(id: &str) -> Failure {
    Failure::new(abi::E_UNSUPPORTED, format!("the host does not offer {}", id))
}
