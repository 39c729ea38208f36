//! Compiling in another process, as the store sees it: what it asks for and what it gets.

use super::entry::Generation;
use super::limits::CompileLimits;
use std::fmt;
use std::fs::File;
use std::io;
use std::time::Duration;
use wasmtime::Engine;

/// Compiles programs that greenroom does not bring, in a place where the compiler can take too much,
/// or break down, without harm to this process.
///
/// What it returns is mapped and runs as native code. So nobody else can implement it.
pub trait Compiler: fmt::Debug + Send + Sync + sealed::Sealed {
    /// Compiles a program and returns a file that holds exactly what [`compile_here`] returned for
    /// it, and that nobody else can write to any more.
    ///
    /// # Errors
    /// Why there is nothing.
    fn compile(&self, order: &Order<'_>) -> Result<File, Failure>;
}

pub(crate) mod sealed {
    /// Only this crate names it.
    pub trait Sealed {}
}

/// A program to be compiled apart.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The program.
    pub bytes: &'a [u8],
    /// Whether it is a component, and not a module.
    pub component: bool,
    /// Stands for the engine's configuration, which must be the same there.
    pub generation: blake3::Hash,
    /// How long it may take.
    pub time: Duration,
    /// Bytes of memory that it may take.
    pub memory: u64,
}

impl<'a> Order<'a> {
    pub(super) fn new(
        engine: &Engine,
        bytes: &'a [u8],
        component: bool,
        limits: &CompileLimits,
    ) -> Self {
        let generation = Generation::of(engine, None).hash();
        let memory = limits.memory_for(bytes.len());
        Self { bytes, component, generation, time: limits.time, memory }
    }
}

/// Why a compiler in another process gave nothing.
#[derive(Debug)]
pub enum Failure {
    /// It refused the program; why.
    Refused(String),
    /// The time was up.
    TooSlow,
    /// It wanted more memory than it may have.
    TooMuchMemory,
    /// The system ended it: for lack of memory, as a rule.
    Killed,
    /// It broke down; what it said.
    Broke(String),
    /// It could not be started or talked to.
    Unreachable(io::Error),
    /// The program file of greenroom is another one by now.
    Replaced,
}

/// Compiles a program for an engine of `generation`, on the cores that there are, without bounds:
/// for the process that an implementation of [`Compiler`] starts.
///
/// # Errors
/// [`Failure::Refused`], or [`Failure::Replaced`] if this greenroom has another engine.
pub fn compile_here(
    bytes: &[u8],
    component: bool,
    generation: &blake3::Hash,
) -> Result<Vec<u8>, Failure> {
    let refused = |error: wasmtime::Error| Failure::Refused(format!("{error:#}"));
    let engine = crate::sandbox::engine::for_compiling().map_err(refused)?;
    if Generation::of(&engine, None).hash() != *generation {
        return Err(Failure::Replaced);
    }
    let compiled = if component {
        engine.precompile_component(bytes)
    } else {
        engine.precompile_module(bytes)
    };
    compiled.map_err(refused)
}
