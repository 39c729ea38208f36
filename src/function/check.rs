//! What can be said about steps before anything runs: the functions of the project are read, and
//! what is called, given and looked up is held against what they declare.

use std::collections::HashMap;
use std::sync::Arc;

use super::definition::{Body, Definition, NO_NETWORK, Needs, Outputs};
use super::input::Input;
use super::location::Location;
use super::lookup::{Known, Scope, lookup};
use super::place::Text;
use super::read::{self, COMPONENT, FILES};
use super::step::{Action, Step};
use super::typed::typed;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::signature::Signature;

/// Where functions are read from.
pub trait Source {
    /// The content of a file, by its path relative to the project; `None` if it is not there.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String>;

    /// What a module or component says about the function that it is; `None` if it is not there.
    ///
    /// # Errors
    /// Why it cannot be read, or is no function.
    fn module(&self, path: &str) -> Result<Option<Module>, String>;
}

/// What a module or component says about the function that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// It has a `func.yml` in it.
    Text(Vec<u8>),
    /// It is a typed step.
    Typed(Signature),
    /// Nothing.
    Silent,
}

/// What to do about a module that nothing is known of.
pub const SILENT: &str = "write a func.yml beside it and name its directory, publish it with \
                          `greenroom step publish`, or make it a typed step (docs/steps.md)";

/// Functions within functions that are followed.
const MAX_DEPTH: usize = 20;

/// Checks steps and the functions that they name. Each function is read once.
pub struct Checker<'a> {
    source: &'a dyn Source,
    diagnostics: &'a mut Diagnostics,
    /// By the path of the directory or file.
    read: HashMap<String, Option<Arc<Definition>>>,
    /// Functions whose own steps were checked.
    checked: HashMap<String, ()>,
}

impl<'a> Checker<'a> {
    /// A checker that knows nothing yet.
    pub fn new(source: &'a dyn Source, diagnostics: &'a mut Diagnostics) -> Self {
        Self { source, diagnostics, read: HashMap::new(), checked: HashMap::new() }
    }

    /// Checks the steps of a job.
    pub fn job(&mut self, steps: &[Step]) {
        self.steps(steps, Scope { directory: "", function: None, stack: &[] });
    }

    /// Reads and checks a function by the path of its directory or file.
    pub fn function(&mut self, path: &str, at: Span) -> Option<Arc<Definition>> {
        self.called(path, at, &[])
    }

    /// What the functions of some steps need beyond the workspace, those within functions
    /// included: the step's name, what stands behind its `func:`, and the needs.
    pub fn needs(&mut self, steps: &[Step]) -> Vec<(String, String, Needs)> {
        let mut found = Vec::new();
        self.collect_needs(steps, "", 0, &mut found);
        found
    }

    fn collect_needs(
        &mut self,
        steps: &[Step],
        directory: &str,
        depth: usize,
        found: &mut Vec<(String, String, Needs)>,
    ) {
        for step in steps {
            let Some((path, written)) = local(step, directory) else { continue };
            let known = self.read.get(&path).cloned();
            let definition = known.unwrap_or_else(|| {
                let read = self.load(&path, step.span).map(Arc::new);
                self.read.insert(path.clone(), read.clone());
                read
            });
            let Some(definition) = definition else { continue };
            if !definition.needs.is_empty() {
                found.push((step.name.clone(), written, definition.needs.clone()));
            }
            if let Body::Run { steps, .. } = &definition.body
                && depth < MAX_DEPTH
            {
                self.collect_needs(steps, directory_of(&path), depth + 1, found);
            }
        }
    }

    fn steps(&mut self, steps: &[Step], scope: Scope<'_>) -> Known {
        let mut known = Known::default();
        for step in steps {
            let names = |name: &str| steps.iter().any(|step| step.name == name);
            for (_, text) in &step.env {
                self.text(text, step.span, scope, &known, &names, false);
            }
            let outputs = match &step.action {
                Action::Script(text) => {
                    self.text(text, step.span, scope, &known, &names, true);
                    Some(vec![])
                }
                Action::Function { reference, inputs } => {
                    let given = inputs
                        .iter()
                        .flat_map(|(name, value, _)| std::iter::once(name).chain(value.texts()));
                    for text in reference.texts().into_iter().chain(given) {
                        self.text(text, step.span, scope, &known, &names, false);
                    }
                    self.call(step, scope)
                }
            };
            known.0.insert(step.name.clone(), outputs);
        }
        known
    }

