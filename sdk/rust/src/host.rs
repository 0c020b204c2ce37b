//! What the host offers, fetched once when the library is opened.
use crate::abi;
use std::os::raw::c_char;
use std::sync::atomic::{AtomicPtr, Ordering};

pub(crate) struct Host {
    pub json: &'static abi::Json,
    pub clock: &'static abi::Clock,
    pub log: &'static abi::Log,
    // What only some connectors need; a host may be without.
    pub http: Option<&'static abi::Http>,
    pub crypto: Option<&'static abi::Crypto>,
    pub secrets: Option<&'static abi::Secrets>,
}

static HOST: AtomicPtr<Host> = AtomicPtr::new(std::ptr::null_mut());

/// The tables; the barrier turns the panic of a call before `open` into a failure.
pub(crate) fn host() -> &'static Host {
    let host = HOST.load(Ordering::Acquire);
    assert!(!host.is_null(), "the connector is not open");
    unsafe { &*host }
}

/// # Safety
/// `from` is the host of `open`.
unsafe fn fetch<T>(from: *const abi::Host, id: &'static [u8]) -> Option<&'static T> {
    debug_assert!(id.ends_with(b"\0"));
    (((*from).get_interface)(from, id.as_ptr() as *const c_char) as *const T).as_ref()
}

/// # Safety
/// As of `jn_plugin.open`: a valid host, nothing else running.
pub(crate) unsafe fn open(from: *const abi::Host) -> i32 {
    let json = fetch(from, b"junctor.json/1\0");
    let clock = fetch(from, b"junctor.clock/1\0");
    let log = fetch(from, b"junctor.log/1\0");
    match (json, clock, log) {
        (Some(json), Some(clock), Some(log)) => {
            let http = fetch(from, b"junctor.http/1\0");
            let crypto = fetch(from, b"junctor.crypto/1\0");
            let secrets = fetch(from, b"junctor.secrets/1\0");
            let tables = Host { json, clock, log, http, crypto, secrets };
            replace(Box::into_raw(Box::new(tables)));
            abi::OK
        }
        _ => abi::E_UNSUPPORTED,
    }
}

/// # Safety
/// As of `jn_plugin.close`: no call is running.
pub(crate) unsafe fn close() {
    replace(std::ptr::null_mut());
}

unsafe fn replace(host: *mut Host) {
    let old = HOST.swap(host, Ordering::AcqRel);
    if !old.is_null() {
        drop(Box::from_raw(old));
    }
}
