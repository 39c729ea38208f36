//! The project directory, opened once and used by handle, and what is kept of it between runs:
//! artifacts and caches.

mod artifacts;
mod cache;
mod copy;
mod files;
mod filter;
mod look;
mod patterns;
mod size;
mod state;

pub use artifacts::{
    ARTIFACT_LIMITS, Artifacts, CoverageCounts, DEFAULT_EXPIRY, Entry, KEPT_PER_JOB, Manifest,
    TestCounts, Unfinished, seconds,
};
pub use cache::{CACHE_LIMITS, CacheEntry, CacheError, Caches};
pub use copy::{Copied, CopyError, CopyLimits, copy};
pub use files::{MAX_FILES, files};
pub use filter::{Filter, Tracked};
pub use look::{first_contents, is_anything_there};
pub use patterns::{PatternError, Patterns};
pub use size::readable_size;
pub use state::{Lock, ProjectState, lock_file};

#[cfg(test)]
mod tests;
