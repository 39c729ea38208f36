//! Holds the README against the project: what it says must be there.

use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]") && !line.contains("dev-");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.insert(name.trim().to_owned());
        }
    }
    names
}

/// The names in the first column of the table with the column `crate`, each with a purpose.
fn documented(readme: &str) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    let rows = readme.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [crates, purpose] = cells[..] else { return Err(format!("not two cells: {row}")) };
        if purpose.is_empty() {
            return Err(format!("no purpose: {row}"));
        }
        for name in crates.split(',') {
            let name = name.trim().trim_matches('`').to_owned();
            if !names.insert(name.clone()) {
                return Err(format!("{name} stands there twice"));
            }
        }
    }
    Ok(names)
}

#[test]
fn every_dependency_is_explained() {
    let in_manifest = dependencies(&read("Cargo.toml"));
    assert!(in_manifest.len() > 10, "the dependencies were found");
    let in_readme = documented(&read("README.md")).unwrap();
    assert_eq!(in_readme, in_manifest, "left: the README's table, right: Cargo.toml");
}

#[test]
fn the_table_and_the_manifest_are_really_read() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\nb-c = { version = \"2\" }\n\
                    [dev-dependencies]\nd = \"1\"\n";
    let expected: BTreeSet<String> = ["a", "b-c"].map(String::from).into();
    assert_eq!(dependencies(manifest), expected);
    let table =
        "| x |\n\n| crate | what for |\n| --- | --- |\n| `a`, `b-c` | things |\n\n| `z` | y |\n";
    assert_eq!(documented(table), Ok(expected));
    assert!(documented("| crate | what for |\n| --- | --- |\n| `a` | |\n").is_err());
    assert!(documented("| crate | what for |\n| --- | --- |\n| `a` | x |\n| `a` | y |\n").is_err());
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let examples = [
        "examples/two-stages/README.md",
        "examples/python-app/README.md",
        "examples/custom-steps/README.md",
        "guest/sdk/README.md",
    ];
    for document in documents.into_iter().chain(examples) {
        let text = read(document);
        let folder = root().join(document);
        for part in text.split("](").skip(1) {
            let target = part.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") {
                let path = folder.parent().unwrap().join(target);
                assert!(path.exists(), "{document}: {target} is not there");
                count += 1;
            }
        }
    }
    assert!(count > 5, "the links were found");
}

#[test]
fn what_the_readme_runs_is_there() {
    let readme = read("README.md");
    for command in ["cargo run --release -- run examples/two-stages\n", "\ncargo test\n"] {
        assert!(readme.contains(command), "{command}");
    }
    let pipeline = root().join("examples/two-stages/.gitlab-ci.yml");
    assert!(pipeline.exists(), "the README's main command runs it");
}
