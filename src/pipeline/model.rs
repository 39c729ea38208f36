//! The typed pipeline.

/// A pipeline file, read and validated.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {}
