//! Images and artifacts of OCI registries.
//!
//! The crate `oci-client` knows how registries name things and hand out tokens; what is downloaded
//! goes through [`crate::http`], with its limits, retries and messages.

mod credentials;
mod manifest;
mod pull;
mod push;
mod registry;

pub use credentials::DockerConfig;
pub use push::Artifact;
pub(super) use registry::Registries;
