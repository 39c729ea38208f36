//! What the steps of one list have in common.

use indexmap::IndexMap;

use super::FUNCTION;
use super::source::Opened;
use crate::executor::PROJECT_DIRECTORY;
use crate::function::expression::{Data, Object, Value};
use crate::function::{Problem, StepContext};
use crate::sandbox::DEFAULT_PATH;

/// Variables that every step has, as the ones that GitLab's step runner takes from the system.
const SYSTEM: [(&str, &str); 8] = [
    ("PATH", DEFAULT_PATH),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("LOGNAME", "root"),
    ("SHELL", "/bin/bash"),
    ("TMPDIR", "/tmp"),
    ("USER", "root"),
    ("CI_STEPS_LOG_LEVEL", "info"),
];

/// Further ones that an image may set.
const FROM_IMAGE: [&str; 4] = ["TERM", "TZ", "LC_CTYPE", "HOME"];

/// The variables that every step has; an image may have other values for them.
pub(in crate::executor) fn system(image: &[(String, String)]) -> Vec<Variable> {
    let own = SYSTEM.map(|(name, value)| (name.to_owned(), Value::from(value)));
    let mut system: IndexMap<String, Value> = own.into_iter().collect();
    for (name, value) in image {
        if system.contains_key(name) || FROM_IMAGE.contains(&name.as_str()) {
            system.insert(name.clone(), value.as_str().into());
        }
    }
    system.into_iter().collect()
}

/// A variable of a step.
pub(super) type Variable = (String, Value);

/// A list of steps: that of the job, or that of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    /// The function whose list it is, with the values of its inputs.
    pub(super) function: Option<(Opened, Object)>,
    /// The functions around it, from the outside.
    pub(super) stack: Vec<(u64, u64)>,
    /// The names of the steps around it, each followed by `/`.
    pub(super) prefix: String,
    /// `steps.NAME`: what the steps that have ended returned.
    pub(super) steps: Object,
    /// What the functions and steps around it set, in ascending precedence.
    pub(super) env: Vec<Variable>,
    /// Bytes of memory of each process, if a function around it limits them.
    pub(super) memory: Option<u64>,
}

impl Frame {
    /// Adds what a step has returned.
    pub(super) fn ended(&mut self, step: &str, outputs: Object) -> Result<(), Problem> {
        let big = |error: crate::function::expression::TooBig| Problem::new(error.to_string());
        let result = Object::new([("outputs", Value::from(outputs))]).map_err(big)?;
        self.steps.insert(step, result.into()).map_err(big)
    }

    /// What expressions see that are evaluated for this list.
    pub(super) fn context(&self, vars: &Value) -> StepContext {
        let context = StepContext::new()
            .with("vars", vars.clone())
            .with("steps", self.steps.clone())
            .with("work_dir", PROJECT_DIRECTORY);
        match &self.function {
            Some((_, inputs)) => context.with("inputs", inputs.clone()).with("func_dir", FUNCTION),
            None => context,
        }
    }
}

/// A step's environment: what the system sets, what earlier steps exported, and `layers` in
/// ascending precedence.
pub(super) fn environment<'e>(
    system: &'e [Variable],
    exports: &'e IndexMap<String, Value>,
    layers: impl IntoIterator<Item = &'e [Variable]>,
) -> IndexMap<&'e str, &'e Value> {
    let mut all: IndexMap<&str, &Value> = IndexMap::with_capacity(system.len() + exports.len());
    all.extend(system.iter().map(|(name, value)| (name.as_str(), value)));
    all.extend(exports.iter().map(|(name, value)| (name.as_str(), value)));
    for layer in layers {
        all.extend(layer.iter().map(|(name, value)| (name.as_str(), value)));
    }
    all
}

/// The same as `env` of expressions.
pub(super) fn env_value(environment: &IndexMap<&str, &Value>) -> Result<Value, Problem> {
    let entries = environment.iter().map(|(name, value)| (*name, (*value).clone()));
    let object = Object::new(entries).map_err(|error| Problem::new(error.to_string()))?;
    Ok(Data::Object(object).into())
}
