//! The project directory, opened once and used by handle.

mod files;

pub use files::{MAX_FILES, files};
