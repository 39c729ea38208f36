//! The one place with `unsafe`: making compiled code of our own runnable.
//!
//! wasmtime's deserialization trusts its input completely: a forged file is native code with the
//! user's rights. It is sound here because a [`Verified`] file either
//! - holds what [`wasmtime::Module::serialize`] or [`wasmtime::component::Component::serialize`]
//!   gave to this store, as a message authentication code over all of its bytes proves (see
//!   [`super::entry`]), computed with a key that only the user can read;
//! - is the very open file whose bytes were authenticated: no path is looked up in between;
//! - does not change while it is mapped: only its owner, the user running greenroom, can write to
//!   it, and this store never writes to an entry in place: it renames and unlinks, which leaves a
//!   mapped file as it is. (A user who changes it on purpose could as well change this binary.)
//!
//! or is what a [`super::Compiler`], which only this crate implements, has made a moment ago: then it
//! never had a name, was handed over open, and is sealed against changes where the system can do that.

use super::entry::{Verified, VerifiedBytes};
use wasmtime::{Engine, Module, component::Component};

/// Maps the compiled module in `file`.
///
/// # Errors
/// If it was compiled for another engine or version of wasmtime.
pub(super) fn module(engine: &Engine, file: Verified) -> wasmtime::Result<Module> {
    #[expect(unsafe_code, reason = "mapping an authenticated module of our own store")]
    // SAFETY: see the module's documentation.
    unsafe {
        Module::deserialize_open_file(engine, file.into_file())
    }
}

/// Loads the compiled component in `bytes`.
///
/// wasmtime 48 maps a component only by path, which could name another file by then; so the bytes
/// that were authenticated are copied.
///
/// # Errors
/// If it was compiled for another engine or version of wasmtime.
pub(super) fn component(engine: &Engine, bytes: &VerifiedBytes) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "loading an authenticated component of our own store")]
    // SAFETY: see the module's documentation; the bytes are in our own memory.
    unsafe {
        Component::deserialize(engine, bytes.code())
    }
}
