//! Components as programs of a job, and as steps.

mod case;
mod files;
mod limits;
mod program;
mod signature;
mod streams;
mod typed;
