use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::diagnostic::Style;
use crate::pipeline::PullPolicy;

fn load(files: &[(&str, Owner, &str)]) -> (Settings, String) {
    let files: Vec<File> = files
        .iter()
        .map(|(name, owner, text)| File {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            owner: *owner,
        })
        .collect();
    let surroundings = Surroundings {
        home: Some("/home/jo".into()),
        is_project: &|path| path == Path::new("/home/jo/shop"),
    };
    let mut diagnostics = Diagnostics::new();
    let settings = super::load(&files, &surroundings, &mut diagnostics);
    let mut told = String::new();
    for finding in diagnostics.iter() {
        let place = diagnostics.sources().location(finding.labels[0].span);
        let code = finding.code.name();
        let _ = write!(told, "{}:{} {code}: {}", place.file, place.line, finding.message);
        if let Some(help) = &finding.help {
            let _ = write!(told, " ({help})");
        }
        told.push('\n');
    }
    assert_eq!(diagnostics.render(Style::PLAIN).is_empty(), told.is_empty());
    (settings, told)
}

const USER: &str = r#"
pull_policy = "always"
allowed_pull_policies = ["always", "never"]
tags = ["linux"]
mounts = ["~/out:/srv:ro", "/var/cache:/cache"]
env = ["LANG", "MODE=ci"]
secrets = "TOKEN"
network = ["*.example.org:443"]

[images]
"php:8*" = "npm:php@8"

[limits]
memory = "1G"
processes = 1_00

[steps."./deploy"]
network = ["[::1]:80"]
timeout = "90s"

[registries."localhost:5000"]
http = true
mirrors = ["mirror.example.org"]
ca = "/etc/ca.pem"

[project."~/shop"]
pull_policy = "never"
mounts = ["/data:/data"]
[project."~/other"]
secrets = ["OTHER"]
"#;

#[test]
fn files_are_joined_and_later_ones_take_precedence() {
    let project = r#"
        workspace = "strict"
        tags = ["php", "linux"]
        [images]
        "php:8*" = "./php.wasm"
        [images.web]
        from = ["npm:ruby", "npm:python"]
        [commands]
        composer = "php '/a b/composer.phar' -n"
        lint = ["php", "-l"]
        [limits]
        memory = "64M"
        timeout = "10m"
    "#;
    let (settings, told) = load(&[
        ("~/greenroom.toml", Owner::User, USER),
        ("greenroom.toml", Owner::Project, project),
    ]);
    assert_eq!(told, "");
    assert_eq!(settings.pull_policy, Some(vec![PullPolicy::Never]));
    assert_eq!(settings.tags, ["linux", "php"]);
    assert_eq!(settings.workspace, Some(WorkspaceMode::Strict));
    let mounts: Vec<_> = settings.mounts.iter().map(|m| (&*m.host, m.read_only)).collect();
    let expected = [("/home/jo/out", true), ("/var/cache", false), ("/data", false)];
    assert_eq!(mounts, expected.map(|(host, ro)| (Path::new(host), ro)));
    assert_eq!(settings.secrets, ["TOKEN"]);
    assert_eq!(settings.images["php:8*"].from, ["./php.wasm"]);
    assert_eq!(settings.images["php:8*"].place, "greenroom.toml:5");
    assert_eq!(settings.images["web"].from, ["npm:ruby", "npm:python"]);
    assert_eq!(settings.commands["composer"].words, ["php", "/a b/composer.phar", "-n"]);
    assert_eq!(settings.commands["lint"].words, ["php", "-l"]);
    assert_eq!(settings.limits.memory, Some(1 << 30));
    assert_eq!(settings.limits.processes, Some(100));
    assert_eq!(settings.ceilings.memory, Some(64 << 20));
    assert_eq!(settings.ceilings.timeout, Some(Duration::from_secs(600)));
    assert_eq!(settings.steps["./deploy"].timeout, Some(Duration::from_secs(90)));
    let registry = &settings.registries["localhost:5000"];
    assert!(registry.http && registry.mirrors == ["mirror.example.org"]);
}

