//! The C tables around a [`Connector`], and the panic barrier. Used by [`connector!`].
use crate::abi;
use crate::acts::{taken, text, Action, Hook, HookRequest, PollRequest};
use crate::call::{Call, Failure, Request, Result};
use crate::json::Json;
use crate::{host, Connector, Offers};
use std::any::Any;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

struct Tables<T>(std::marker::PhantomData<T>);

impl<T: Connector + Offers> Tables<T> {
    const CONNECTOR: abi::Connector = abi::Connector {
        struct_size: std::mem::size_of::<abi::Connector>() as u32,
        reserved0: 0,
        create: create::<T>,
        destroy: destroy::<T>,
        test: Some(test::<T>),
    };
    const WEBHOOK: abi::Webhook = abi::Webhook {
        struct_size: std::mem::size_of::<abi::Webhook>() as u32,
        reserved0: 0,
        verify: Some(verify::<T>),
        handle: handle::<T>,
    };
    const ACTIONS: abi::Actions = abi::Actions {
        struct_size: std::mem::size_of::<abi::Actions>() as u32,
        reserved0: 0,
        execute: execute::<T>,
    };
    const FIELDS: abi::Fields = abi::Fields {
        struct_size: std::mem::size_of::<abi::Fields>() as u32,
        reserved0: 0,
        list: fields::<T>,
    };
    const HOOKS: abi::Hooks = abi::Hooks {
        struct_size: std::mem::size_of::<abi::Hooks>() as u32,
        reserved0: 0,
        subscribe: subscribe::<T>,
        unsubscribe: unsubscribe::<T>,
        renew: Some(renew::<T>),
        list: hooks::<T>,
    };
    const POLL: abi::Poll = abi::Poll {
        struct_size: std::mem::size_of::<abi::Poll>() as u32,
        reserved0: 0,
        poll: poll::<T>,
    };
    const CONNECTOR_REF: &'static abi::Connector = &Self::CONNECTOR;
    const WEBHOOK_REF: &'static abi::Webhook = &Self::WEBHOOK;
    const ACTIONS_REF: &'static abi::Actions = &Self::ACTIONS;
    const FIELDS_REF: &'static abi::Fields = &Self::FIELDS;
    const HOOKS_REF: &'static abi::Hooks = &Self::HOOKS;
    const POLL_REF: &'static abi::Poll = &Self::POLL;
}

/// The table that `junctor_plugin_v1` returns.
pub const fn plugin<T: Connector + Offers>(id: abi::Str, version: abi::Str) -> abi::Plugin {
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

unsafe extern "C" fn get_interface<T: Connector + Offers>(
    _: *const abi::Plugin,
    id: *const c_char,
) -> *const c_void {
    if id.is_null() {
        return std::ptr::null();
    }
    let named = T::INTERFACES;
    match CStr::from_ptr(id).to_bytes() {
        b"junctor.connector/1" => table(true, Tables::<T>::CONNECTOR_REF),
        b"junctor.webhook/1" => table(named.webhook, Tables::<T>::WEBHOOK_REF),
        b"junctor.actions/1" => table(named.actions, Tables::<T>::ACTIONS_REF),
        b"junctor.fields/1" => table(named.fields, Tables::<T>::FIELDS_REF),
        b"junctor.hooks/1" => table(named.hooks, Tables::<T>::HOOKS_REF),
        b"junctor.poll/1" => table(named.poll, Tables::<T>::POLL_REF),
        _ => std::ptr::null(),
    }
}

fn table<Table>(offered: bool, table: &'static Table) -> *const c_void {
    if offered {
        table as *const Table as *const c_void
    } else {
        std::ptr::null()
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
            if let Err(status) = taken(((*sink).event)(sink, &event.raw())) {
                return Ok(status); // the host knows why
            }
        }
        Ok(abi::OK)
    })
}

