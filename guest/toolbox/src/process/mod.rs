//! Commands that start others, and small ones about the system.

pub(crate) mod child;
pub(crate) mod env;
pub(crate) mod kill;
pub(crate) mod signals;
pub(crate) mod simple;
pub(crate) mod timeout;
pub(crate) mod words;
pub(crate) mod xargs;
