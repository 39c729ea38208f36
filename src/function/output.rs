//! The files that a step writes: outputs, exports and annotations, as JSON lines.

use std::fmt;

use indexmap::IndexMap;
use serde::Deserialize;

use super::definition::{Declaration, Outputs};
use super::expression::{Data, Object, Value};
use super::place::Problem;
use super::step::is_name;
use crate::diagnostic::similar;

/// Bytes of each of these files.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Lines of each of these files.
pub const MAX_LINES: usize = 100_000;

/// Which of a step's files it is, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepFile {
    /// `${{ output_file }}`.
    Outputs,
    /// `${{ export_file }}`.
    Exports,
    /// The file that `GREENROOM_ANNOTATIONS` names.
    Annotations,
}

impl fmt::Display for StepFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outputs => "output_file",
            Self::Exports => "export_file",
            Self::Annotations => "the file of annotations",
        })
    }
}

/// What a file held that is larger than [`MAX_FILE`].
pub fn too_large(file: StepFile, size: u64) -> Problem {
    Problem::new(format!("{file} has {size} bytes, and {MAX_FILE} are read at most"))
        .help("write large results into files of the workspace, and output their paths")
}

fn text(file: StepFile, bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        at(file, line, "this is not UTF-8 text")
    })
}

fn at(file: StepFile, line: usize, message: impl fmt::Display) -> Problem {
    Problem::new(format!("{file}, line {line}: {message}"))
}

/// A line of a file: a number, and what it says.
type Line<'t> = (usize, &'t str);

fn lines(file: StepFile, text: &str) -> Result<impl Iterator<Item = Line<'_>>, Problem> {
    if text.lines().count() > MAX_LINES {
        return Err(Problem::new(format!("{file} has more than {MAX_LINES} lines")));
    }
    Ok((1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()))
}

/// A name and a value: a line of an output or export file.
fn pair(file: StepFile, line: usize, json: &str) -> Result<(String, Value), Problem> {
    const FORM: &str = "write one JSON object per line: {\"name\":\"…\",\"value\":…}";
    let value: Value = serde_json::from_str(json).map_err(|error| {
        at(file, line, format!("this is not JSON ({})", reason(&error))).help(FORM)
    })?;
    let Data::Object(object) = &value.data else {
        return Err(at(file, line, format!("this is {}", value.kind())).help(FORM));
    };
    let name = match object.get("name").map(|name| &name.data) {
        Some(Data::String(name)) if !name.is_empty() => name.to_string(),
        Some(Data::String(_)) => return Err(at(file, line, "the name is empty").help(FORM)),
        Some(Data::Null) | None => return Err(at(file, line, "there is no name").help(FORM)),
        Some(_) => return Err(at(file, line, "the name is not a string").help(FORM)),
    };
    match object.get("value") {
        Some(value) if value.data != Data::Null => Ok((name, value.clone())),
        Some(_) => Err(at(file, line, format!("the value of `{name}` is null")).help(FORM)),
        None => Err(at(file, line, format!("`{name}` has no value")).help(FORM)),
    }
}

/// A parser's message without its own count of lines, of which there is always one.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => format!("{message}, column {}", error.column()),
        None => text,
    }
}

/// Reads what a step wrote into its output file, and fills in defaults.
///
/// # Errors
/// If a line is not what it should be, names an output that is not declared or has another type,
/// or an output without a default is missing.
pub fn outputs(bytes: &[u8], spec: &Outputs) -> Result<Object, Problem> {
    let file = StepFile::Outputs;
    let text = text(file, bytes)?;
    match spec {
        Outputs::Delegate => delegated(text),
        Outputs::Declared(declared) => {
            let mut given: IndexMap<String, Value> = IndexMap::new();
            for (line, json) in lines(file, text)? {
                let (name, value) = pair(file, line, json)?;
                let Some(declaration) = declared.get(&name) else {
                    return Err(undeclared(declared, &name, at(file, line, "")));
                };
                if let Some(misfit) = declaration.misfit(&value) {
                    let message = format!("{}, and this is {}", misfit.told(&name), misfit.found);
                    let problem = at(file, line, message);
                    return Err(problem.help(format!("it is declared at {}", declaration.place)));
                }
                given.insert(name, value);
            }
            complete(declared, given)
        }
    }
}

