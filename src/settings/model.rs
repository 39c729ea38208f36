use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::value::{EnvGrant, Mount};
use crate::pipeline::PullPolicy;

/// All settings of a run, from all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// When an image is asked for again, where the job does not say it.
    pub pull_policy: Option<Vec<PullPolicy>>,
    /// The policies that may be chosen; none means all.
    pub allowed_pull_policies: Option<Vec<PullPolicy>>,
    /// Tags of this runner.
    pub tags: Vec<String>,
    /// Where jobs work.
    pub workspace: Option<WorkspaceMode>,
    /// Other names of images, by pattern.
    pub images: IndexMap<String, ImageAlias>,
    /// Commands made of others, by name.
    pub commands: IndexMap<String, Wrapper>,
    /// What a job may use, as the user set it.
    pub limits: LimitSettings,
    /// What a job may use at most, as the project set it: each is below what applies otherwise, or
    /// has no effect.
    pub ceilings: LimitSettings,
    /// Directories of this machine that jobs may use.
    pub mounts: Vec<Mount>,
    /// Variables of the environment that jobs get.
    pub env: Vec<EnvGrant>,
    /// Variables of the environment that jobs get and whose values are masked.
    pub secrets: Vec<String>,
    /// What steps may connect to.
    pub network: Vec<String>,
    /// What single steps may use, by name or reference.
    pub steps: BTreeMap<String, StepGrant>,
    /// How registries are reached, by `host[:port]`.
    pub registries: BTreeMap<String, Registry>,
}

/// Where jobs work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceMode {
    /// All in the project directory.
    Shared,
    /// All in a throw-away copy of it.
    Isolated,
    /// Each in a clean checkout with the artifacts that GitLab would hand it.
    Strict,
}

impl WorkspaceMode {
    /// All, by their names.
    pub const NAMES: [(&str, Self); 3] =
        [("shared", Self::Shared), ("isolated", Self::Isolated), ("strict", Self::Strict)];
}

/// Another name of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAlias {
    /// The images that it is made of: one, or several.
    pub from: Vec<String>,
    /// Its entrypoint, in place of the first image's.
    pub entrypoint: Option<Vec<String>>,
    /// Where it stands, e.g. `greenroom.toml:3`.
    pub place: String,
}

/// A command that runs another one with some arguments in front of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// The command and its first arguments; never empty.
    pub words: Vec<String>,
    /// Where it stands.
    pub place: String,
}

/// Limits that were set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitSettings {
    /// Bytes of memory of one process.
    pub memory: Option<u64>,
    /// Bytes by which a job's files may grow.
    pub disk: Option<u64>,
    /// Bytes of one job's output.
    pub log: Option<u64>,
    /// Processes of one job at the same time.
    pub processes: Option<usize>,
    /// Time of one job's script.
    pub timeout: Option<Duration>,
}

impl LimitSettings {
    /// These where they are set, and others where not.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            memory: self.memory.or(other.memory),
            disk: self.disk.or(other.disk),
            log: self.log.or(other.log),
            processes: self.processes.or(other.processes),
            timeout: self.timeout.or(other.timeout),
        }
    }
}

/// What a step may use beyond the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepGrant {
    /// Directories of this machine.
    pub mounts: Vec<Mount>,
    /// Variables of the environment.
    pub env: Vec<EnvGrant>,
    /// What it may connect to.
    pub network: Vec<String>,
    /// Bytes of memory of its processes.
    pub memory: Option<u64>,
    /// How long it may run.
    pub timeout: Option<Duration>,
}

/// How a registry is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// By http.
    pub http: bool,
    /// Registries that are asked first, in order.
    pub mirrors: Vec<String>,
    /// A file of further certificates to trust.
    pub ca: Option<PathBuf>,
}

impl Settings {
    /// Adds settings of higher precedence: single values are replaced, lists are joined, tables
    /// are joined by their keys.
    pub(super) fn add(&mut self, other: Self) {
        fn replace<T>(old: &mut Option<T>, new: Option<T>) {
            if new.is_some() {
                *old = new;
            }
        }
        fn join<T: PartialEq>(old: &mut Vec<T>, new: Vec<T>) {
            for item in new {
                if !old.contains(&item) {
                    old.push(item);
                }
            }
        }
        replace(&mut self.pull_policy, other.pull_policy);
        replace(&mut self.allowed_pull_policies, other.allowed_pull_policies);
        replace(&mut self.workspace, other.workspace);
        join(&mut self.tags, other.tags);
        for (pattern, alias) in other.images {
            // Among equally specific patterns the last one counts.
            self.images.shift_remove(&pattern);
            self.images.insert(pattern, alias);
        }
        self.commands.extend(other.commands);
        self.limits = other.limits.or(self.limits);
        self.ceilings = other.ceilings.or(self.ceilings);
        join(&mut self.mounts, other.mounts);
        join(&mut self.env, other.env);
        join(&mut self.secrets, other.secrets);
        join(&mut self.network, other.network);
        self.steps.extend(other.steps);
        self.registries.extend(other.registries);
    }
}
