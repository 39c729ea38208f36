//! How much of a file is read. GitLab has such limits too; these are at least as generous.

/// Bytes of one file.
pub const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Collections within collections.
pub const MAX_DEPTH: usize = 100;

/// Nodes of one file once its aliases are filled in.
pub const MAX_NODES: usize = 500_000;

/// Bytes of text in those nodes.
pub const MAX_TEXT_BYTES: usize = 32 * 1024 * 1024;
