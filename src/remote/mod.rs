//! Files of pipelines from elsewhere: other projects, addresses, GitLab's templates, components.
//!
//! GitLab is asked through its API, with a token only if the user grants one, and that token goes to
//! no other host than the one it is for. What was fetched is stored by its content, so that a run
//! needs the network only for what may have changed, and with `--offline` not at all.

mod gitlab;
mod source;
mod store;

pub use source::{Access, Remotes};
pub use store::Store;