/// Checks values against the declared outputs and fills in defaults.
///
/// # Errors
/// If one has another type, is not declared, or is missing.
pub fn complete(
    declared: &IndexMap<String, Declaration>,
    mut given: IndexMap<String, Value>,
) -> Result<Object, Problem> {
    let mut outputs = Object::default();
    let mut missing = Vec::new();
    for (name, declaration) in declared {
        match given.shift_remove(name).or_else(|| declaration.default.clone()) {
            Some(value) => {
                if let Some(misfit) = declaration.misfit(&value) {
                    let (told, found) = (misfit.told(name), &misfit.found);
                    let message = format!("the output {told}, and its value is {found}");
                    return Err(Problem::at(&declaration.place, message));
                }
                outputs
                    .insert(name.as_str(), value.marked(declaration.sensitive))
                    .map_err(|error| Problem::new(error.to_string()))?;
            }
            None => missing.push(name.as_str()),
        }
    }
    if let Some(name) = given.keys().next() {
        return Err(undeclared(declared, name, Problem::new("")));
    }
    match missing[..] {
        [] => Ok(outputs),
        [name] => Err(Problem::at(
            &declared[name].place,
            format!("the step ended without its output `{name}`"),
        )
        .help("write it into `${{ output_file }}`, or declare a `default`")),
        [..] => Err(Problem::at(
            &declared[missing[0]].place,
            format!("the step ended without its outputs `{}`", missing.join("`, `")),
        )
        .help("write them into `${{ output_file }}`, or declare a `default`")),
    }
}

fn undeclared(declared: &IndexMap<String, Declaration>, name: &str, at: Problem) -> Problem {
    let problem =
        Problem { message: format!("{}the output `{name}` is not declared", at.message), ..at };
    match similar(name, declared.keys().map(String::as_str)) {
        Some(similar) => problem.help(format!("did you mean `{similar}`?")),
        None => problem.help(format!("add `{name}` with a `type` to `spec: outputs`")),
    }
}

/// The file of a program whose spec delegates its outputs: one step result as GitLab's step runner
/// writes it, of which the outputs count.
fn delegated(text: &str) -> Result<Object, Problem> {
    const FORM: &str = "write one JSON object with `outputs`: {\"outputs\":{\"NAME\":…}}";
    let file = StepFile::Outputs;
    if text.trim().is_empty() {
        return Err(Problem::new(format!("{file} is empty, and the outputs are delegated to it"))
            .help(FORM));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        at(file, error.line(), format!("this is not JSON ({})", reason(&error))).help(FORM)
    })?;
    let outputs = match &value.data {
        Data::Object(object) => object.get("outputs").map(|value| value.data.clone()),
        _ => None,
    };
    match outputs {
        Some(Data::Object(outputs)) => Ok(outputs),
        Some(Data::Null) => Ok(Object::default()),
        _ => Err(Problem::new(format!("{file} holds no `outputs`")).help(FORM)),
    }
}

/// Reads what a step wrote into its export file: variables for all later steps.
///
/// # Errors
/// If a line is not what it should be, or a value is neither a string nor a number nor a boolean.
pub fn exports(bytes: &[u8]) -> Result<Vec<(String, Value)>, Problem> {
    let file = StepFile::Exports;
    let mut exports = Vec::new();
    for (line, json) in lines(file, text(file, bytes)?)? {
        let (name, value) = pair(file, line, json)?;
        if let Err(problem) = variable(&name) {
            return Err(Problem { help: problem.help, ..at(file, line, problem.message) });
        }
        if !matches!(value.data, Data::String(_) | Data::Number(_) | Data::Bool(_)) {
            let message = format!("`{name}` is {}, which cannot be a variable", value.kind());
            return Err(at(file, line, message)
                .help("export strings, numbers and booleans, and write the rest as JSON text"));
        }
        let sensitive = value.sensitive;
        exports.push((name, Value::from(value.to_string()).marked(sensitive)));
    }
    Ok(exports)
}

/// Checks the name of a variable for later steps.
///
/// # Errors
/// If it is none.
pub fn variable(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::new(format!("a variable cannot be named `{name}`"))
        .help("names have letters, digits and `_`, and do not begin with a digit"))
}

/// What a step says about a place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAnnotation {
    /// `error`, `warning` or `notice`.
    pub level: String,
    /// What.
    pub message: String,
    /// A few words that name the kind of finding.
    #[serde(default)]
    pub title: Option<String>,
    /// The file, relative to the project.
    #[serde(default)]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// The column, from 1.
    #[serde(default)]
    pub column: Option<u32>,
}

/// Reads what a step wrote into its file of annotations. What cannot be read is told and left out:
/// an annotation decides nothing.
pub fn annotations(bytes: &[u8]) -> (Vec<RawAnnotation>, Vec<Problem>) {
    let file = StepFile::Annotations;
    let mut annotations = Vec::new();
    let mut problems = Vec::new();
    let read = text(file, bytes).and_then(|text| Ok(lines(file, text)?.collect::<Vec<_>>()));
    let lines = match read {
        Ok(lines) => lines,
        Err(problem) => return (annotations, vec![problem]),
    };
    for (line, json) in lines {
        match serde_json::from_str::<RawAnnotation>(json) {
            Ok(annotation) => match annotation.level.as_str() {
                "error" | "warning" | "notice" => annotations.push(annotation),
                other => problems.push(
                    at(file, line, format!("there is no level `{other}`"))
                        .help("write `error`, `warning` or `notice`"),
                ),
            },
            Err(error) => problems.push(
                at(file, line, format!("this is no annotation ({})", reason(&error))).help(
                    "write {\"level\":\"error\",\"message\":\"…\",\"file\":\"…\",\"line\":1}",
                ),
            ),
        }
    }
    (annotations, problems)
}
