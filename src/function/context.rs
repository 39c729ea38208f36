//! What the expressions of a step can see.

use super::definition::Declaration;
use super::expression::{Context, Object, Value};
use super::place::{Place, Problem};
use crate::diagnostic::similar;
use indexmap::IndexMap;

/// The names of the language that are known somewhere, with what they became if they were renamed.
const RENAMED: [(&str, &str); 2] = [("job", "vars"), ("step_dir", "func_dir")];

/// The name that stands for an old one.
pub fn renamed(name: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
}

/// What the expressions of one place can see.
#[derive(Clone, Debug, Default)]
pub struct StepContext {
    names: IndexMap<&'static str, Value>,
}

impl StepContext {
    /// Sees nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.names.insert(name, value.into());
        self
    }
}

impl Context for StepContext {
    fn get(&self, name: &str) -> Option<Value> {
        self.names.get(name).or_else(|| self.names.get(renamed(name)?)).cloned()
    }

    fn names(&self) -> Vec<&str> {
        self.names.keys().copied().collect()
    }

    fn advice(&self, name: &str) -> Option<String> {
        match name {
            "inputs" => Some("only the steps of a function have inputs".to_owned()),
            "func_dir" | "step_dir" => Some("only a function has a directory".to_owned()),
            "steps" => Some("only in a list of steps".to_owned()),
            "output_file" | "export_file" | "work_dir" => {
                Some("a step's files are known to its own command and script only".to_owned())
            }
            _ => None,
        }
    }
}

/// Checks what a function is called with, and fills in defaults.
///
/// # Errors
/// If an input is missing, unknown or has another type.
pub fn inputs(
    declared: &IndexMap<String, Declaration>,
    given: Vec<(String, Value, Option<Place>)>,
    function: &str,
) -> Result<Object, Problem> {
    let mut values: IndexMap<String, Value> = IndexMap::new();
    for (name, value, place) in given {
        let at = |message: String| match &place {
            Some(place) => Problem::at(place, message),
            None => Problem::new(message),
        };
        let Some(declaration) = declared.get(&name) else {
            let problem = at(format!("{function} has no input `{name}`"));
            let names = || declared.keys().map(String::as_str);
            return Err(match similar(&name, names()) {
                Some(similar) => problem.help(format!("did you mean `{similar}`?")),
                None if declared.is_empty() => problem.help("it has no inputs"),
                None => {
                    problem.help(format!("it has `{}`", names().collect::<Vec<_>>().join("`, `")))
                }
            });
        };
        if let Some(misfit) = declaration.misfit(&value) {
            let (told, found) = (misfit.told(&name), &misfit.found);
            let problem = at(format!("the input {told}, and this is {found}"));
            return Err(match misfit.advice {
                Some(advice) => problem.help(advice),
                None => problem,
            });
        }
        values.insert(name, value.marked(declaration.sensitive));
    }
    let mut inputs = Object::default();
    for (name, declaration) in declared {
        let value = values.shift_remove(name).or_else(|| declaration.default.clone());
        let Some(value) = value else {
            return Err(Problem::new(format!("{function} needs the input `{name}`")).help(
                format!(
                    "add `{name}: …` to the step's `inputs`; it is {}, declared at {}",
                    declaration.takes(),
                    declaration.place
                ),
            ));
        };
        inputs.insert(name.as_str(), value).map_err(|error| Problem::new(error.to_string()))?;
    }
    Ok(inputs)
}
