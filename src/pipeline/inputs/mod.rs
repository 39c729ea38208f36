//! `spec:inputs` and `$[[ inputs.NAME ]]`: a file with parameters, and the values it is given.

mod declare;
mod functions;
mod interpolate;
mod resolve;
mod value;

use indexmap::IndexMap;

pub(super) use declare::{Header, check_job_inputs, header, included};
pub(super) use interpolate::{Contexts, interpolate};
pub(super) use resolve::resolve;
pub use value::Value;

use crate::diagnostic::Span;
use crate::yaml::Node;

/// The values that inputs are given, by name.
pub type Arguments = IndexMap<String, Argument>;

/// The value that an input is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The value.
    pub value: Value,
    /// Where it is written; the command line has no place.
    pub span: Option<Span>,
}

/// The arguments of an `inputs:`. What is no mapping has none.
pub(super) fn arguments(node: &Node) -> Arguments {
    let entries = node.as_mapping().into_iter().flatten();
    entries
        .map(|(name, entry)| {
            let span = Some(entry.value.span);
            (name.clone(), Argument { value: Value::of(&entry.value), span })
        })
        .collect()
}
