//! One step: its script, its function's program, or its function's own steps.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;

use indexmap::IndexMap;

use super::files::{StepDirectory, name};
use super::frame::{Frame, Variable, env_value, environment};
use super::source::Opened;
use super::{End, FUNCTION, MAX_DEPTH, Runner, StepPermission, grants};
use crate::event::{Level, StepOutcome};
use crate::executor::PullNotices;
use crate::executor::supervise::supervise;
use crate::executor::{PROJECT_DIRECTORY, SHELL};
use crate::function::expression::{Data, Object, Value};
use crate::function::output::{StepFile, complete, outputs};
use crate::function::{
    Action, Body, Definition, Input, Outputs, Problem, Step, StepContext, Steps, Text,
    evaluate_name, evaluate_text, inputs,
};
use crate::plan::Environment;
use crate::sandbox::{Job, ProgramSpec, StartError, Stdio, ViewSpec};

/// Where a script of the job finds its two files: its `/tmp` is the job's.
const SCRIPT_FILES: &str = "/run/step";
/// Where everything else finds them.
pub(super) const OWN_FILES: &str = "/tmp";
/// The variable that names the file of annotations.
const ANNOTATIONS: &str = "GREENROOM_ANNOTATIONS";

type Called<'f> = Pin<Box<dyn Future<Output = Result<Object, End>> + Send + 'f>>;

