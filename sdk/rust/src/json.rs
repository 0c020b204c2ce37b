//! Reading JSON through the host (`junctor.json/1`). A [`Json`] is a small value, good for the
//! call; an absent one may be asked anything and answers "nothing".
use crate::abi;
use crate::call::Call;
use crate::host::host;
use std::marker::PhantomData;
use std::os::raw::c_char;

/// A value in a parsed document.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    node: abi::JsonNode,
    call: PhantomData<&'a Call<'a>>,
}

impl<'a> Json<'a> {
    pub(crate) const ABSENT: abi::JsonNode = abi::JsonNode { host: [0; 2] };

    pub(crate) fn new(node: abi::JsonNode) -> Json<'a> {
        Json { node, call: PhantomData }
    }

    fn kind(&self) -> u32 {
        unsafe { (host().json.kind)(&self.node) }
    }

    /// Is there a value at all, `null` included?
    pub fn is_present(&self) -> bool {
        self.kind() != abi::JSON_ABSENT
    }
    pub fn is_null(&self) -> bool {
        self.kind() == abi::JSON_NULL
    }
    pub fn is_string(&self) -> bool {
        self.kind() == abi::JSON_STRING
    }
    pub fn is_array(&self) -> bool {
        self.kind() == abi::JSON_ARRAY
    }
    pub fn is_object(&self) -> bool {
        self.kind() == abi::JSON_OBJECT
    }

    /// Member of an object.
    pub fn get(&self, key: &str) -> Json<'a> {
        let mut found = Self::ABSENT;
        let (text, len) = (key.as_ptr() as *const c_char, key.len());
        unsafe { (host().json.get)(&self.node, text, len, &mut found) };
        Json::new(found)
    }

    /// Value at an RFC 6901 pointer: `/order/no`.
    pub fn pointer(&self, pointer: &str) -> Json<'a> {
        let mut found = Self::ABSENT;
        let (text, len) = (pointer.as_ptr() as *const c_char, pointer.len());
        unsafe { (host().json.pointer)(&self.node, text, len, &mut found) };
        Json::new(found)
    }

    /// Element of an array.
    pub fn at(&self, index: usize) -> Json<'a> {
        let mut found = Self::ABSENT;
        unsafe { (host().json.at)(&self.node, index, &mut found) };
        Json::new(found)
    }

    /// Elements or members; 0 for all else.
    pub fn len(&self) -> usize {
        unsafe { (host().json.size)(&self.node) }
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of an array, or members of an object, with their keys ("" in arrays).
    pub fn iter(&self) -> Iter<'a> {
        Iter { container: *self, position: abi::JsonIter { host: [0; 8] } }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&'a str> {
        let mut out = abi::Str::EMPTY;
        if unsafe { (host().json.as_str)(&self.node, &mut out) } == 0 {
            return None;
        }
        std::str::from_utf8(unsafe { out.bytes() }).ok()
    }
    pub fn as_i64(&self) -> Option<i64> {
        let mut out = 0;
        (unsafe { (host().json.as_i64)(&self.node, &mut out) } != 0).then(|| out)
    }
    pub fn as_u64(&self) -> Option<u64> {
        let mut out = 0;
        (unsafe { (host().json.as_u64)(&self.node, &mut out) } != 0).then(|| out)
    }
    pub fn as_f64(&self) -> Option<f64> {
        let mut out = 0.0;
        (unsafe { (host().json.as_f64)(&self.node, &mut out) } != 0).then(|| out)
    }
    pub fn as_bool(&self) -> Option<bool> {
        let mut out = 0;
        (unsafe { (host().json.as_bool)(&self.node, &mut out) } != 0).then(|| out != 0)
    }

    /// A string as it is, an integer in decimal, "" for all else.
    pub fn text(&self) -> String {
        match (self.as_str(), self.as_i64(), self.as_u64()) {
            (Some(text), _, _) => text.to_owned(),
            (_, Some(number), _) => number.to_string(),
            (_, _, Some(number)) => number.to_string(),
            _ => String::new(),
        }
    }
}

/// See [`Json::iter`].
pub struct Iter<'a> {
    container: Json<'a>,
    position: abi::JsonIter,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut key, mut value) = (abi::Str::EMPTY, Json::ABSENT);
        let node = &self.container.node;
        if unsafe { (host().json.next)(node, &mut self.position, &mut key, &mut value) } == 0 {
            return None;
        }
        let key = std::str::from_utf8(unsafe { key.bytes() }).unwrap_or("");
        Some((key, Json::new(value)))
    }
}

/// Writes one flat JSON object, leaving out what is empty: `Object::new().put("id", id).end()`.
#[derive(Default)]
pub struct Object {
    out: String,
}

impl Object {
    pub fn new() -> Object {
        Object::default()
    }
    /// A text, unless it is empty.
    pub fn put(self, key: &str, text: &str) -> Object {
        if text.is_empty() {
            return self;
        }
        self.raw(key, &quoted(text))
    }
    pub fn put_bool(self, key: &str, value: bool) -> Object {
        self.raw(key, if value { "true" } else { "false" })
    }
    pub fn put_i64(self, key: &str, value: i64) -> Object {
        self.raw(key, &value.to_string())
    }
    /// A member that is JSON text already.
    pub fn raw(mut self, key: &str, json: &str) -> Object {
        self.out.push(if self.out.is_empty() { '{' } else { ',' });
        self.out.push_str(&quoted(key));
        self.out.push(':');
        self.out.push_str(json);
        self
    }
    /// The object's text; "" if nothing was put.
    pub fn end(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push('}');
        }
        self.out
    }
}

/// The text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
