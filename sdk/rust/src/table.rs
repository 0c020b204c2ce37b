//! The C tables around a [`Connector`], and the panic barrier. Used by [`connector!`].
use crate::abi;
use crate::call::{Call, Failure, Request, Result};
use crate::{host, Connector};
use std::any::Any;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

struct Tables<T>(std::marker::PhantomData<T>);

impl<T: Connector> Tables<T> {
    const CONNECTOR: abi::Connector = abi::Connector {
        struct_size: std::mem::size_of::<abi::Connector>() as u32,
        reserved0: 0,
        create: create::<T>,
        destroy: destroy::<T>,
        test: None,
    };
    const WEBHOOK: abi::Webhook = abi::Webhook {
        struct_size: std::mem::size_of::<abi::Webhook>() as u32,
        reserved0: 0,
        verify: None,
        handle: handle::<T>,
    };
    const CONNECTOR_REF: &'static abi::Connector = &Self::CONNECTOR;
    const WEBHOOK_REF: &'static abi::Webhook = &Self::WEBHOOK;
}

/// The table that `junctor_plugin_v1` returns.
pub const fn plugin<T: Connector>(id: abi::Str, version: abi::Str) -> abi::Plugin {
    abi::Plugin {
        struct_size: std::mem::size_of::<abi::Plugin>() as u32,
        abi_major: abi::ABI_MAJOR,
        abi_minor: 0,
        flags: 0,
        id,
        version,
        open,
        close,
        get_interface: get_interface::<T>,
    }
}

unsafe extern "C" fn open(_: *const abi::Plugin, from: *const abi::Host) -> i32 {
    // The message of a panic goes to the host, not to the standard error of a server.
    std::panic::set_hook(Box::new(|_| {}));
    catch_unwind(|| host::open(from)).unwrap_or(abi::E_INTERNAL)
}

unsafe extern "C" fn close(_: *const abi::Plugin) {
    host::close();
}

unsafe extern "C" fn get_interface<T: Connector>(
    _: *const abi::Plugin,
    id: *const c_char,
) -> *const c_void {
    if id.is_null() {
        return std::ptr::null();
    }
    match CStr::from_ptr(id).to_bytes() {
        b"junctor.connector/1" => Tables::<T>::CONNECTOR_REF as *const abi::Connector as *const _,
        b"junctor.webhook/1" => Tables::<T>::WEBHOOK_REF as *const abi::Webhook as *const _,
        _ => std::ptr::null(),
    }
}

unsafe extern "C" fn create<T: Connector>(
    call: *const abi::Call,
    config: *const abi::Str,
    out: *mut *mut abi::Instance,
) -> i32 {
    barrier(call, || {
        let wrapped = Call::new(call);
        let settings = wrapped
            .parse((*config).bytes())
            .map_err(|e| Failure { message: "settings: not valid JSON".to_owned(), ..e })?;
        *out = Box::into_raw(Box::new(T::create(&wrapped, &settings)?)) as *mut abi::Instance;
        Ok(abi::OK)
    })
}

unsafe extern "C" fn destroy<T: Connector>(instance: *mut abi::Instance) {
    // A destructor that panics has still ended the instance.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(instance as *mut T))));
}

unsafe extern "C" fn handle<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    request: *const abi::HttpIn,
    sink: *const abi::WebhookSink,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        for event in connector.handle(&Call::new(call), &Request::new(&*request))? {
            let status = event.emit(sink);
            if status != abi::OK {
                return Ok(status); // the host knows why
            }
        }
        Ok(abi::OK)
    })
}

/// Nothing that panics in `body` gets past it.
unsafe fn barrier(call: *const abi::Call, body: impl FnOnce() -> Result<i32>) -> i32 {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => return status,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::new(abi::E_INTERNAL, format!("panic: {}", said(&*panic))),
    };
    let error = abi::Error {
        struct_size: std::mem::size_of::<abi::Error>() as u32,
        status: failure.status,
        http_status: 0,
        flags: 0,
        retry_after_ms: failure.retry_after_ms,
        code: abi::Str::EMPTY,
        message: abi::Str::of(&failure.message),
        detail_json: abi::Str::EMPTY,
    };
    ((*call).fail)(call, &error)
}

fn said(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "without a message",
    }
}
