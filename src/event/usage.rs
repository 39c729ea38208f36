use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::micros;

/// What processes used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Time of processors, in microseconds when serialised. Processes that run at the same time each
    /// count.
    #[serde(rename = "cpu_us", with = "micros")]
    pub cpu: Duration,
    /// Time spent in calls that had to wait: for a pipe, for input, for a place in the log, for a
    /// clock; in microseconds when serialised. Processes that wait at the same time each count;
    /// waiting for a child does not.
    #[serde(rename = "wait_us", with = "micros")]
    pub wait: Duration,
    /// The most memory, in bytes, that was counted for all processes together at the same time.
    pub peak_memory: u64,
}

/// Where the time went before a job's first command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preparation {
    /// Getting the artifacts and caches that it uses.
    pub data: Duration,
    /// Finding, and if need be pulling, its image.
    pub image: Duration,
    /// Finding, and if need be compiling, modules.
    pub modules: Duration,
}
