//! What a pipeline's scripts call that cannot work in the sandbox, told before anything runs.
//!
//! Shell text is read well enough to know commands from other words — quotes, comments, functions,
//! `case` patterns, here-documents — and no further: what a variable holds is not known.

mod commands;
mod lexer;
#[cfg(test)]
mod tests;

use indexmap::IndexMap;

pub use self::commands::{Reason, reason};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, SourceMap, Span};
use crate::pipeline::{Command, Job, Pipeline, Script};

/// The places of one command that are shown.
const SHOWN_PLACES: usize = 3;

/// The longest shell text that is looked into, in bytes.
const LONGEST_TEXT: usize = 1 << 20;

/// Where a command is called.
struct Place {
    span: Span,
    job: String,
}

/// Looks through the scripts of the pipeline's jobs, `only` of those that it takes. Commands that
/// are `provided`, by an image or by the settings, are no problem. Those that only miss a network are
/// notes, and the others warnings; `least` is what is told.
pub fn look(
    pipeline: &Pipeline,
    only: impl Fn(&Job) -> bool,
    provided: impl Fn(&str) -> bool,
    least: Severity,
    diagnostics: &mut Diagnostics,
) {
    let mut found: IndexMap<(String, &'static Reason), Vec<Place>> = IndexMap::new();
    for job in pipeline.jobs.values().filter(|job| only(job)) {
        let main = [&job.before_script, &job.script];
        for scripts in [&main[..], &[&job.after_script]] {
            for (command, call) in calls(scripts) {
                if let Some(reason) = reason(&call.words)
                    && !provided(&call.words[0])
                {
                    let span = place(diagnostics.sources(), command, &call);
                    let places = found.entry((call.words[0].clone(), reason)).or_default();
                    // A template's line is one place, whatever the number of its jobs.
                    if places.iter().all(|place| place.span != span) {
                        places.push(Place { span, job: job.name.value.clone() });
                    }
                }
            }
        }
    }
    for ((name, reason), places) in found {
        let finding = finding(&name, reason, &places);
        if finding.severity >= least {
            diagnostics.push(finding);
        }
    }
}

/// The commands that scripts call which share a shell, but for calls of their own functions.
fn calls<'s>(scripts: &[&'s Script]) -> Vec<(&'s Command, lexer::Call)> {
    let mut functions = Vec::new();
    let mut calls = Vec::new();
    for command in scripts.iter().flat_map(|script| script.iter()) {
        if command.text.len() <= LONGEST_TEXT {
            let found = lexer::read(&command.text);
            functions.extend(found.functions);
            calls.extend(found.calls.into_iter().map(|call| (command, call)));
        }
    }
    calls.retain(|(_, call)| !functions.contains(&call.words[0]));
    calls
}

fn finding(name: &str, reason: &Reason, places: &[Place]) -> Diagnostic {
    let message = format!("`{name}` {}", reason.message);
    let mut finding = if reason.network {
        Diagnostic::note(Code::NetworkCommand, message)
    } else {
        Diagnostic::warning(Code::SandboxCommand, message)
    };
    for (index, place) in places.iter().take(SHOWN_PLACES).enumerate() {
        let more = places.len().saturating_sub(SHOWN_PLACES);
        let text = match more {
            n if n > 0 && index + 1 == SHOWN_PLACES => {
                format!("in `{}` (and in {n} more places)", place.job)
            }
            _ => format!("in `{}`", place.job),
        };
        finding = finding.label(place.span, text);
    }
    finding.help(reason.help)
}

/// Where a call stands in its file, as exactly as can be told.
fn place(sources: &SourceMap, command: &Command, call: &lexer::Call) -> Span {
    let text = sources.text(command.span.file);
    let rest = text.get(command.span.start as usize..).unwrap_or_default();
    // The text of a block, and of a plain or quoted scalar on one line, has the file's lines.
    let Some(wanted) = command.text.lines().nth(call.line) else { return command.span };
    let mut start = command.span.start as usize;
    for (index, line) in rest.split_inclusive('\n').enumerate() {
        if index == call.line && line.contains(wanted.trim()) {
            let at = line.find(wanted.trim()).unwrap_or(0);
            let word = find_word(&line[at..], &call.words[0]).map_or(at, |word| at + word);
            let end = start + word + call.words[0].len();
            return Span::new(command.span.file, start + word..end.min(start + line.len()));
        }
        if index == call.line {
            break;
        }
        start += line.len();
    }
    command.span
}

/// Where a word stands by itself.
fn find_word(line: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    line.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !line[..*at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}
