//! SDK for Junctor connectors: a safe API over the C ABI (`include/junctor/*.h`), without
//! dependencies. A connector is a type:
//!
//! ```ignore
//! use junctor::{invalid, Call, Connector, Event, Json, Request, Result};
//!
//! struct Acme;
//!
//! impl Connector for Acme {
//!     fn create(_: &Call, _settings: &Json) -> Result<Acme> {
//!         Ok(Acme)
//!     }
//!     fn handle(&mut self, call: &Call, request: &Request) -> Result<Vec<Event>> {
//!         let body = request.json(call)?;
//!         Ok(vec![Event { kind: body.get("type").text(), ..Event::default() }])
//!     }
//! }
//!
//! junctor::connector!(Acme, include_bytes!("../manifest.json"));
//! ```
//!
//! What you return is yours and is copied; what the host gives lives as long as the call. Every
//! call passes a panic barrier: a panic becomes `JN_E_INTERNAL` with the panic's message, and
//! nothing is printed. Works with Rust 1.63 and later. Keep `panic = "unwind"`.
//!
//! A connector offers the interfaces that its manifest names under "interfaces"; each has functions
//! of [`Connector`] to it, and those of the others need not be there.
pub mod abi;
mod acts;
mod call;
mod host;
mod http;
mod json;
pub mod manifest;
pub mod table;

pub use acts::{
    Action, ActionResult, Field, FieldType, Hook, HookRequest, PollRequest, Polled,
};
pub use http::{class_of, HttpAnswer, HttpRequest};
pub use call::{invalid, Call, Event, Failure, Request, Result};
pub use json::{quoted, Iter, Json, Object};

/// One configured use of a connector. Calls on one value never overlap, but come from any thread.
pub trait Connector: Send + Sized + 'static {
    /// Makes one from the integration's settings, one JSON object.
    fn create(call: &Call, settings: &Json) -> Result<Self>;

    /// `junctor.webhook/1`: turns one request into 0..n events. CPU only; the same request gives
    /// the same events, and an event type nobody has heard of is an event of that type.
    fn handle(&mut self, _: &Call, _: &Request) -> Result<Vec<Event>> {
        Err(unsupported("handle"))
    }

    /// A signature that the manifest cannot describe (its algorithm is "custom"). Everything but
    /// `Ok` refuses the request; say `abi::E_SIGNATURE`.
    fn verify(&mut self, _: &Call, _: &Request) -> Result<()> {
        Err(unsupported("verify"))
    }

    /// `junctor.actions/1`: one act at the provider. Unknown names and wrong parameters are
    /// [`invalid`]. In a dry run ([`Call::is_dry_run`]) nothing is sent: say what would be.
    fn execute(&mut self, _: &Call, _: &Action) -> Result<ActionResult> {
        Err(unsupported("execute"))
    }

    /// `junctor.fields/1`: the fields of an object of the provider, all pages of them.
    fn fields(&mut self, _: &Call, _object: &str) -> Result<Vec<Field>> {
        Err(unsupported("fields"))
    }

    /// `junctor.hooks/1`: makes a subscription, or finds the one that posts to this URL already.
    fn subscribe(&mut self, _: &Call, _: &HookRequest) -> Result<Hook> {
        Err(unsupported("subscribe"))
    }
    /// Ends one. One that is gone already is no failure.
    fn unsubscribe(&mut self, _: &Call, _hook_id: &str) -> Result<()> {
        Err(unsupported("unsubscribe"))
    }
    /// Prolongs one that expires. `abi::E_NOT_FOUND`: it is gone.
    fn renew(&mut self, _: &Call, _: &Hook) -> Result<Hook> {
        Err(unsupported("renew"))
    }
    /// All subscriptions that the provider has for this credential.
    fn hooks(&mut self, _: &Call) -> Result<Vec<Hook>> {
        Err(unsupported("hooks"))
    }

    /// `junctor.poll/1`: what happened since the cursor.
    fn poll(&mut self, _: &Call, _: &PollRequest) -> Result<Polled> {
        Err(unsupported("poll"))
    }

    /// Tries the connection with the provider.
    fn test(&mut self, _: &Call, _params: &Json) -> Result<()> {
        Err(unsupported("test"))
    }
}

fn unsupported(function: &str) -> Failure {
    let message = format!("the connector has no function {}", function);
    Failure::new(abi::E_UNSUPPORTED, message)
}

#[doc(hidden)]
pub trait Offers {
    const INTERFACES: manifest::Interfaces;
}

/// Exports a [`Connector`] as the connector of this library, with its manifest as an ELF note.
#[macro_export]
macro_rules! connector {
    ($type:ty, $manifest:expr) => {
        const JUNCTOR_MANIFEST: &[u8] = $manifest;

        #[used]
        #[link_section = ".note.junctor"]
        static JUNCTOR_NOTE: $crate::manifest::Note<{ JUNCTOR_MANIFEST.len() }> =
            $crate::manifest::Note::new(*$manifest);

        impl $crate::Offers for $type {
            const INTERFACES: $crate::manifest::Interfaces =
                $crate::manifest::interfaces(JUNCTOR_MANIFEST);
        }

        #[no_mangle]
        pub extern "C" fn junctor_plugin_v1(_host_abi_minor: u32) -> *const $crate::abi::Plugin {
            static PLUGIN: $crate::abi::Plugin = $crate::table::plugin::<$type>(
                $crate::manifest::field(JUNCTOR_MANIFEST, "id"),
                $crate::manifest::field(JUNCTOR_MANIFEST, "version"),
            );
            &PLUGIN
        }
    };
}
