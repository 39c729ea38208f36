//! Finds what was left to be done in the comments of sources: a typed step, whose interface is
//! `todo.wit`.

use std::fs;
use std::path::Path;

wit_bindgen::generate!({
    path: ["../../../../wit", "todo.wit"],
    world: "example:todo/todo",
    generate_all,
});

use greenroom::step::host::{annotation, log, Finding, Level, Severity};

struct Todo;

export!(Todo);

impl Guest for Todo {
    fn run(inputs: Inputs) -> Result<Outputs, String> {
        let words = inputs.words.unwrap_or_else(|| vec!["TODO".into(), "FIXME".into()]);
        let demand = inputs.demand.unwrap_or(Demand::Issue);
        let mut outputs = Outputs { found: 0, wrong: Vec::new() };
        for path in &inputs.paths {
            search(Path::new(path), &words, demand, &mut outputs)?;
        }
        let wrong = outputs.wrong.len();
        log(Level::Info, &format!("{} comments, {wrong} without an issue", outputs.found));
        match wrong as u32 > inputs.allowed.unwrap_or(0) {
            true => Err(format!("{wrong} comments do not say which issue they belong to")),
            false => Ok(outputs),
        }
    }
}

fn search(
    path: &Path,
    words: &[String],
    demand: Demand,
    outputs: &mut Outputs,
) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("{}: {error}", path.display());
    if path.is_dir() {
        let entries = fs::read_dir(path).map_err(cannot)?;
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| search(entry, words, demand, outputs));
    }
    // What is not text has no comments.
    let Ok(text) = String::from_utf8(fs::read(path).map_err(cannot)?) else { return Ok(()) };
    for (number, line) in (1..).zip(text.lines()) {
        let Some(rest) = words.iter().find_map(|word| after(line, word)) else { continue };
        outputs.found += 1;
        if demand == Demand::Issue && rest.starts_with("(#") {
            continue;
        }
        let file = path.display().to_string();
        annotation(&Finding {
            severity: Severity::Warning,
            message: line.trim().to_owned(),
            title: Some("left to be done".to_owned()),
            file: Some(file.clone()),
            line: Some(number),
            column: None,
        });
        outputs.wrong.push(Place { file, line: number });
    }
    Ok(())
}

/// What follows a word, if that stands in a line by itself.
fn after<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let (before, rest) = line.split_once(word)?;
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let inside = is_part(before.chars().next_back()) || is_part(rest.chars().next());
    (!inside).then_some(rest)
}
