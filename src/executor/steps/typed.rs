//! Typed steps: components that are called with values and return some.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use serde_json::Map;

use super::call::{OWN_FILES, Program, view};
use super::frame::Frame;
use super::{End, FUNCTION, Runner, StepPermission, StepSink};
use crate::executor::PROJECT_DIRECTORY;
use crate::executor::supervise::supervise;
use crate::function::expression::{Object, Value};
use crate::function::module::{Binary, embedded};
use crate::function::output::{MAX_LINES, RawAnnotation, complete, variable};
use crate::function::{Module, Outputs, Problem};
use crate::sandbox::{Finding, StepCall, StepHost, ViewSpec, signature};

/// The largest component whose interface is read.
const MAX_COMPONENT: u64 = 256 << 20;
/// Bytes of what one step says in annotations.
const MAX_SAID: usize = 16 << 20;

/// What a module or component says about the function that it is.
///
/// # Errors
/// If it cannot be read, is not WebAssembly, or is a typed step with types that no pipeline has.
pub fn module(file: &mut File) -> Result<Module, String> {
    let cannot = |error: io::Error| error.to_string();
    let (binary, text) = embedded(file).map_err(cannot)?;
    if let Some(text) = text {
        return Ok(Module::Text(text));
    }
    if binary == Binary::Module {
        return Ok(Module::Silent);
    }
    file.seek(SeekFrom::Start(0)).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_COMPONENT + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_COMPONENT {
        return Err(format!("it is larger than {} MiB", MAX_COMPONENT >> 20));
    }
    Ok(signature(&bytes)?.map_or(Module::Silent, Module::Typed))
}

/// Keeps what a step says and returns until it has ended.
struct Host {
    sink: Arc<StepSink>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    annotations: Vec<RawAnnotation>,
    bytes: usize,
    variables: Vec<(String, Value)>,
    outputs: Option<Map<String, serde_json::Value>>,
}

impl Said {
    fn count(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes += bytes;
        let count = self.annotations.len() + self.variables.len();
        if self.bytes > MAX_SAID || count >= MAX_LINES {
            return Err(format!(
                "it says too much: at most {MAX_LINES} annotations and variables of {} MiB together",
                MAX_SAID >> 20
            ));
        }
        Ok(())
    }
}

impl Host {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StepHost for Host {
    fn annotation(&self, finding: Finding) -> Result<(), String> {
        let Finding { severity: level, message, title, file, line, column } = finding;
        let mut said = self.lock();
        let texts = [Some(&message), title.as_ref(), file.as_ref()];
        said.count(texts.into_iter().flatten().map(String::len).sum())?;
        said.annotations.push(RawAnnotation { level, message, title, file, line, column });
        Ok(())
    }

    fn mask(&self, text: &str) {
        self.sink.hide(&Value::from(text).marked(true));
    }

    fn set_variable(&self, name: &str, value: &str) -> Result<(), String> {
        variable(name).map_err(|problem| problem.to_string())?;
        let mut said = self.lock();
        said.count(name.len() + value.len())?;
        said.variables.push((name.to_owned(), value.into()));
        Ok(())
    }

    fn returned(&self, outputs: Map<String, serde_json::Value>) {
        self.lock().outputs = Some(outputs);
    }
}

impl Runner<'_> {
    /// Runs a component that is a step.
    pub(super) async fn typed(
        &mut self,
        frame: &Frame,
        permission: &StepPermission,
        path: &str,
    ) -> Result<Object, End> {
        let Some((opened, inputs)) = &frame.function else {
            return Err(Problem::new("a component without a function").into());
        };
        let inputs = serde_json::to_value(Value::from(inputs.clone()));
        let Ok(serde_json::Value::Object(inputs)) = inputs else {
            return Err(Problem::new("the inputs cannot be handed over").into());
        };
        let directory = self.directory()?;
        let mut mounts = vec![opened.mount()];
        mounts.extend(permission.mounts.iter().cloned());
        let own = vec![directory.mount(OWN_FILES)];
        let spec = ViewSpec { mounts, own, memory: frame.memory, hidden: vec![] };
        let view = view(&self.sandbox.functions, spec)?;
        let words = vec![format!("{FUNCTION}/{}", opened.module.as_deref().unwrap_or_default())];
        let cwd = PROJECT_DIRECTORY.to_owned();
        let program = Program { words, cwd, files: OWN_FILES, granted: &permission.env };
        let program = self.program(program, &[frame.env.as_slice()]);
        let host = Arc::new(Host { sink: Arc::clone(&self.sandbox.sink), said: Mutex::default() });
        let call = StepCall { inputs, host: Arc::clone(&host) as _ };
        let ended = supervise(&view, view.run_step(program, call), &self.stop).await;
        let outcome = ended.outcome(&view);
        self.sandbox.sink.flush().await;
        let said = std::mem::take(&mut *host.lock());
        self.collect(directory, path).await?;
        self.annotate(said.annotations, path).await;
        self.exports.extend(said.variables);
        if !outcome.is_success() {
            return Err(End::Failed(outcome));
        }
        let Some(outputs) = said.outputs else {
            return Err(Problem::at(
                &opened.definition.place,
                "the step exited instead of returning from its function `run`",
            )
            .help("return its outputs, or an error, and do not call `exit`")
            .into());
        };
        let too_big = |error: serde_json::Error| {
            Problem::at(&opened.definition.place, format!("its outputs cannot be taken: {error}"))
        };
        let outputs: IndexMap<String, Value> =
            serde_json::from_value(outputs.into()).map_err(too_big)?;
        let Outputs::Declared(declared) = &opened.definition.spec.outputs else {
            return Ok(Object::default());
        };
        let outputs = complete(declared, outputs)?;
        self.sandbox.sink.hide(&outputs.clone().into());
        Ok(outputs)
    }
}