impl Runner<'_> {
    /// Runs a step and returns its outputs. Boxed, because the step's function may have steps.
    pub(super) fn call<'f>(
        &'f mut self,
        step: &'f Step,
        frame: &'f Frame,
        path: &'f str,
    ) -> Called<'f> {
        Box::pin(async move {
            match &step.action {
                Action::Script(text) => self.script(step, text, frame, path).await,
                Action::Function { reference, inputs: given } => {
                    let texts = given
                        .iter()
                        .flat_map(|(name, value, _)| std::iter::once(name).chain(value.texts()));
                    let texts = texts.chain(reference.texts()).chain(values(&step.env));
                    let context = self.context(frame, &[], texts)?;
                    let location = reference.location(|text| evaluate_name(text, &context))?;
                    let (opened, warnings) = self
                        .sandbox
                        .known
                        .open(
                            &self.sandbox.project,
                            &location,
                            frame.function.as_ref().map(|(opened, _)| opened),
                            &PullNotices(self.log.clone()),
                        )
                        .await
                        .map_err(|problem| problem.or_at(&step.place))?;
                    for warning in warnings {
                        self.log.notice(Level::Warning, warning).await;
                    }
                    let mut values = Vec::with_capacity(given.len());
                    for (name, value, _) in given {
                        let place = match value {
                            Input::Text(text) => text.place(),
                            _ => name.place(),
                        };
                        let value =
                            value.evaluate(&context).map_err(|problem| problem.or_at(place))?;
                        values.push((evaluate_name(name, &context)?, value, Some(place.clone())));
                    }
                    let env = evaluate_env(&step.env, &context)?;
                    let shown = format!("`{}`", opened.shown);
                    let inputs = inputs(&opened.definition.spec.inputs, values, &shown)
                        .map_err(|problem| problem.or_at(&step.place))?;
                    self.sandbox.sink.hide(&inputs.clone().into());
                    self.function(step, opened, inputs, env, frame, path).await
                }
            }
        })
    }

    /// What expressions of a list see; `env` only if one of the texts asks for it, as it has to be
    /// made of all its layers.
    fn context<'t>(
        &self,
        frame: &Frame,
        layer: &[Variable],
        texts: impl Iterator<Item = &'t Text>,
    ) -> Result<StepContext, Problem> {
        let context = frame.context(&self.sandbox.variables);
        if !asks_for_env(texts) {
            return Ok(context);
        }
        let environment =
            environment(&self.sandbox.system, &self.exports, [frame.env.as_slice(), layer]);
        Ok(context.with("env", env_value(&environment)?))
    }

    /// Runs a text in the shell.
    async fn script(
        &mut self,
        step: &Step,
        text: &Text,
        frame: &Frame,
        path: &str,
    ) -> Result<Object, End> {
        let at_top = frame.function.is_none();
        let files = if at_top { SCRIPT_FILES } else { OWN_FILES };
        let context = self.context(frame, &[], values(&step.env))?;
        let env = evaluate_env(&step.env, &context)?;
        let context = with_files(self.context(frame, &env, std::iter::once(text))?, files);
        let text = evaluate_text(text, &context)?.to_string();
        let directory = self.directory()?;
        let own = vec![directory.mount(files)];
        let mounts = frame.function.iter().map(|(function, _)| function.mount()).collect();
        let from = if at_top { &self.sandbox.scripts } else { &self.sandbox.functions };
        let view = view(from, ViewSpec { mounts, own, memory: frame.memory, hidden: vec![] })?;
        let words = [SHELL, "-e", "-o", "pipefail", "-c", &text];
        let program = Program {
            words: words.map(str::to_owned).to_vec(),
            cwd: PROJECT_DIRECTORY.to_owned(),
            files,
            granted: &[],
        };
        let program = self.program(program, &[frame.env.as_slice(), &env]);
        let outcome = supervise(&view, view.run(program), &self.stop).await.outcome(&view);
        self.end(directory, path, outcome, &Outputs::default()).await
    }

    /// Runs a function.
    async fn function(
        &mut self,
        step: &Step,
        opened: Opened,
        inputs: Object,
        env: Vec<Variable>,
        frame: &Frame,
        path: &str,
    ) -> Result<Object, End> {
        let definition = Arc::clone(&opened.definition);
        let permission = grants::permission(
            &self.sandbox.grants,
            &step.name,
            &opened.granted_as,
            &definition.needs,
            self.sandbox.memory,
        )?;
        let mut inner = Frame {
            function: Some((opened, inputs)),
            stack: frame.stack.clone(),
            prefix: format!("{path}/"),
            steps: Object::default(),
            env: frame.env.iter().cloned().chain(env).collect(),
            memory: frame.memory.into_iter().chain(permission.memory).min(),
        };
        let stop = match permission.timeout {
            Some(limit) => {
                let sooner = self.stop.within(limit);
                mem::replace(&mut self.stop, sooner)
            }
            None => self.stop.clone(),
        };
        let result = self.body(&definition, &mut inner, &permission, path).await;
        self.stop = stop;
        if let (Err(End::Failed(StepOutcome::TimedOut)), Some(limit), None) =
            (&result, permission.timeout, self.stop.reason())
        {
            let time = humantime::format_duration(limit);
            let problem = match definition.needs.timeout == Some(limit) {
                true => Problem::at(
                    &definition.place,
                    format!("the step took longer than {time}, which it declares as its `timeout`"),
                ),
                false => Problem::new(format!(
                    "the step took longer than {time}, which is its `timeout` in greenroom.toml"
                )),
            };
            self.failed(problem.or_at(&step.place)).await;
        }
        result
    }

    /// Does what a function consists of.
    async fn body(
        &mut self,
        definition: &Definition,
        inner: &mut Frame,
        permission: &StepPermission,
        path: &str,
    ) -> Result<Object, End> {
        match &definition.body {
            Body::Exec { command, work_dir } => {
                let texts = command.iter().chain(work_dir).chain(values(&definition.env));
                let context = with_files(self.context(inner, &[], texts)?, OWN_FILES);
                let own = evaluate_env(&definition.env, &context)?;
                let context = match asks_for_env(command.iter().chain(work_dir)) {
                    true => with_files(
                        self.context(inner, &own, command.iter().chain(work_dir))?,
                        OWN_FILES,
                    ),
                    false => context,
                };
                let cwd = match work_dir {
                    Some(text) => absolute(&evaluate_name(text, &context)?),
                    None => PROJECT_DIRECTORY.to_owned(),
                };
                let context = context.with("work_dir", cwd.as_str());
                let words =
                    command.iter().map(|word| Ok(evaluate_text(word, &context)?.to_string()));
                let mut words = words.collect::<Result<Vec<_>, Problem>>()?;
                if let (Some((Opened { module: Some(module), .. }, _)), Some(first)) =
                    (&inner.function, words.first_mut())
                {
                    *first = format!("{FUNCTION}/{module}");
                }
                self.exec(words, cwd, inner, &own, permission, path).await
            }
            Body::Component => self.typed(inner, permission, path).await,
            Body::Run { steps, outputs, delegate } => {
                self.composition(steps, outputs, delegate.as_deref(), inner).await
            }
        }
    }

    /// Runs a function's program.
    async fn exec(
        &mut self,
        words: Vec<String>,
        cwd: String,
        frame: &Frame,
        own: &[Variable],
        permission: &StepPermission,
        path: &str,
    ) -> Result<Object, End> {
        let Some((opened, _)) = &frame.function else {
            return Err(Problem::new("a program without a function").into());
        };
        let directory = self.directory()?;
        let files = vec![directory.mount(OWN_FILES)];
        let mut mounts = vec![opened.mount()];
        mounts.extend(permission.mounts.iter().cloned());
        let spec = ViewSpec { mounts, own: files, memory: frame.memory, hidden: vec![] };
        let view = view(&self.sandbox.functions, spec)?;
        let program = Program { words, cwd, files: OWN_FILES, granted: &permission.env };
        let program = self.program(program, &[frame.env.as_slice(), own]);
        let first = String::from_utf8_lossy(&program.program).into_owned();
        let ended = supervise(&view, view.run(program), &self.stop).await;
        if let Err(error) = &ended.exit {
            let place = opened.definition.place.clone();
            let problem = match error {
                StartError::NotFound(_) if first.contains('/') => {
                    Problem::at(&place, format!("there is no file {first}"))
                        .help("build the module first, or correct the path in `command`")
                }
                StartError::NotFound(_) => {
                    let help = format!("a file of the function is `${{{{ func_dir }}}}/{first}`");
                    Problem::at(&place, format!("there is no command `{first}`")).help(help)
                }
                StartError::NotExecutable { .. } => Problem::at(&place, error.to_string()),
            };
            self.sandbox.sink.flush().await;
            self.collect(directory, path).await?;
            return Err(problem.into());
        }
        let spec = opened.definition.spec.outputs.clone();
        let outcome = ended.outcome(&view);
        self.end(directory, path, outcome, &spec).await
    }

    /// Reads what a program has written and says how it ended.
    async fn end(
        &mut self,
        directory: StepDirectory,
        path: &str,
        outcome: StepOutcome,
        spec: &Outputs,
    ) -> Result<Object, End> {
        self.sandbox.sink.flush().await;
        let written = directory.take(StepFile::Outputs);
        let collected = self.collect(directory, path).await;
        if !outcome.is_success() {
            // What a failed step says about files is worth reading, but decides nothing.
            return Err(End::Failed(outcome));
        }
        collected?;
        let outputs = outputs(&written?, spec)?;
        self.sandbox.sink.hide(&outputs.clone().into());
        Ok(outputs)
    }

    /// Runs a function's own steps.
    async fn composition(
        &mut self,
        steps: &Steps,
        returned: &[(String, Input, crate::diagnostic::Span)],
        delegate: Option<&str>,
        frame: &mut Frame,
    ) -> Result<Object, End> {
        let Some((opened, _)) = &frame.function else {
            return Err(Problem::new("steps without a function").into());
        };
        let (definition, id, shown) =
            (Arc::clone(&opened.definition), opened.id, opened.shown.clone());
        if frame.stack.contains(&id) {
            return Err(Problem::at(&definition.place, format!("`{shown}` leads back to itself"))
                .help("a function cannot be a step of its own steps: it would never end")
                .into());
        }
        if frame.stack.len() >= MAX_DEPTH {
            return Err(Problem::at(
                &definition.place,
                format!("functions are nested more than {MAX_DEPTH} deep"),
            )
            .into());
        }
        frame.stack.push(id);
        let context = self.context(frame, &[], values(&definition.env))?;
        let own = evaluate_env(&definition.env, &context)?;
        frame.env.extend(own);
        self.list(steps, frame).await.map_err(End::Failed)?;
        match (&definition.spec.outputs, delegate) {
            (Outputs::Delegate, Some(step)) => {
                let result = frame.steps.get(step).map(|result| &result.data);
                let outputs = match result {
                    Some(Data::Object(result)) => result.get("outputs").map(|value| &value.data),
                    _ => None,
                };
                match outputs {
                    Some(Data::Object(outputs)) => Ok(outputs.clone()),
                    _ => Err(Problem::at(
                        &definition.place,
                        format!("there is no step `{step}` whose outputs could be returned"),
                    )
                    .into()),
                }
            }
            (Outputs::Delegate, None) => Ok(Object::default()),
            (Outputs::Declared(declared), _) => {
                let texts = returned.iter().flat_map(|(_, value, _)| value.texts());
                let context = self.context(frame, &[], texts)?;
                let mut values = IndexMap::new();
                for (name, value, _) in returned {
                    let value = value
                        .evaluate(&context)
                        .map_err(|problem| problem.or_at(&definition.place))?;
                    values.insert(name.clone(), value);
                }
                Ok(complete(declared, values)?)
            }
        }
    }

    pub(super) fn program(&self, program: Program<'_>, layers: &[&[Variable]]) -> ProgramSpec {
        let Program { words, cwd, files, granted } = program;
        let annotations = format!("{ANNOTATIONS}={files}/{}", name(StepFile::Annotations));
        let directory = format!("PWD={cwd}");
        let environment = environment(&self.sandbox.system, &self.exports, layers.iter().copied());
        let environment = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}").into_bytes())
            .chain(granted.iter().map(|(name, value)| format!("{name}={value}").into_bytes()))
            .chain([annotations.into_bytes(), directory.into_bytes()])
            .collect();
        ProgramSpec {
            program: words.first().cloned().unwrap_or_default().into_bytes(),
            module: None,
            arguments: words.into_iter().map(String::into_bytes).collect(),
            environment,
            cwd,
            stdio: [Stdio::Null, Stdio::Log, Stdio::Log],
        }
    }
}