unsafe extern "C" fn verify<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    request: *const abi::HttpIn,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        connector.verify(&Call::new(call), &Request::new(&*request))?;
        Ok(abi::OK)
    })
}

/// One JSON object, else `JN_E_INVALID`.
unsafe fn object<'a>(call: &Call<'a>, view: abi::Str, what: &str) -> Result<Json<'a>> {
    let wrong = || Failure::new(abi::E_INVALID, format!("{}: must be an object", what));
    match call.parse(view.bytes()) {
        Ok(json) if json.is_object() => Ok(json),
        Err(failure) if failure.status != abi::E_INVALID => Err(failure),
        _ => Err(wrong()),
    }
}

unsafe extern "C" fn test<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    params: *const abi::Str,
) -> i32 {
    barrier(call, || {
        let (connector, wrapped) = (&mut *(instance as *mut T), Call::new(call));
        let params = object(&wrapped, *params, "the parameters")?;
        connector.test(&wrapped, &params)?;
        Ok(abi::OK)
    })
}

unsafe extern "C" fn execute<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    action: *const abi::Action,
    sink: *const abi::ActionSink,
) -> i32 {
    barrier(call, || {
        let (connector, wrapped) = (&mut *(instance as *mut T), Call::new(call));
        let action = Action {
            name: text((*action).name)?,
            params: object(&wrapped, (*action).params_json, "the parameters")?,
            idempotency_key: text((*action).idempotency_key)?,
        };
        let result = connector.execute(&wrapped, &action)?;
        Ok(result.give(sink).err().unwrap_or(abi::OK))
    })
}

unsafe extern "C" fn fields<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    object: *const abi::Str,
    sink: *const abi::FieldSink,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        let fields = connector.fields(&Call::new(call), text(*object)?)?;
        Ok(fields.iter().try_for_each(|field| field.give(sink)).err().unwrap_or(abi::OK))
    })
}

unsafe extern "C" fn subscribe<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    request: *const abi::HookRequest,
    sink: *const abi::HookSink,
) -> i32 {
    barrier(call, || {
        let (connector, wrapped) = (&mut *(instance as *mut T), Call::new(call));
        let request = HookRequest {
            url: text((*request).url)?,
            events: wrapped.parse((*request).events_json.bytes())?,
            signing_secret: text((*request).signing_secret)?,
        };
        let hook = connector.subscribe(&wrapped, &request)?;
        Ok(hook.give(sink).err().unwrap_or(abi::OK))
    })
}

unsafe extern "C" fn unsubscribe<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    hook_id: *const abi::Str,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        connector.unsubscribe(&Call::new(call), text(*hook_id)?)?;
        Ok(abi::OK)
    })
}

unsafe extern "C" fn renew<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    hook: *const abi::Hook,
    sink: *const abi::HookSink,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        let renewed = connector.renew(&Call::new(call), &Hook::from_raw(&*hook)?)?;
        Ok(renewed.give(sink).err().unwrap_or(abi::OK))
    })
}

unsafe extern "C" fn hooks<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    sink: *const abi::HookSink,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        let hooks = connector.hooks(&Call::new(call))?;
        Ok(hooks.iter().try_for_each(|hook| hook.give(sink)).err().unwrap_or(abi::OK))
    })
}

unsafe extern "C" fn poll<T: Connector>(
    call: *const abi::Call,
    instance: *mut abi::Instance,
    request: *const abi::PollRequest,
    sink: *const abi::PollSink,
) -> i32 {
    barrier(call, || {
        let connector = &mut *(instance as *mut T);
        let request = PollRequest {
            stream: text((*request).stream)?,
            cursor: text((*request).cursor)?,
            since_ms: (*request).since_ms,
            limit: (*request).limit,
        };
        let polled = connector.poll(&Call::new(call), &request)?;
        Ok(polled.give(sink).err().unwrap_or(abi::OK))
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
        http_status: failure.http_status,
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
