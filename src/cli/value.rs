//! The values of options: the same texts as in the settings.

pub(super) use crate::settings::value::{EnvGrant, Mount, Size, Variable, span};
