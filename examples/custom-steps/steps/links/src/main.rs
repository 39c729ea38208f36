//! Finds links in Markdown files that lead to no file or to no heading.

use std::collections::HashSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use greenroom_step::{Annotation, Step, StepResult};

#[derive(serde::Deserialize)]
struct Inputs {
    files: Vec<String>,
}

#[derive(serde::Serialize)]
struct Outputs {
    checked: usize,
    broken: usize,
}

fn main() -> ExitCode {
    greenroom_step::run(links)
}

fn links(inputs: Inputs, step: &mut Step) -> StepResult<Outputs> {
    let mut outputs = Outputs { checked: 0, broken: 0 };
    for file in &inputs.files {
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        for (line, target) in targets(&text) {
            outputs.checked += 1;
            if let Some(problem) = problem(file, &text, target) {
                outputs.broken += 1;
                step.annotate(Annotation::error(problem).title("broken link").at(file, line))?;
            }
        }
    }
    println!("{} links, {} broken", outputs.checked, outputs.broken);
    if outputs.broken > 0 {
        return Err("there are broken links".into());
    }
    Ok(outputs)
}

/// The targets of `[text](target)`, with their lines, outside of code.
fn targets(text: &str) -> Vec<(u32, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            // In code when an odd number of backquotes stands before it.
            let quoted = line[..line.len() - rest.len() + at].matches('`').count() % 2 == 1;
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            if !quoted {
                found.push((number, rest[..end].split(' ').next().unwrap_or_default()));
            }
            rest = &rest[end..];
        }
    }
    found
}

/// What is wrong with a link, if anything is. Other machines are not asked: there is no network.
fn problem(file: &str, text: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let (other, text) = if path.is_empty() {
        (PathBuf::from(file), text.to_owned())
    } else {
        let other = normal(&Path::new(file).parent().unwrap_or(Path::new("")).join(path));
        if !other.exists() {
            return Some(format!("there is no {}", other.display()));
        }
        let text = fs::read_to_string(&other).unwrap_or_default();
        (other, text)
    };
    let is_markdown = other.extension().is_some_and(|extension| extension == "md");
    if anchor.is_empty() || !is_markdown || anchors(&text).contains(anchor) {
        return None;
    }
    Some(format!("there is no heading #{anchor} in {}", other.display()))
}

/// Without `.` and `..`: a step finds files below its directories only.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// The anchors that headings get: small letters, digits and `-` for blanks.
fn anchors(text: &str) -> HashSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
