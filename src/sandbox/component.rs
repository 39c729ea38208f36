//! Components (`wasi:cli/command`).

use std::sync::Arc;

use super::job::Job;
use super::modules::LoadedModule;
use super::process::{Exit, Process};
use super::run::{self, Start};

pub(crate) async fn run(
    _job: &Arc<Job>,
    _process: &Arc<Process>,
    module: &Arc<LoadedModule>,
    _start: Start,
) -> Exit {
    run::not_loadable(format!("{} is a component, which cannot be run yet", module.name))
}
