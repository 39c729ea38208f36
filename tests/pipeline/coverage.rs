//! Every keyword that is supported is shown by cases: so many pipeline files of the tests have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use greenroom::diagnostic::Diagnostics;
use greenroom::pipeline::keywords;
use greenroom::yaml::{self, Mapping, Node, Value};

use super::{entries, here};

/// How many files show a keyword at each of its places.
const ENOUGH: usize = 3;

/// A place as the documentation calls it, and a keyword there.
type Found = BTreeSet<(String, String)>;

/// The place within a keyword at a place, if it has keywords of its own.
fn inside(place: &str, key: &str) -> Option<&'static str> {
    Some(match (place, key) {
        ("top level", "default") => "`default`",
        ("top level", "workflow") => "`workflow`",
        ("top level", "include") => "`include`",
        ("top level" | "`default`" | "a job", "image") => "`image`",
        ("top level" | "`default`" | "a job", "cache") => "`cache`",
        ("`default`" | "a job", "artifacts") => "`artifacts`",
        ("`default`" | "a job", "retry") => "`retry`",
        ("a job", "rules") => "a rule",
        ("a job", "only" | "except") => "`only`/`except`",
        ("a job" | "a rule", "needs") => "`needs`",
        ("a job" | "`needs`", "parallel") => "`parallel`",
        ("a job", "inherit") => "`inherit`",
        ("a job", "trigger") => "`trigger`",
        ("a job" | "a rule", "allow_failure") => "`allow_failure`",
        ("`workflow`", "rules") => "a rule of `workflow`",
        ("`include`", "rules") => "a rule of `include`",
        ("`cache`", "key") => "`cache:key`",
        ("top level", name) if keywords::find(keywords::Place::Global, name).is_none() => "a job",
        _ => return None,
    })
}

fn collect(place: &str, node: &Node, found: &mut Found) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| collect(place, item, found)),
        Value::Mapping(mapping) => collect_mapping(place, mapping, found),
        _ => {}
    }
}

fn collect_mapping(place: &str, mapping: &Mapping, found: &mut Found) {
    for (key, entry) in mapping {
        found.insert((place.to_owned(), key.clone()));
        if let Some(place) = inside(place, key) {
            collect(place, &entry.value, found);
        }
        let inner = entry.value.as_mapping();
        if (place, key.as_str()) == ("top level", "variables") {
            // Only the long form has keywords.
            inner.into_iter().flatten().for_each(|(_, e)| collect("a variable", &e.value, found));
        }
        if let (("`artifacts`", "reports"), Some(reports)) = ((place, key.as_str()), inner)
            && let Some(entry) = reports.get("coverage_report")
        {
            collect("`coverage_report`", &entry.value, found);
        }
    }
}

/// The pipeline files of all kinds of cases.
fn pipeline_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![here("cases"), here("invalid"), here("e2e")];
    while let Some(directory) = open.pop() {
        for path in entries(&directory) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                files.push(path);
            }
        }
    }
    files
}

/// What the documentation calls supported.
fn supported() -> Vec<(String, String)> {
    let mut place = String::new();
    let mut supported = Vec::new();
    for line in keywords::documentation().lines() {
        if let Some(title) = line.strip_prefix("## In ") {
            title.clone_into(&mut place);
        } else if let Some((name, state)) =
            line.strip_prefix("| `").and_then(|rest| rest.split_once("` | "))
            && state.starts_with("supported")
        {
            supported.push((place.clone(), name.to_owned()));
        }
    }
    supported
}

#[test]
fn every_supported_keyword_has_cases() {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for path in pipeline_files() {
        let mut found = Found::new();
        let mut diagnostics = Diagnostics::new();
        let bytes = fs::read(Path::new(&path)).unwrap();
        let Some(documents) = yaml::parse("case", &bytes, &mut diagnostics) else { continue };
        for node in documents.header.iter().chain(&documents.content) {
            collect("top level", node, &mut found);
        }
        found.into_iter().for_each(|key| *counts.entry(key).or_default() += 1);
    }
    let supported = supported();
    assert!(supported.len() > 80, "only {} keywords are supported", supported.len());
    let short: Vec<String> = supported
        .into_iter()
        .filter_map(|key| {
            let count = counts.get(&key).copied().unwrap_or(0);
            let (place, name) = key;
            (count < ENOUGH).then(|| format!("`{name}` in {place}: {count}"))
        })
        .collect();
    assert!(short.is_empty(), "too few cases show these keywords:\n{}", short.join("\n"));
}
