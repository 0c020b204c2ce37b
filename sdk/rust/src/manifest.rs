//! The manifest at compile time: an ELF note, and the id and version in it.
use crate::abi::Str;
use std::os::raw::c_char;

/// The note that the host reads before it runs any code of the library. Made by [`connector!`].
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    name_bytes: u32,
    manifest_bytes: u32,
    kind: u32,
    name: [u8; 8],
    manifest: [u8; N],
}

impl<const N: usize> Note<N> {
    pub const fn new(manifest: [u8; N]) -> Note<N> {
        Note {
            name_bytes: 8,
            manifest_bytes: N as u32,
            kind: 0x4A4E_0001,
            name: *b"Junctor\0",
            manifest,
        }
    }
}

/// The string member `key` of the manifest's outermost object. Fails the build if there is none.
pub const fn field(manifest: &'static [u8], key: &str) -> Str {
    let key = key.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < manifest.len() {
        match manifest[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let end = string_end(manifest, at + 1);
                let colon = skip_blanks(manifest, end + 1);
                let is_key = colon < manifest.len() && manifest[colon] == b':';
                if depth == 1 && is_key && same(manifest, at + 1, end, key) {
                    return value(manifest, skip_blanks(manifest, colon + 1));
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    panic!("manifest.json has no such member");
}

/// What a manifest offers beside `junctor.connector/1`.
#[derive(Clone, Copy)]
pub struct Interfaces {
    pub webhook: bool,
    pub actions: bool,
    pub fields: bool,
    pub hooks: bool,
    pub poll: bool,
}

/// Those that the manifest names anywhere as a string of their own.
pub const fn interfaces(manifest: &[u8]) -> Interfaces {
    Interfaces {
        webhook: names(manifest, "junctor.webhook/1"),
        actions: names(manifest, "junctor.actions/1"),
        fields: names(manifest, "junctor.fields/1"),
        hooks: names(manifest, "junctor.hooks/1"),
        poll: names(manifest, "junctor.poll/1"),
    }
}

const fn names(manifest: &[u8], wanted: &str) -> bool {
    let wanted = wanted.as_bytes();
    let mut at = 0;
    while at < manifest.len() {
        if manifest[at] == b'"' {
            let end = string_end(manifest, at + 1);
            if same(manifest, at + 1, end, wanted) {
                return true;
            }
            at = end;
        }
        at += 1;
    }
    false
}

const fn value(manifest: &'static [u8], at: usize) -> Str {
    if manifest[at] != b'"' {
        panic!("the member of manifest.json is not a string");
    }
    let end = string_end(manifest, at + 1);
    // at + 1 <= end < manifest.len()
    let ptr = unsafe { manifest.as_ptr().add(at + 1) };
    Str { ptr: ptr as *const c_char, len: end - at - 1 }
}

const fn string_end(text: &[u8], mut at: usize) -> usize {
    while text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at
}

const fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && matches!(text[at], b' ' | b'\n' | b'\r' | b'\t') {
        at += 1;
    }
    at
}

const fn same(text: &[u8], from: usize, to: usize, key: &[u8]) -> bool {
    if to - from != key.len() {
        return false;
    }
    let mut i = 0;
    while i < key.len() {
        if text[from + i] != key[i] {
            return false;
        }
        i += 1;
    }
    true
}