    /// Checks a call, and says which outputs the function has if that is known.
    fn call(&mut self, step: &Step, scope: Scope<'_>) -> Option<Vec<String>> {
        let Action::Function { reference, inputs } = &step.action else { return None };
        let (path, _) = local(step, scope.directory)?;
        let definition = self.called(&path, reference.span(), scope.stack)?;
        if let Some(host) = definition.needs.network.first() {
            let message = format!("`{}` needs to connect to {host}", reference.shown());
            self.diagnostics.push(
                Diagnostic::warning(Code::StepNetwork, message)
                    .label(reference.span(), "it will fail: the sandbox has no network to grant")
                    .help(NO_NETWORK),
            );
        }
        let declared = &definition.spec.inputs;
        let mut computed_names = false;
        for (name, value, span) in inputs {
            let Some(name) = name.as_literal() else {
                computed_names = true;
                continue;
            };
            let Some(declaration) = declared.get(name) else {
                let finding = Diagnostic::error(
                    Code::StepInput,
                    format!("`{}` has no input `{name}`", reference.shown()),
                )
                .label(*span, "given here");
                self.diagnostics.push(match similar(name, declared.keys().map(String::as_str)) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None if declared.is_empty() => finding.help("it has no inputs"),
                    None => {
                        let names: Vec<&str> = declared.keys().map(String::as_str).collect();
                        finding.help(format!("it has `{}`", names.join("`, `")))
                    }
                });
                continue;
            };
            if let Input::Value(value) = value
                && let Some(misfit) = declaration.misfit(value)
            {
                let finding =
                    Diagnostic::error(Code::StepInput, format!("the input {}", misfit.told(name)))
                        .label(*span, format!("its value is {}", misfit.found));
                self.diagnostics.push(match misfit.advice {
                    Some(advice) => finding.help(advice),
                    None => finding,
                });
            }
        }
        let given = |name: &str| inputs.iter().any(|(n, ..)| n.as_literal() == Some(name));
        for (name, declaration) in declared {
            if declaration.default.is_none() && !given(name) && !computed_names {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::StepInput,
                        format!("`{}` needs the input `{name}`", reference.shown()),
                    )
                    .label(step.span, "this step does not give it")
                    .help(format!(
                        "add `{name}: …` to `inputs`; it is {}, declared at {}",
                        declaration.takes(),
                        declaration.place
                    )),
                );
            }
        }
        match &definition.spec.outputs {
            Outputs::Declared(outputs) => Some(outputs.keys().cloned().collect()),
            Outputs::Delegate => None,
        }
    }

    /// Reads a function, and checks its own steps once.
    fn called(&mut self, path: &str, at: Span, stack: &[String]) -> Option<Arc<Definition>> {
        let definition = match self.read.get(path) {
            Some(known) => known.clone()?,
            None => {
                let read = self.load(path, at).map(Arc::new);
                self.read.insert(path.to_owned(), read.clone());
                read?
            }
        };
        if stack.iter().any(|around| around == path) {
            self.diagnostics.push(
                Diagnostic::error(Code::StepCircular, format!("`{path}` leads back to itself"))
                    .label(at, "called here")
                    .help("a function cannot be a step of its own steps: it would never end"),
            );
            return None;
        }
        if stack.len() >= MAX_DEPTH {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::StepCircular,
                    format!("functions are nested more than {MAX_DEPTH} deep"),
                )
                .label(at, "called here"),
            );
            return None;
        }
        if self.checked.insert(path.to_owned(), ()).is_none() || !stack.is_empty() {
            let stack: Vec<String> = stack.iter().cloned().chain([path.to_owned()]).collect();
            self.definition(path, &definition, &stack);
        }
        Some(definition)
    }

    fn load(&mut self, path: &str, at: Span) -> Option<Definition> {
        if path.ends_with(".wasm") {
            return match self.component(path, at) {
                Some(found) => found,
                None => {
                    self.missing(path, "this module is not there", at);
                    None
                }
            };
        }
        let files = match path.ends_with(".yml") || path.ends_with(".yaml") {
            true => vec![path.to_owned()],
            false => FILES.map(|name| join(path, name).unwrap_or_default()).to_vec(),
        };
        for file in files {
            match self.source.read(&file) {
                Ok(Some(bytes)) => return read::read(&file, &bytes, self.diagnostics),
                Ok(None) => {}
                Err(reason) => {
                    let message = format!("cannot read `{file}`: {reason}");
                    let finding = Diagnostic::error(Code::StepReference, message);
                    self.diagnostics.push(named(finding, at));
                    return None;
                }
            }
        }
        let component = join(path, COMPONENT).unwrap_or_default();
        if let Some(found) = self.component(&component, at) {
            return found;
        }
        self.missing(path, "there is no func.yml", at);
        None
    }

    /// Says that there is no function, which may still be made.
    fn missing(&mut self, path: &str, label: &str, at: Span) {
        let shown = if path.is_empty() { "the project's directory" } else { path };
        self.diagnostics.push(
            Diagnostic::warning(Code::StepReference, format!("there is no function in `{shown}`"))
                .label(at, label)
                .help(
                    "fine if an earlier job or step makes it; else correct the path, or begin with \
                     `greenroom step new NAME`",
                ),
        );
    }

    /// The function that a module is, if it is there and one.
    fn component(&mut self, file: &str, at: Span) -> Option<Option<Definition>> {
        let (message, help) = match self.source.module(file) {
            Ok(None) => return None,
            Ok(Some(Module::Typed(signature))) => return Some(Some(typed(&signature, file))),
            Ok(Some(Module::Text(bytes))) => {
                return Some(read::read(file, &bytes, self.diagnostics));
            }
            Ok(Some(Module::Silent)) => {
                (format!("`{file}` does not say what it takes and returns"), SILENT)
            }
            Err(reason) => (
                format!("`{file}` cannot be used as a step: {reason}"),
                "docs/steps.md says what a typed step may take and return",
            ),
        };
        let finding = Diagnostic::error(Code::StepReference, message).help(help);
        self.diagnostics.push(named(finding, at));
        Some(None)
    }

    fn definition(&mut self, path: &str, definition: &Definition, stack: &[String]) {
        let directory = directory_of(path);
        let scope = Scope { directory, function: Some(definition), stack };
        let nothing = Known::default();
        let nobody = |_: &str| false;
        let is_exec = !matches!(definition.body, Body::Run { .. });
        for (_, text) in &definition.env {
            self.text(text, Span::default(), scope, &nothing, &nobody, is_exec);
        }
        match &definition.body {
            Body::Exec { command, work_dir } => {
                for text in command.iter().chain(work_dir) {
                    self.text(text, Span::default(), scope, &nothing, &nobody, true);
                }
            }
            Body::Component => {}
            Body::Run { steps, outputs, .. } => {
                let known = self.steps(steps, scope);
                let names = |name: &str| steps.iter().any(|step| step.name == name);
                for (_, value, span) in outputs {
                    for text in value.texts() {
                        self.text(text, *span, scope, &known, &names, false);
                    }
                }
            }
        }
    }

    /// Checks what the expressions of a text look up.
    fn text(
        &mut self,
        text: &Text,
        whole: Span,
        scope: Scope<'_>,
        known: &Known,
        later: &dyn Fn(&str) -> bool,
        has_files: bool,
    ) {
        for (path, span) in text.lookups(whole) {
            if let Some(finding) = lookup(&path, span, scope, known, later, has_files) {
                self.diagnostics.push(finding);
            }
        }
    }
}

