//! The C ABI, `include/junctor/*.h`, as far as this crate uses it. Tables grow at their end, so
//! what stands here is a prefix of what a newer host has.
#![allow(missing_docs)]
use std::os::raw::{c_char, c_void};

pub const ABI_MAJOR: u32 = 1;

pub const OK: i32 = 0;
pub const E_INTERNAL: i32 = -1;
pub const E_INVALID: i32 = -2;
pub const E_UNSUPPORTED: i32 = -3;
pub const E_SIGNATURE: i32 = -4;
pub const E_AUTH: i32 = -5;
pub const E_FORBIDDEN: i32 = -6;
pub const E_NOT_FOUND: i32 = -7;
pub const E_CONFLICT: i32 = -8;
pub const E_RATE_LIMITED: i32 = -9;
pub const E_UNAVAILABLE: i32 = -10;
pub const E_DEADLINE: i32 = -11;
pub const E_CANCELLED: i32 = -12;
pub const E_TOO_LARGE: i32 = -13;
pub const E_DENIED: i32 = -14;

pub const CALL_DRY_RUN: u32 = 2;
pub const CALL_TEST: u32 = 4;
pub const HTTP_IDEMPOTENT: u32 = 1;
pub const HOOK_DISABLED: u32 = 1;
pub const POLL_MORE: u32 = 1;

pub const ALG_HMAC_SHA1: u32 = 1;
pub const ALG_HMAC_SHA256: u32 = 2;
pub const ALG_HMAC_SHA512: u32 = 3;

pub const EVENT_HAS_SEQUENCE: u32 = 1;

pub const JSON_ABSENT: u32 = 0;
pub const JSON_NULL: u32 = 1;
pub const JSON_STRING: u32 = 6;
pub const JSON_ARRAY: u32 = 7;
pub const JSON_OBJECT: u32 = 8;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const c_char,
    pub len: usize,
}

impl Str {
    pub const EMPTY: Str = Str { ptr: std::ptr::null(), len: 0 };

    pub const fn of(text: &str) -> Str {
        Str { ptr: text.as_ptr() as *const c_char, len: text.len() }
    }

