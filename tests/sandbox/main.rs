//! The sandbox, seen by programs that test its limits: conformance to WASI, attempts to escape,
//! and attempts to use more than there is.

mod answers;
mod children;
mod conformance;
mod function;
mod host;
mod names;
mod outside;
mod paths;
mod processes;
mod puppet;
mod resources;
mod script;
mod stage;
mod text;
mod workers;
