//! Steps of a `run:` job: GitLab Functions.
//!
//! Pure: this module reads texts and computes values. It knows no file system and runs nothing;
//! that is the executor's part.

mod check;
mod context;
mod definition;
pub mod expression;
mod input;
mod location;
mod lookup;
pub mod module;
mod needs;
pub mod output;
mod place;
mod read;
mod reader;
mod step;
mod typed;
mod types;

pub use check::{Checker, Module, SILENT, Source};
pub use context::{StepContext, inputs, renamed};
pub use definition::{Body, Declaration, Definition, Function, NO_NETWORK, Needs, Outputs, Spec};
pub use input::{Input, evaluate_name, evaluate_text};
pub use location::Location;
pub use place::{Place, Problem, Text};
pub use read::{COMPONENT, FILES, read};
pub use step::{Action, MAX_STEPS, Reference, Step, Steps, is_name, read_steps};
pub use typed::{Misfit, typed};
pub use types::Type;
