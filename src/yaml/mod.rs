//! Text → spanned, tagged [`Node`]s: the only module that names the YAML crate.
//!
//! serde-saphyr's serde interface deserializes into types; it can give a span *or* a tag with a
//! value, but not both for a tree whose shape is not known beforehand. A pipeline file needs both
//! (`!reference`, and a place for every message), so nodes are composed here from the events of
//! the parser that serde-saphyr stands on and re-exports. That parser checks the syntax; anchors,
//! merge keys, duplicate keys, budgets and the meaning of scalars are this module's part, because
//! they must be GitLab's: it reads YAML with Ruby's Psych, a YAML 1.1 reader with habits.
//!
//! No input panics or takes more than the [limits] allow.

mod compose;
pub mod limits;
mod merge;
mod node;
mod scalar;
mod syntax;
mod text;
mod write;

pub use compose::{Documents, parse};
pub use node::{Entry, Mapping, Node, Tag, Value};
pub use write::write;
