//! What a connector does at the provider: actions, fields, hooks and polls.
use crate::abi;
use crate::call::{Event, Failure, Result};
use crate::json::Json;

fn size_of<T>() -> u32 {
    std::mem::size_of::<T>() as u32
}

/// What the host said to something it was given: it knows why.
pub(crate) fn taken(status: i32) -> std::result::Result<(), i32> {
    if status == abi::OK {
        Ok(())
    } else {
        Err(status)
    }
}

/// UTF-8 text that the host gives for the length of a call.
///
/// # Safety
/// The view must be valid for `'a`.
pub(crate) unsafe fn text<'a>(view: abi::Str) -> Result<&'a str> {
    std::str::from_utf8(view.bytes())
        .map_err(|_| Failure::new(abi::E_INVALID, "a text is not valid UTF-8"))
}

/// One action to run.
pub struct Action<'a> {
    /// As in the manifest.
    pub name: &'a str,
    /// One JSON object.
    pub params: Json<'a>,
    /// The same for every attempt of one act; hand it on to the provider.
    pub idempotency_key: &'a str,
}

/// What came of an action; see `jn_action_result`.
#[derive(Debug, Default, Clone)]
pub struct ActionResult {
    /// One JSON value; "" = null.
    pub data_json: String,
    /// The provider's id of what was made or changed; may be empty.
    pub external_id: String,
    /// Where a person can look at it; may be empty.
    pub url: String,
}

impl ActionResult {
    pub(crate) fn give(&self, sink: *const abi::ActionSink) -> std::result::Result<(), i32> {
        let result = abi::ActionResult {
            struct_size: size_of::<abi::ActionResult>(),
            flags: 0,
            data_json: abi::Str::of(&self.data_json),
            external_id: abi::Str::of(&self.external_id),
            url: abi::Str::of(&self.url),
        };
        taken(unsafe { ((*sink).result)(sink, &result) })
    }
}

/// Types of a [`Field`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum FieldType {
    Text = 1,
    Integer = 2,
    Number = 3,
    Boolean = 4,
    Date = 5,
    Time = 6,
    Choice = 7,
    Reference = 8,
    Json = 9,
}

/// One field of a provider's object; see `jn_field`.
#[derive(Debug, Clone)]
pub struct Field {
    pub kind: FieldType,
    /// As in the provider's API, required.
    pub name: String,
    pub label: String,
    pub help: String,
    /// Object that a reference points at.
    pub refers_to: String,
    /// Of a choice: value, label.
    pub options: Vec<(String, String)>,
    pub required: bool,
    pub read_only: bool,
    pub custom: bool,
    pub multiple: bool,
}

impl Field {
    /// A text field of that name.
    pub fn new(name: impl Into<String>) -> Field {
        Field {
            kind: FieldType::Text,
            name: name.into(),
            label: String::new(),
            help: String::new(),
            refers_to: String::new(),
            options: Vec::new(),
            required: false,
            read_only: false,
            custom: false,
            multiple: false,
        }
    }

    pub(crate) fn give(&self, sink: *const abi::FieldSink) -> std::result::Result<(), i32> {
        let options: Vec<abi::Kv> = self
            .options
            .iter()
            .map(|(value, label)| abi::Kv { key: abi::Str::of(value), val: abi::Str::of(label) })
            .collect();
        let flags = [self.required, self.read_only, self.custom, self.multiple];
        let field = abi::Field {
            struct_size: size_of::<abi::Field>(),
            flags: flags.iter().enumerate().map(|(bit, on)| (*on as u32) << bit).sum(),
            kind: self.kind as u32,
            reserved0: 0,
            name: abi::Str::of(&self.name),
            label: abi::Str::of(&self.label),
            help: abi::Str::of(&self.help),
            refers_to: abi::Str::of(&self.refers_to),
            options: abi::Map { items: options.as_ptr(), len: options.len() },
        };
        taken(unsafe { ((*sink).field)(sink, &field) })
    }
}

/// A subscription that is wanted.
pub struct HookRequest<'a> {
    /// Where the provider shall post to.
    pub url: &'a str,
    /// Array of event types of the manifest.
    pub events: Json<'a>,
    /// Tell the provider and nobody else; "" = the provider chooses.
    pub signing_secret: &'a str,
}

/// A subscription as the provider has it; see `jn_hook`.
#[derive(Debug, Default, Clone)]
pub struct Hook {
    /// The provider's, required.
    pub id: String,
    pub url: String,
    /// JSON array of event types; may be empty.
    pub events_json: String,
    /// One that the provider chose.
    pub signing_secret: String,
    /// Unix milliseconds; 0 = never.
    pub expires_ms: i64,
    pub disabled: bool,
}

impl Hook {
    /// # Safety
    /// `raw` is valid for the call.
    pub(crate) unsafe fn from_raw(raw: &abi::Hook) -> Result<Hook> {
        Ok(Hook {
            id: text(raw.id)?.to_owned(),
            url: text(raw.url)?.to_owned(),
            events_json: text(raw.events_json)?.to_owned(),
            signing_secret: text(raw.signing_secret)?.to_owned(),
            expires_ms: raw.expires_ms,
            disabled: raw.flags & abi::HOOK_DISABLED != 0,
        })
    }

    pub(crate) fn give(&self, sink: *const abi::HookSink) -> std::result::Result<(), i32> {
        let hook = abi::Hook {
            struct_size: size_of::<abi::Hook>(),
            flags: if self.disabled { abi::HOOK_DISABLED } else { 0 },
            id: abi::Str::of(&self.id),
            url: abi::Str::of(&self.url),
            events_json: abi::Str::of(&self.events_json),
            signing_secret: abi::Str::of(&self.signing_secret),
            expires_ms: self.expires_ms,
        };
        taken(unsafe { ((*sink).hook)(sink, &hook) })
    }
}

/// What to fetch.
pub struct PollRequest<'a> {
    pub stream: &'a str,
    /// As last given; "" = the first time: start at `since_ms`.
    pub cursor: &'a str,
    /// Unix milliseconds; 0 = now.
    pub since_ms: i64,
    /// Events wanted at most.
    pub limit: u32,
}

/// What was fetched, and where the next poll starts.
#[derive(Debug, Default, Clone)]
pub struct Polled {
    /// Each with a `payload_json`, since there is no body.
    pub events: Vec<Event>,
    pub cursor: String,
    /// Poll again at once.
    pub more: bool,
    /// The provider asks for at least this pause; 0 = none named.
    pub wait_ms: u64,
}

impl Polled {
    pub(crate) fn give(&self, sink: *const abi::PollSink) -> std::result::Result<(), i32> {
        for event in &self.events {
            taken(unsafe { ((*sink).event)(sink, &event.raw()) })?;
        }
        let next = abi::PollNext {
            struct_size: size_of::<abi::PollNext>(),
            flags: if self.more { abi::POLL_MORE } else { 0 },
            cursor: abi::Str::of(&self.cursor),
            wait_ms: self.wait_ms,
        };
        taken(unsafe { ((*sink).next)(sink, &next) })
    }
}