/// The path of the project's function that a step names, and what stands behind its `func:`.
fn local(step: &Step, directory: &str) -> Option<(String, String)> {
    let Action::Function { reference, .. } = &step.action else { return None };
    let literal = |text: &Text| {
        let literal = text.as_literal().map(str::to_owned);
        literal.ok_or_else(|| super::place::Problem::new("computed when the step runs"))
    };
    let Ok(Location::Local(path)) = reference.location(literal) else { return None };
    Some((join(directory, &path)?, path))
}

/// The finding at the place of a name, if a file names it and not the command line.
fn named(finding: Diagnostic, at: Span) -> Diagnostic {
    if at == Span::default() { finding } else { finding.label(at, "named here") }
}

/// The directory of a function, whose path may be that of its file.
fn directory_of(path: &str) -> &str {
    match [".yml", ".yaml", ".wasm"].iter().any(|ending| path.ends_with(ending)) {
        true => path.rsplit_once('/').map_or("", |(directory, _)| directory),
        false => path,
    }
}

/// A path below a directory, without `.` and `..`; `None` if it leads out of the project, or is
/// absolute.
fn join(directory: &str, path: &str) -> Option<String> {
    let path = match path.strip_prefix("/workspace/") {
        Some(below) => return join("", below),
        None if path.starts_with('/') => return None,
        None => path,
    };
    let mut names: Vec<&str> = directory.split('/').filter(|name| !name.is_empty()).collect();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}