/// What to run, and where.
pub(super) struct Program<'p> {
    pub(super) words: Vec<String>,
    pub(super) cwd: String,
    /// Where its files are.
    pub(super) files: &'p str,
    /// Variables of the machine that the user grants to it.
    pub(super) granted: &'p [(String, String)],
}

pub(super) fn view(job: &Arc<Job>, spec: ViewSpec) -> Result<Arc<Job>, Problem> {
    job.view(spec).map_err(|error| Problem::new(error.to_string()))
}

fn with_files(context: StepContext, files: &str) -> StepContext {
    context
        .with("output_file", format!("{files}/{}", name(StepFile::Outputs)))
        .with("export_file", format!("{files}/{}", name(StepFile::Exports)))
}

/// A working directory: relative ones are below the project.
fn absolute(path: &str) -> String {
    match path {
        "" | "." => PROJECT_DIRECTORY.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{PROJECT_DIRECTORY}/{path}"),
    }
}

fn values(env: &[(String, Text)]) -> impl Iterator<Item = &Text> {
    env.iter().map(|(_, text)| text)
}

fn evaluate_env(env: &[(String, Text)], context: &StepContext) -> Result<Vec<Variable>, Problem> {
    env.iter().map(|(name, text)| Ok((name.clone(), evaluate_text(text, context)?))).collect()
}

/// Whether any of the texts has an expression that may look at `env`.
fn asks_for_env<'t>(texts: impl IntoIterator<Item = &'t Text>) -> bool {
    texts.into_iter().any(|text| text.as_literal().is_none() && text.source().contains("env"))
}

/// The value of `vars`: all variables of the job.
pub(in crate::executor) fn vars(variables: &Environment) -> Result<Value, Problem> {
    let entries = variables.iter().map(|(name, value)| (name, Value::from(value)));
    let object = Object::new(entries).map_err(|error| Problem::new(error.to_string()))?;
    Ok(object.into())
}