    /// # Safety
    /// The view must be valid for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.ptr as *const u8, self.len)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Kv {
    pub key: Str,
    pub val: Str,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Map {
    pub items: *const Kv,
    pub len: usize,
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub status: i32,
    pub http_status: u32,
    pub flags: u32,
    pub retry_after_ms: u64,
    pub code: Str,
    pub message: Str,
    pub detail_json: Str,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub flags: u32,
    pub ctx: *mut c_void,
    pub deadline_ns: u64,
    pub trace_parent: Str,
    pub tenant: Str,
    pub connection_id: Str,
    pub alloc: unsafe extern "C" fn(*const Call, usize, usize) -> *mut c_void,
    pub cancelled: unsafe extern "C" fn(*const Call) -> i32,
    pub fail: unsafe extern "C" fn(*const Call, *const Error) -> i32,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub flags: u32,
    pub ctx: *mut c_void,
    pub get_interface: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub log: unsafe extern "C" fn(*const Host, u32, *const c_char, usize),
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub flags: u32,
    pub id: Str,
    pub version: Str,
    pub open: unsafe extern "C" fn(*const Plugin, *const Host) -> i32,
    pub close: unsafe extern "C" fn(*const Plugin),
    pub get_interface: unsafe extern "C" fn(*const Plugin, *const c_char) -> *const c_void,
}
// A static table without interior mutability; its pointers lead to static data.
unsafe impl Sync for Plugin {}

/// The connector's own; opaque to the host.
pub enum Instance {}

#[repr(C)]
pub struct Connector {
    pub struct_size: u32,
    pub reserved0: u32,
    pub create: unsafe extern "C" fn(*const Call, *const Str, *mut *mut Instance) -> i32,
    pub destroy: unsafe extern "C" fn(*mut Instance),
    pub test: Option<unsafe extern "C" fn(*const Call, *mut Instance, *const Str) -> i32>,
}

#[repr(C)]
pub struct HttpIn {
    pub struct_size: u32,
    pub flags: u32,
    pub method: Str,
    pub url: Str,
    pub query: Str,
    pub headers: Map,
    pub body: Str,
    pub remote_ip: Str,
    pub received_ms: i64,
}

#[repr(C)]
pub struct Event {
    pub struct_size: u32,
    pub flags: u32,
    pub kind: Str,
    pub id: Str,
    pub resource_type: Str,
    pub resource_id: Str,
    pub actor_json: Str,
    pub data_json: Str,
    pub payload_json: Str,
    pub metadata_json: Str,
    pub occurred_ms: i64,
    pub sequence: i64,
}

#[repr(C)]
pub struct WebhookSink {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub event: unsafe extern "C" fn(*const WebhookSink, *const Event) -> i32,
    pub reply: unsafe extern "C" fn(*const WebhookSink, *const c_void) -> i32,
}

pub type Verify = unsafe extern "C" fn(*const Call, *mut Instance, *const HttpIn) -> i32;

#[repr(C)]
pub struct Webhook {
    pub struct_size: u32,
    pub reserved0: u32,
    pub verify: Option<Verify>,
    pub handle:
        unsafe extern "C" fn(*const Call, *mut Instance, *const HttpIn, *const WebhookSink) -> i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct JsonNode {
    pub host: [u64; 2],
}

#[repr(C)]
pub struct JsonIter {
    pub host: [u64; 8],
}

pub enum JsonWriter {}

type Node = JsonNode;

#[repr(C)]
pub struct Json {
    pub struct_size: u32,
    pub reserved0: u32,
    pub parse: unsafe extern "C" fn(*const Call, *const Str, *mut Node) -> i32,
    pub kind: unsafe extern "C" fn(*const Node) -> u32,
    pub get: unsafe extern "C" fn(*const Node, *const c_char, usize, *mut Node) -> i32,
    pub pointer: unsafe extern "C" fn(*const Node, *const c_char, usize, *mut Node) -> i32,
    pub at: unsafe extern "C" fn(*const Node, usize, *mut Node) -> i32,
    pub size: unsafe extern "C" fn(*const Node) -> usize,
    pub next: unsafe extern "C" fn(*const Node, *mut JsonIter, *mut Str, *mut Node) -> i32,
    pub as_str: unsafe extern "C" fn(*const Node, *mut Str) -> i32,
    pub as_i64: unsafe extern "C" fn(*const Node, *mut i64) -> i32,
    pub as_u64: unsafe extern "C" fn(*const Node, *mut u64) -> i32,
    pub as_f64: unsafe extern "C" fn(*const Node, *mut f64) -> i32,
    pub as_bool: unsafe extern "C" fn(*const Node, *mut i32) -> i32,
    pub dump: unsafe extern "C" fn(*const Call, *const Node, *mut Str) -> i32,
    pub write_begin: unsafe extern "C" fn(*const Call) -> *mut JsonWriter,
    pub write_open: unsafe extern "C" fn(*mut JsonWriter, u32),
    pub write_close: unsafe extern "C" fn(*mut JsonWriter),
    pub write_key: unsafe extern "C" fn(*mut JsonWriter, *const c_char, usize),
    pub write_str: unsafe extern "C" fn(*mut JsonWriter, *const c_char, usize),
    pub write_i64: unsafe extern "C" fn(*mut JsonWriter, i64),
    pub write_u64: unsafe extern "C" fn(*mut JsonWriter, u64),
    pub write_f64: unsafe extern "C" fn(*mut JsonWriter, f64),
    pub write_bool: unsafe extern "C" fn(*mut JsonWriter, i32),
    pub write_null: unsafe extern "C" fn(*mut JsonWriter),
    pub write_node: unsafe extern "C" fn(*mut JsonWriter, *const Node),
    pub write_end: unsafe extern "C" fn(*mut JsonWriter, *mut Str) -> i32,
}

#[repr(C)]
pub struct Clock {
    pub struct_size: u32,
    pub reserved0: u32,
    pub unix_ms: unsafe extern "C" fn(*const Call) -> i64,
    pub mono_ns: unsafe extern "C" fn(*const Call) -> u64,
    pub parse: unsafe extern "C" fn(*const Call, *const Str, *mut i64) -> i32,
}

#[repr(C)]
pub struct Log {
    pub struct_size: u32,
    pub reserved0: u32,
    pub enabled: unsafe extern "C" fn(u32) -> i32,
    pub write: unsafe extern "C" fn(*const Call, u32, *const Str, *const Map),
}

#[repr(C)]
pub struct HttpRequest {
    pub struct_size: u32,
    pub flags: u32,
    pub method: Str,
    pub url: Str,
    pub headers: Map,
    pub body: Str,
    pub credential: Str,
    pub idempotency_key: Str,
    pub timeout_ms: u64,
    pub answer_bytes_max: u64,
}

#[repr(C)]
pub struct HttpResponse {
    pub struct_size: u32,
    pub status: u32,
    pub headers: Map,
    pub body: Str,
    pub retry_after_ms: u64,
}

#[repr(C)]
pub struct Http {
    pub struct_size: u32,
    pub reserved0: u32,
    pub send: unsafe extern "C" fn(*const Call, *const HttpRequest, *mut HttpResponse) -> i32,
}

#[repr(C)]
pub struct Crypto {
    pub struct_size: u32,
    pub reserved0: u32,
    pub verify_mac: unsafe extern "C" fn(*const Call, u32, *const Str, usize, *const Str) -> i32,
}

#[repr(C)]
pub struct Secrets {
    pub struct_size: u32,
    pub reserved0: u32,
    pub get: unsafe extern "C" fn(*const Call, *const Str, *mut Str) -> i32,
}

#[repr(C)]
pub struct Action {
    pub struct_size: u32,
    pub flags: u32,
    pub name: Str,
    pub params_json: Str,
    pub idempotency_key: Str,
}

#[repr(C)]
pub struct ActionResult {
    pub struct_size: u32,
    pub flags: u32,
    pub data_json: Str,
    pub external_id: Str,
    pub url: Str,
}

#[repr(C)]
pub struct ActionSink {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub result: unsafe extern "C" fn(*const ActionSink, *const ActionResult) -> i32,
}

#[repr(C)]
pub struct Actions {
    pub struct_size: u32,
    pub reserved0: u32,
    pub execute:
        unsafe extern "C" fn(*const Call, *mut Instance, *const Action, *const ActionSink) -> i32,
}

#[repr(C)]
pub struct Field {
    pub struct_size: u32,
    pub flags: u32,
    pub kind: u32,
    pub reserved0: u32,
    pub name: Str,
    pub label: Str,
    pub help: Str,
    pub refers_to: Str,
    pub options: Map,
}

#[repr(C)]
pub struct FieldSink {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub field: unsafe extern "C" fn(*const FieldSink, *const Field) -> i32,
}

#[repr(C)]
pub struct Fields {
    pub struct_size: u32,
    pub reserved0: u32,
    pub list: unsafe extern "C" fn(*const Call, *mut Instance, *const Str, *const FieldSink) -> i32,
}

#[repr(C)]
pub struct HookRequest {
    pub struct_size: u32,
    pub flags: u32,
    pub url: Str,
    pub events_json: Str,
    pub signing_secret: Str,
}

#[repr(C)]
pub struct Hook {
    pub struct_size: u32,
    pub flags: u32,
    pub id: Str,
    pub url: Str,
    pub events_json: Str,
    pub signing_secret: Str,
    pub expires_ms: i64,
}

#[repr(C)]
pub struct HookSink {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub hook: unsafe extern "C" fn(*const HookSink, *const Hook) -> i32,
}

#[repr(C)]
pub struct Hooks {
    pub struct_size: u32,
    pub reserved0: u32,
    pub subscribe:
        unsafe extern "C" fn(*const Call, *mut Instance, *const HookRequest, *const HookSink) -> i32,
    pub unsubscribe: unsafe extern "C" fn(*const Call, *mut Instance, *const Str) -> i32,
    pub renew: Option<
        unsafe extern "C" fn(*const Call, *mut Instance, *const Hook, *const HookSink) -> i32,
    >,
    pub list: unsafe extern "C" fn(*const Call, *mut Instance, *const HookSink) -> i32,
}

#[repr(C)]
pub struct PollRequest {
    pub struct_size: u32,
    pub flags: u32,
    pub limit: u32,
    pub reserved0: u32,
    pub stream: Str,
    pub cursor: Str,
    pub since_ms: i64,
}

#[repr(C)]
pub struct PollNext {
    pub struct_size: u32,
    pub flags: u32,
    pub cursor: Str,
    pub wait_ms: u64,
}

#[repr(C)]
pub struct PollSink {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub event: unsafe extern "C" fn(*const PollSink, *const Event) -> i32,
    pub next: unsafe extern "C" fn(*const PollSink, *const PollNext) -> i32,
}

#[repr(C)]
pub struct Poll {
    pub struct_size: u32,
    pub reserved0: u32,
    pub poll:
        unsafe extern "C" fn(*const Call, *mut Instance, *const PollRequest, *const PollSink) -> i32,
}
