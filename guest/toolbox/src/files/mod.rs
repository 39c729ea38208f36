//! Commands about files that need what only the sandbox knows: modes, owners, disk use.

pub(crate) mod cat;
pub(crate) mod chmod;
pub(crate) mod copy;
pub(crate) mod cp;
pub(crate) mod df;
pub(crate) mod du;
pub(crate) mod install;
pub(crate) mod ls;
pub(crate) mod mkdir;
pub(crate) mod modes;
pub(crate) mod mv;
pub(crate) mod stat;
pub(crate) mod test;
