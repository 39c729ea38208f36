//! What the expressions of steps look up, held against what is there.

use indexmap::IndexMap;

use super::context::renamed;
use super::definition::{Body, Definition};
use crate::diagnostic::{Code, Diagnostic, Span, similar};

/// Whose steps are checked.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// The directory of the function, relative to the project; the project's own for a job.
    pub(super) directory: &'s str,
    /// The function, if they are not a job's.
    pub(super) function: Option<&'s Definition>,
    /// The functions around it, from the outside.
    pub(super) stack: &'s [String],
}

/// The steps before, each with its outputs if they are known.
#[derive(Default)]
pub(super) struct Known(pub(super) IndexMap<String, Option<Vec<String>>>);

/// What is wrong with a name that an expression looks up, if anything is.
pub(super) fn lookup(
    path: &[&str],
    span: Span,
    scope: Scope<'_>,
    known: &Known,
    later: &dyn Fn(&str) -> bool,
    has_files: bool,
) -> Option<Diagnostic> {
    let unknown = |message: String| {
        Diagnostic::error(Code::ExpressionUnknown, message).label(span, "looked up here")
    };
    let mut roots = vec!["env", "vars", "work_dir"];
    let in_exec = scope.function.is_some_and(|f| !matches!(f.body, Body::Run { .. }));
    if !in_exec {
        roots.push("steps");
    }
    if scope.function.is_some() {
        roots.extend(["inputs", "func_dir"]);
    }
    if has_files {
        roots.extend(["output_file", "export_file"]);
    }
    let (root, rest) = path.split_first()?;
    if let Some(new) = renamed(root)
        && roots.contains(&new)
    {
        return Some(
            Diagnostic::warning(Code::Deprecated, format!("`{root}` is called `{new}` now"))
                .label(span, "the old name")
                .help(format!("write `{new}`")),
        );
    }
    if !roots.contains(root) {
        let finding = unknown(format!("there is no `{root}` here"));
        return Some(match (similar(root, roots.iter().copied()), *root) {
            (_, "inputs" | "func_dir" | "step_dir") => {
                finding.help("only the steps and the program of a function know it")
            }
            (_, "output_file" | "export_file") => {
                finding.help("only a step's own command or script knows its files")
            }
            (Some(similar), _) => finding.help(format!("did you mean `{similar}`?")),
            (None, _) => {
                finding.help(format!("there are `{}`; write text in quotes", roots.join("`, `")))
            }
        });
    }
    match (*root, rest) {
        ("inputs", [name, ..]) => {
            let inputs = &scope.function?.spec.inputs;
            if inputs.contains_key(*name) {
                return None;
            }
            let finding = unknown(format!("there is no input `{name}`"));
            Some(match similar(name, inputs.keys().map(String::as_str)) {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None => finding.help(format!("add `{name}` with a `type` to `spec: inputs`")),
            })
        }
        ("steps", [name, rest @ ..]) => {
            let Some(outputs) = known.0.get(*name) else {
                if later(name) {
                    return Some(
                        unknown(format!("the step `{name}` has not run yet"))
                            .help("steps run in their order: move it before this one"),
                    );
                }
                let finding = unknown(format!("there is no step `{name}`"));
                return Some(match similar(name, known.0.keys().map(String::as_str)) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding.help("name a step that stands before this one"),
                });
            };
            match rest {
                [] | ["outputs"] => None,
                ["outputs", output, ..] => {
                    let outputs = outputs.as_ref()?;
                    if outputs.iter().any(|known| known == output) {
                        return None;
                    }
                    let finding = unknown(format!("the step `{name}` has no output `{output}`"));
                    Some(match similar(output, outputs.iter().map(String::as_str)) {
                        Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                        None if outputs.is_empty() => finding.help("it has no outputs"),
                        None => finding.help(format!("it has `{}`", outputs.join("`, `"))),
                    })
                }
                [other, ..] => Some(
                    unknown(format!("a step has no `{other}`"))
                        .help(format!("write `steps.{name}.outputs.{other}`")),
                ),
            }
        }
        _ => None,
    }
}
