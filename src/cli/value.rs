//! The values of options: the same texts as in the settings.

use clap::ValueEnum;

pub(super) use crate::settings::value::{EnvGrant, Mount, Size, Variable, span};

/// How a list or a page is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people.
    #[default]
    Human,
    /// JSON, for programs.
    Json,
}
