//! The process in which modules of others are compiled.

use clap::Args;

use crate::compiler::{self, Given};

/// Compile a module for the greenroom that started this.
#[derive(Debug, Args)]
pub(super) struct CompileModuleArgs {
    #[arg(long)]
    parent: i32,
    #[arg(long, value_parser = |hex: &str| blake3::Hash::from_hex(hex))]
    generation: blake3::Hash,
    #[arg(long)]
    component: bool,
    #[arg(long)]
    memory: u64,
    #[arg(long)]
    seconds: u64,
}

/// Its exit codes are between the two: see `crate::compiler`.
pub(super) fn compile_module(args: &CompileModuleArgs) -> std::process::ExitCode {
    let CompileModuleArgs { parent, generation, component, memory, seconds } = *args;
    compiler::serve(&Given { parent, generation, component, memory, seconds }).into()
}
