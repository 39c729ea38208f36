//! Images: what a job's `image:` stands for, and where that comes from.
//!
//! An image is a read-only tree whose executables are WebAssembly modules or `#!` scripts, with a
//! default environment and perhaps an entrypoint. Opening one takes three steps: the name is
//! followed through the settings' aliases ([`Resolved`]), what it stands for is read by its form
//! ([`Reference`]), and what that names is opened ([`Image`]), from the project or from the store.

mod alias;
mod content;
mod digest;
mod download;
mod error;
mod images;
mod lock_file;
mod npm;
mod npm_config;
mod oci;
mod path;
mod progress;
mod pull;
mod reference;
pub mod store;
mod stored;
mod unpack;
mod wrapper;

pub use alias::Resolved;
pub use content::Image;
pub use digest::{Digest, Hasher};
pub use error::ImageError;
pub use images::{Images, Sources};
pub use lock_file::LockFile;
pub use npm_config::NpmConfig;
pub use oci::{Artifact, DockerConfig};
pub use progress::{Event, Progress};
pub use reference::{NpmReference, OciReference, Reference, ReferenceError, UrlReference};
pub use stored::Tree;
