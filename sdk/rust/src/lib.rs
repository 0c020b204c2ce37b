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
pub mod abi;
mod call;
mod host;
mod json;
pub mod manifest;
pub mod table;

pub use call::{invalid, Call, Event, Failure, Request, Result};
pub use json::{quoted, Iter, Json, Object};

/// One configured use of a connector. Calls on one value never overlap, but come from any thread.
pub trait Connector: Send + Sized + 'static {
    /// Makes one from the integration's settings, one JSON object.
    fn create(call: &Call, settings: &Json) -> Result<Self>;

    /// Turns one request into 0..n events. CPU only; the same request gives the same events, and
    /// an event type nobody has heard of is an event of that type.
    fn handle(&mut self, call: &Call, request: &Request) -> Result<Vec<Event>>;
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
