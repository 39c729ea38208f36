//! `diff` and `cmp`.

mod cmp;
mod diff;
mod hunks;

pub(crate) use cmp::main as cmp;
pub(crate) use diff::main as diff;
