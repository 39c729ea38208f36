//! Steps of a `run:` job: GitLab Functions.
//!
//! Pure: this module reads texts and computes values. It knows no file system and runs nothing;
//! that is the executor's part.

pub mod expression;
