//! The wasmtime engine: its configuration, its clock, and the fall-back for when every slot of its
//! pool is taken.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, OptLevel,
    PoolingAllocationConfig,
};

use super::limits::Limits;

/// How often a running process looks whether it has been killed, and lets others run.
const TICK: Duration = Duration::from_millis(10);
/// Slots of the pool for each job that may run at the same time: its shell, and the commands of a
/// pipeline or the background jobs beside it. Processes beyond all slots fall back.
const SLOTS_PER_JOB: u32 = 8;
/// Slots that any pool has, and has at most. Each costs two microseconds when the engine is made,
/// a system call for the guard page of its stack.
const SLOTS: std::ops::RangeInclusive<u32> = 16..=1024;
/// Slots that keep the pages of their last user while nobody uses them, at [`KEEP_RESIDENT`] each.
const WARM_SLOTS: u32 = 128;
/// Memory that a slot keeps for its next user. Resetting what was touched is far cheaper than
/// mapping it anew.
const KEEP_RESIDENT: usize = 1 << 20;
/// Address space of a linear memory: all that 32 bits can address, so that no access needs a check.
const RESERVATION: usize = 4 << 30;
/// Stack of WebAssembly code.
const WASM_STACK: usize = 1 << 20;
/// Stack of a fiber: WebAssembly and, below it, the host functions that it calls.
const FIBER_STACK: usize = 2 << 20;

/// The engines that processes run on: the primary one pools its slots, the other allocates on demand
/// and is made when it is first needed. Both run the same machine code.
pub(crate) struct Engines {
    primary: Engine,
    on_demand: OnceLock<Engine>,
}

impl Engines {
    /// Engines for so many jobs at the same time, or for a single process: making a pool for that
    /// would take longer than starting it.
    pub(crate) fn new(limits: &Limits, jobs: usize, single: bool) -> wasmtime::Result<Self> {
        let mut config = config();
        if !single {
            let pool = pool(limits, slots(jobs));
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let primary = Engine::new(&config)?;
        tick(&primary);
        Ok(Self { primary, on_demand: OnceLock::new() })
    }

    pub(crate) fn primary(&self) -> &Engine {
        &self.primary
    }

    pub(crate) fn on_demand(&self) -> wasmtime::Result<&Engine> {
        if let Some(engine) = self.on_demand.get() {
            return Ok(engine);
        }
        let engine = Engine::new(&config())?;
        Ok(self.on_demand.get_or_init(|| {
            tick(&engine);
            engine
        }))
    }
}

/// An engine that only compiles: for the same code as the others, without a clock.
pub(crate) fn for_compiling() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBER_STACK)
        .memory_reservation(RESERVATION as u64)
        .memory_init_cow(true)
        .wasm_exceptions(true)
        // Enough to name the function that trapped; capturing more costs at every exit.
        .wasm_backtrace_max_frames(NonZeroUsize::new(1))
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}

fn slots(jobs: usize) -> u32 {
    let jobs = u32::try_from(jobs).unwrap_or(u32::MAX);
    jobs.saturating_mul(SLOTS_PER_JOB).clamp(*SLOTS.start(), *SLOTS.end())
}

fn pool(limits: &Limits, slots: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots * 4)
        .total_gc_heaps(slots)
        .total_component_instances(slots)
        // A process has one fiber, which its store keeps. Where the stacks run out first, a process
        // falls back as it does for lack of another slot.
        .total_stacks(slots)
        // As much address space as a slot has anyway: what a process may use of it is its limiter's
        // business, which has a message for it. A pool that is too small for a module could not
        // even compile it.
        .max_memory_size(RESERVATION)
        .max_memories_per_module(1)
        .max_tables_per_module(16)
        .table_elements(limits.table_elements.min(1_000_000))
        .max_core_instance_size(4 << 20)
        .max_unused_warm_slots(slots.min(WARM_SLOTS))
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    if !has_pagemap_scan() {
        // Without it, keeping pages means to clear them all.
        pool.linear_memory_keep_resident(64 << 10);
    }
    pool
}

/// `PAGEMAP_SCAN` came with Linux 6.7.
fn has_pagemap_scan() -> bool {
    let release = rustix::system::uname();
    let mut numbers = release.release().to_str().unwrap_or("").split(['.', '-']);
    let mut next = || numbers.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    cfg!(target_os = "linux") && (next(), next()) >= (6, 7)
}

/// Advances the engine's epoch until the engine is gone.
fn tick(engine: &Engine) {
    let engine: EngineWeak = engine.weak();
    let ticker = std::thread::Builder::new().name("epoch".to_owned());
    let started = ticker.spawn(move || {
        loop {
            std::thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
    // Without a ticker nothing could be interrupted.
    drop(started.expect("a thread can be started"));
}
