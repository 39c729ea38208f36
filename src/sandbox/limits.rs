//! What a process and a job may use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use super::quota::DiskLimits;

/// The limits of a job and of each of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of one process, in bytes.
    pub memory: u64,
    /// Linear memory of all live processes of the job together, in bytes, and what waits in their
    /// pipes and is remembered of directories that they list.
    pub total_memory: u64,
    /// Elements of all tables of one process.
    pub table_elements: usize,
    /// Live processes of the job.
    pub processes: usize,
    /// Descriptors of one process.
    pub descriptors: usize,
    /// Bytes and files that the job may add to its writable directories.
    pub disk: DiskLimits,
    /// Bytes that the job may write to its log.
    pub log: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            total_memory: 8 << 30,
            table_elements: 1_000_000,
            processes: 512,
            descriptors: 1024,
            disk: DiskLimits::default(),
            log: 64 << 20,
        }
    }
}

/// Enforces the memory and table limits of one process, and its share of the job's memory.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory: u64,
    table_elements: usize,
    total: Arc<MemoryBudget>,
    charged: u64,
    tables: usize,
    /// Set once growth was refused: a trap that follows is then reported as out of memory.
    pub(crate) refused: Option<Refused>,
}

/// Which growth was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The process's own limit, in bytes.
    Memory(u64),
    /// The job's limit, in bytes.
    TotalMemory(u64),
    /// The table limit, in elements.
    Table(usize),
}

/// The memory of a job's live processes, and what the sandbox itself keeps for them.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    limit: u64,
    used: AtomicU64,
    /// The most that was in use since somebody began to watch.
    peak: AtomicU64,
}

impl MemoryBudget {
    pub(crate) fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self { limit, used: AtomicU64::new(0), peak: AtomicU64::new(0) })
    }

    pub(crate) fn take(&self, bytes: u64) -> bool {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|total| *total <= self.limit)
        });
        if let Ok(before) = taken {
            self.peak.fetch_max(before + bytes, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// The most that was in use at the same time since this was last called.
    pub(crate) fn take_peak(&self) -> u64 {
        let used = self.used.load(Ordering::Relaxed);
        self.peak.swap(used, Ordering::Relaxed).max(used)
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes memory until the result is dropped; none if that is too much.
    pub(crate) fn charge(self: &Arc<Self>, bytes: u64) -> Option<MemoryCharge> {
        self.take(bytes).then(|| MemoryCharge { budget: Arc::clone(self), bytes })
    }
}

/// Memory that is in use as long as this exists.
#[derive(Debug)]
pub(crate) struct MemoryCharge {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Drop for MemoryCharge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

impl Limiter {
    pub(crate) fn new(limits: &Limits, total: Arc<MemoryBudget>) -> Self {
        Self {
            memory: limits.memory,
            table_elements: limits.table_elements,
            total,
            charged: 0,
            tables: 0,
            refused: None,
        }
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.total.give_back(self.charged);
    }
}

impl wasmtime::ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = (desired - current) as u64;
        if self.charged + growth > self.memory {
            self.refused = Some(Refused::Memory(self.memory));
            return Ok(false);
        }
        if !self.total.take(growth) {
            self.refused = Some(Refused::TotalMemory(self.total.limit));
            return Ok(false);
        }
        self.charged += growth;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired - current;
        if self.tables + growth > self.table_elements {
            self.refused = Some(Refused::Table(self.table_elements));
            return Ok(false);
        }
        self.tables += growth;
        Ok(true)
    }

    fn instances(&self) -> usize {
        64
    }

    fn tables(&self) -> usize {
        256
    }

    fn memories(&self) -> usize {
        64
    }
}

impl Limiter {
    /// Gives everything back, for another attempt.
    pub(crate) fn reset(&mut self) {
        self.total.give_back(self.charged);
        self.charged = 0;
        self.tables = 0;
        self.refused = None;
    }
}
