//! A function, whether a `func.yml` or a component defines it: its interface and what it does.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

use super::expression::Value;
use super::input::Input;
use super::place::{Place, Text};
use super::step::Steps;
use super::types::Type;
use crate::diagnostic::Span;
use crate::signature::Kind;

/// The interface of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// What it is called with.
    pub inputs: IndexMap<String, Declaration>,
    /// What it returns.
    pub outputs: Outputs,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// What it takes.
    pub kind: Type,
    /// Its value if nothing else is given. An input without a default must be given.
    pub default: Option<Value>,
    /// What it is for.
    pub description: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// What a component declares beyond `kind`.
    pub detail: Option<Kind>,
    /// Where it is declared.
    pub place: Place,
}

/// What a function returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// These, by name.
    Declared(IndexMap<String, Declaration>),
    /// What one of its steps returns.
    Delegate,
}

impl Default for Outputs {
    fn default() -> Self {
        Self::Declared(IndexMap::new())
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its interface.
    pub spec: Spec,
    /// What it does.
    pub body: Body,
    /// Variables for its command or its steps.
    pub env: Vec<(String, Text)>,
    /// What it needs beyond the workspace.
    pub needs: Needs,
    /// Where its definition begins.
    pub place: Place,
}

/// What a function does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Runs one program.
    Exec {
        /// The program and its arguments, without a shell.
        command: Vec<Text>,
        /// Where it runs, if not in the project's directory.
        work_dir: Option<Text>,
    },
    /// Runs steps.
    Run {
        /// The steps.
        steps: Steps,
        /// What the outputs are made of.
        outputs: Vec<(String, Input, Span)>,
        /// The step whose outputs are this function's.
        delegate: Option<String>,
    },
    /// Calls the function `run` of the component that the definition was read from.
    Component,
}

/// What to do instead of connecting somewhere.
pub const NO_NETWORK: &str = "let something outside of greenroom fetch what it needs before the run, \
                              and send what it makes after it: as files of the project, or in a \
                              directory that is granted (`mounts`)";

/// What a step needs beyond the workspace, its directory and its two files; the user has to grant
/// it by the step's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Hosts that it connects to, `HOST[:PORT]`.
    pub network: Vec<String>,
    /// Places in the sandbox where it needs a directory of the machine.
    pub mounts: Vec<String>,
    /// Variables of the machine's environment.
    pub env: Vec<String>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

impl Needs {
    /// Whether it needs something that has to be granted, where a process may have `memory` bytes
    /// without a grant. Time is not granted but limited.
    pub fn exceed(&self, memory: u64) -> bool {
        let Self { network, mounts, env, .. } = self;
        let any = [network, mounts, env].iter().any(|list| !list.is_empty());
        any || self.memory.is_some_and(|needed| needed > memory)
    }

    /// Whether it needs nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A function is read once and used by all steps that name it.
pub type Function = Arc<Definition>;
