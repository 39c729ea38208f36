//! Runs GitLab CI pipelines in a WebAssembly sandbox.
//!
//! See `ARCHITECTURE.md` for the data flow and the invariants.

pub mod advice;
pub mod bench;
pub mod cli;
pub mod compiler;
pub mod diagnostic;
pub mod event;
pub mod executor;
pub mod function;
pub mod http;
pub mod image;
pub mod mask;
pub mod pipeline;
pub mod plan;
pub mod remote;
pub mod report;
pub mod sandbox;
pub mod schedule;
pub mod settings;
pub mod signature;
pub mod workspace;
pub mod yaml;
