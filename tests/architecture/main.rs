//! Holds the sources of `src/` against the tables of ARCHITECTURE.md.
//!
//! Three things are checked: which module of the crate may use which, which crates are named in one
//! module only, and what some modules never name. The tables are read from the document, so a rule
//! is changed where people read it.

mod document;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use document::Rules;
use source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Rules {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    Rules::parse(&text).unwrap_or_else(|error| panic!("ARCHITECTURE.md: {error}"))
}

fn sources() -> Vec<Source> {
    let sources = source::read_all(&root().join("src"));
    assert!(sources.len() > 50, "the sources were found");
    sources
}

fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}

#[test]
fn every_module_has_a_row_and_every_row_a_module() {
    let rows: BTreeSet<String> = rules().may_use.into_keys().collect();
    let modules: BTreeSet<String> =
        sources().into_iter().map(|source| source.module).filter(|name| name != "lib").collect();
    assert_eq!(rows, modules, "left: rows of ARCHITECTURE.md, right: modules in src/");
}

#[test]
fn modules_use_only_what_the_table_allows() {
    assert_none(
        "modules use what ARCHITECTURE.md does not allow",
        &edge_violations(&rules(), &sources()),
    );
}

#[test]
fn modules_do_not_depend_on_each_other_in_a_circle() {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let uses = source.uses.into_iter().map(|used| used.module);
        graph.entry(source.module).or_default().extend(uses);
    }
    assert!(graph.values().flatten().count() > 10, "the edges were found");
    assert_eq!(cycle(&graph), None, "in src/");
    assert_eq!(cycle(&rules().may_use), None, "in the table");
}

#[test]
fn crates_and_ambient_calls_stay_where_they_belong() {
    assert_none("names where they do not belong", &name_violations(&rules(), &sources()));
}

#[test]
fn the_rules_are_about_something() {
    // A misspelt crate or module would make a rule that nothing can break.
    let rules = rules();
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for name in rules.only_in.keys() {
        let dependency = name.replace('_', "-");
        assert!(
            manifest.lines().any(|line| line.starts_with(&format!("{dependency} = "))),
            "`{name}` is no dependency"
        );
    }
    for module in rules.never.iter().map(|(module, _)| module).chain(rules.only_in.values()) {
        assert!(rules.may_use.contains_key(module), "there is no module `{module}`");
    }
}

/// Uses that the table does not allow, as `place: module uses other`.
fn edge_violations(rules: &Rules, sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    // The library's root declares the modules and connects nothing.
    for source in sources.iter().filter(|source| source.module != "lib") {
        for used in &source.uses {
            let allowed = rules.may_use.get(&source.module);
            if !allowed.is_some_and(|allowed| allowed.contains(&used.module)) {
                let Source { file, module, .. } = source;
                violations.push(format!("{file}:{}: {module} uses {}", used.line, used.module));
            }
        }
    }
    violations
}

/// Names where a rule forbids them, as `place: module names …`.
fn name_violations(rules: &Rules, sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        let Source { file, module, .. } = source;
        let elsewhere = rules.only_in.iter().filter(|(_, owner)| *owner != module);
        let never = rules.never.iter().filter(|(of, _)| of == module);
        let names = elsewhere.map(|(name, _)| name).chain(never.map(|(_, name)| name));
        for name in names {
            for line in source.lines_naming(name) {
                violations.push(format!("{file}:{line}: {module} names {name}"));
            }
        }
    }
    violations
}

/// A circle in a graph, as the modules on it.
fn cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        node: &'a str,
        graph: &'a BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = path.iter().position(|on_path| *on_path == node) {
            return Some(path[start..].iter().map(|name| (*name).to_owned()).collect());
        }
        if !done.insert(node) {
            return None;
        }
        path.push(node);
        for next in graph.get(node).into_iter().flatten() {
            if let Some(found) = visit(next, graph, path, done) {
                return Some(found);
            }
        }
        path.pop();
        None
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| visit(node, graph, &mut Vec::new(), &mut done))
}

mod can_fail {
    //! What would these tests say of sources that break the rules?

    use super::*;

    const DOCUMENT: &str = "\
| module | what it is | may use |
| --- | --- | --- |
| `a` | First. | b |
| `b` | Second. | – |

| crate | named only in |
| --- | --- |
| `engine` | b |

| modules | never name |
| --- | --- |
| `a` | `std::fs`, `Instant` |
";

    fn judge(module: &str, text: &str) -> Vec<String> {
        let rules = Rules::parse(DOCUMENT).unwrap();
        let sources = [Source::parse("src/x.rs", module, 1, text).unwrap()];
        let mut violations = edge_violations(&rules, &sources);
        violations.extend(name_violations(&rules, &sources));
        violations
    }

    #[test]
    fn a_use_against_the_table() {
        assert_eq!(judge("a", "use crate::b::B;"), [""; 0]);
        assert_eq!(judge("b", "\nuse crate::a::A;"), ["src/x.rs:2: b uses a"]);
        assert_eq!(judge("b", "fn f() { g!(crate::a::h()) }"), ["src/x.rs:1: b uses a"]);
        assert_eq!(judge("c", "use crate::b;"), ["src/x.rs:1: c uses b"]);
    }

    #[test]
    fn a_crate_outside_of_its_module() {
        assert_eq!(judge("b", "use engine::Store;"), [""; 0]);
        assert_eq!(judge("a", "use engine::Store;"), ["src/x.rs:1: a names engine"]);
    }

    #[test]
    fn an_ambient_call() {
        assert_eq!(judge("b", "fn f() { std::fs::read(x) }"), [""; 0]);
        assert_eq!(judge("a", "fn f() { std::fs::read(x) }"), ["src/x.rs:1: a names std::fs"]);
        assert_eq!(
            judge("a", "use std::time;\ntype T = time::Instant;"),
            ["src/x.rs:2: a names Instant"]
        );
    }

    #[test]
    fn a_circle() {
        let graph = |edges: &[(&str, &str)]| {
            let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (from, to) in edges {
                graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
            }
            cycle(&graph).map(|names| names.join(" "))
        };
        assert_eq!(graph(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
        assert_eq!(graph(&[("a", "b"), ("b", "c"), ("c", "b")]).as_deref(), Some("b c"));
    }
}