#[test]
fn a_project_grants_nothing() {
    // Each grant alone, so that none hides behind another.
    for (grant, key) in [
        ("mounts = [\"/:/host\"]", "mounts"),
        ("env = [\"TOKEN\"]", "env"),
        ("secrets = [\"TOKEN\"]", "secrets"),
        ("network = [\"example.org\"]", "network"),
        ("allowed_pull_policies = [\"always\"]", "allowed_pull_policies"),
        ("steps.x.network = [\"example.org\"]", "steps"),
        ("[registries.\"example.org\"]\nhttp = true", "registries"),
        ("[project.\"/home/jo/shop\"]\nenv = [\"TOKEN\"]", "project"),
    ] {
        let (settings, told) = load(&[("greenroom.toml", Owner::Project, grant)]);
        assert_eq!(settings, Settings::default(), "{grant}");
        assert!(told.contains("setting-refused"), "{grant}: {told}");
        assert!(told.contains(&format!("`{key}`")), "{grant}: {told}");
        let (settings, told) = load(&[("greenroom.toml", Owner::User, grant)]);
        assert_eq!(told, "", "{grant}");
        assert_ne!(settings, Settings::default(), "{grant}");
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (text, expected) in [
        (
            "\npul_policy = 1",
            "f:2 setting-unknown: there is no setting `pul_policy` (did you mean `pull_policy`?)",
        ),
        (
            "[limits]\nmemroy = '1G'",
            "f:2 setting-unknown: there is no setting `memroy` in `[limits]` (did you mean `memory`?)",
        ),
        ("[limits]\nmemory = 5", "f:2 wrong-type: `memory` takes a string, and not a number"),
        ("[limits]\nmemory = '5X'", "f:2 wrong-value: `memory`: \"X\" is not a unit"),
        ("[limits]\nprocesses = 0", "f:2 wrong-value: `processes`: it has to be a number above 0"),
        ("[limits]\nprocesses = 99999999999999999999", "f:2 wrong-value: `processes`"),
        ("pull_policy = 'sometimes'", "f:1 wrong-value: `pull_policy` cannot be \"sometimes\""),
        ("pull_policy = 'alway'", "(did you mean `always`?)"),
        ("pull_policy = []", "f:1 wrong-value: `pull_policy`: it names no policy"),
        ("workspace = 'copy'", "it is one of `shared`, `isolated`, `strict`"),
        ("tags = [1]", "f:1 wrong-type: an entry of `tags` takes a string, and not a number"),
        ("mounts = ['out:/srv']", "\"out\" is not an absolute path; write `/…` or `~/…`"),
        ("mounts = ['/out']", "write it as HOST:GUEST"),
        ("env = ['1A']", "is not a variable's name"),
        ("network = ['https://x.org']", "is a URL; write the host"),
        ("registries.'a/b' = {}", "is not a host"),
        ("images = 'x'", "f:1 wrong-type: `images` takes a table, and not a string"),
        ("images.x = {}", "f:1 wrong-value: the image `x`: it names no image"),
        ("images.x = 1", "an image, or a table with `from`"),
        ("images.x.form = 'a'", "did you mean `from`?"),
        ("commands.'a/b' = 'x'", "a command's name has no blanks"),
        ("commands.a = ''", "f:1 wrong-value: the command `a`: it names no command"),
        ("commands.a = \"x 'y\"", "a quote is not closed"),
        ("project.'/a'.project.'/b' = {}", "a project's settings have no projects"),
        ("project.'shop' = {}", "is not an absolute path"),
        ("a = ", "f:1 settings-syntax: `f` is not TOML:"),
        ("tags = ['a']\ntags = ['b']", "f:2 settings-syntax"),
        ("[[[", "settings-syntax"),
    ] {
        let (_, told) = load(&[("f", Owner::User, text)]);
        assert!(told.contains(expected), "{text:?}: {told}");
    }
}

#[test]
fn hostile_files_end_in_a_message() {
    let deep = format!("tags = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = format!("tags = [{}]", "'a',".repeat(20_000));
    let keys = format!("{} = 1", "a.".repeat(50_000));
    for text in [deep, long, keys] {
        let (settings, told) = load(&[("f", Owner::Project, &text)]);
        assert_eq!(settings, Settings::default());
        assert!(!told.is_empty());
    }
}
