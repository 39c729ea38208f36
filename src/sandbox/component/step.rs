//! Typed steps: the function `run` of a component, and what `greenroom:step/host` offers it.
//!
//! Each step has inputs of its own, so that nothing here is generated: types are looked at when the
//! step is called.

use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance, Linker, Type, Val};

use super::streams::Output;
use super::value::{fields, lower};
use super::{State, exited};
use crate::sandbox::process::{Exit, How};
use crate::sandbox::run::not_loadable;
use crate::sandbox::step::{Finding, StepCall};
use crate::sandbox::table::Entry;

/// What `wit/step.wit` documents.
const HOST: &str = "greenroom:step/host@0.1.0";

/// Why a step that was called otherwise cannot do that.
const NO_STEP: &str = "only a typed step has later steps";

/// Adds the interface. A command that imports it may log; the rest leads nowhere.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut host = linker.instance(HOST)?;
    host.func_new_async("log", |store, _, parameters, _| {
        let voice = Voice::of(store.data());
        let debug = store.data().debug;
        Box::new(async move {
            let [Val::Enum(level), Val::String(message)] = parameters else { return wrong("log") };
            let prefix = match level.as_str() {
                "debug" if !debug => return Ok(()),
                "debug" => "debug: ",
                "warning" => "warning: ",
                "error" => "error: ",
                _ => "",
            };
            voice.say(prefix, message).await;
            Ok(())
        })
    })?;
    host.func_new("annotation", |store, _, parameters, _| {
        let finding = match parameters {
            [Val::Record(fields)] => finding(fields),
            _ => return wrong("annotation"),
        };
        match &store.data().step {
            Some(call) => call.host.annotation(finding).map_err(wasmtime::Error::msg),
            None => Ok(()),
        }
    })?;
    host.func_new("mask", |store, _, parameters, _| {
        let [Val::Record(fields)] = parameters else { return wrong("mask") };
        let [(_, Val::String(text))] = &fields[..] else { return wrong("mask") };
        if let Some(call) = &store.data().step {
            call.host.mask(text);
        }
        Ok(())
    })?;
    host.func_new("set-variable", |store, _, parameters, results| {
        let ([Val::String(name), Val::String(value)], [result]) = (parameters, results) else {
            return wrong("set-variable");
        };
        let set = match &store.data().step {
            Some(call) => call.host.set_variable(name, value),
            None => Err(NO_STEP.to_owned()),
        };
        *result = Val::Result(match set {
            Ok(()) => Ok(None),
            Err(reason) => Err(Some(Box::new(Val::String(reason)))),
        });
        Ok(())
    })
}

fn wrong<T>(function: &str) -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg(format!(
        "it imports `{function}` of {HOST} with other types than wit/step.wit gives it"
    )))
}

/// Where a component's error output goes.
struct Voice {
    outputs: [Output; 2],
    entry: Option<Entry>,
}

impl Voice {
    fn of(state: &State) -> Self {
        Self { outputs: state.outputs.clone(), entry: state.standard[2].clone() }
    }

    /// Writes a line.
    async fn say(&self, prefix: &str, message: &str) {
        // What was printed before comes before.
        for output in &self.outputs {
            output.drain().await;
        }
        if let Some(entry) = &self.entry {
            let line = format!("{prefix}{}\n", message.trim_end_matches('\n'));
            // A log that is full has ended the job.
            let _ = entry.description.write_all(line.as_bytes()).await;
        }
    }
}

fn finding(fields: &[(String, Val)]) -> Finding {
    let mut finding = Finding::default();
    for (name, value) in fields {
        let value = match value {
            Val::Option(Some(inner)) => inner,
            value => value,
        };
        match (name.as_str(), value) {
            ("severity", Val::Enum(case)) => finding.severity.clone_from(case),
            ("message", Val::String(text)) => finding.message.clone_from(text),
            ("title", Val::String(text)) => finding.title = Some(text.clone()),
            ("file", Val::String(text)) => finding.file = Some(text.clone()),
            ("line", Val::U32(number)) => finding.line = Some(*number),
            ("column", Val::U32(number)) => finding.column = Some(*number),
            _ => {}
        }
    }
    finding
}

/// Calls the step's function and hands on what it returns.
pub(super) async fn call(
    store: &mut Store<State>,
    instance: &Instance,
    run: ComponentExportIndex,
    name: &str,
) -> wasmtime::Result<Exit> {
    let Some(call) = store.data().step.clone() else {
        return Ok(not_loadable(format!(
            "{name} is a typed step, which is called with values; run it with `greenroom step run`, \
             or name it behind `func:`"
        )));
    };
    let Some(function) = instance.get_func(&mut *store, run) else {
        return Ok(not_loadable(format!("{name} has no function `run`")));
    };
    let kinds: Vec<Type> = function.ty(&*store).params().map(|(_, kind)| kind).collect();
    let inputs = serde_json::Value::Object(call.inputs.clone());
    let parameters = kinds.iter().map(|kind| lower(&inputs, kind));
    let parameters = match parameters.collect::<Result<Vec<_>, _>>() {
        Ok(parameters) => parameters,
        Err(reason) => return Ok(not_loadable(format!("{name} cannot be called: {reason}"))),
    };
    let mut results = [Val::Bool(false)];
    function.call_async(&mut *store, &parameters, &mut results).await?;
    let [result] = results;
    Ok(ended(&Voice::of(store.data()), &call, result).await)
}

async fn ended(voice: &Voice, call: &StepCall, result: Val) -> Exit {
    match result {
        Val::Result(Ok(outputs)) => {
            let outputs = match outputs.map(|outputs| *outputs) {
                Some(Val::Record(outputs)) => fields(outputs, ""),
                _ => Ok(serde_json::Map::new()),
            };
            match outputs {
                Ok(outputs) => {
                    call.host.returned(outputs);
                    exited(0)
                }
                Err(reason) => Exit { status: 134, how: How::Trapped(reason) },
            }
        }
        Val::Result(Err(Some(reason))) => {
            let reason = match *reason {
                Val::String(text) if !text.trim().is_empty() => text,
                _ => "the step failed and does not say why".to_owned(),
            };
            voice.say("error: ", &reason).await;
            exited(1)
        }
        _ => exited(1),
    }
}
