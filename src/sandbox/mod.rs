//! The engine and its processes; the only module that names wasmtime.

pub mod store;
