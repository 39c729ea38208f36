//! `greenroom bench`: that it measures, keeps, compares and refuses; not what the figures are.

use serde_json::Value;

use super::harness::Project;

const QUICK: [&str; 7] = ["bench", "--no-peers", "--runs", "3", "--warm-up", "0", "--only"];

fn bench(project: &Project, arguments: &[&str]) -> String {
    project.run(&QUICK.iter().chain(arguments).copied().collect::<Vec<_>>())
}

fn kept(project: &Project, name: &str) -> Value {
    let text = std::fs::read_to_string(project.path().join(name)).expect("it was kept");
    serde_json::from_str(&text).expect("JSON")
}

fn names(report: &Value) -> Vec<&str> {
    let figures = report["figures"].as_array().expect("a list");
    figures.iter().map(|figure| figure["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_baseline_is_kept_and_compared_with() {
    let project = Project::empty();
    let shown =
        bench(&project, &["hot: a no-op", "--peer", "sh -c 'sleep 0.02'", "--save", "a.json"]);
    assert!(shown.starts_with("exit code 0\n"), "{shown}");
    assert!(shown.contains("hot: a no-op module") && shown.contains("Ratios are to"), "{shown}");
    let mut report = kept(&project, "a.json");
    assert_eq!(names(&report), ["/bin/true", "hot: a no-op module", "sh -c 'sleep 0.02'"]);
    assert!(report["figures"][2]["median"].as_f64().is_some_and(|ns| ns >= 2e7), "{report}");

    let again = ["nothing", "--peer", "sh -c 'sleep 0.02'", "--compare"];
    let same = bench(&project, &[&again[..], &["a.json", "--threshold", "1000"]].concat());
    assert!(same.starts_with("exit code 0\n"), "{same}");
    assert!(
        same.contains("hot: a no-op module") && same.contains("not measured this time"),
        "{same}"
    );

    // As if it had taken a hundredth of the time.
    for field in ["min", "q1", "median", "q3", "p95", "p99", "max"] {
        let value = &mut report["figures"][2][field];
        *value = (value.as_f64().expect("a number") / 100.0).into();
    }
    std::fs::write(project.path().join("b.json"), report.to_string()).expect("writable");
    let slower = bench(&project, &[&again[..], &["b.json", "--threshold", "50"]].concat());
    assert!(slower.starts_with("exit code 1\n") && slower.contains("SLOWER"), "{slower}");
}

#[test]
fn a_pipeline_is_measured_stage_by_stage() {
    let project = Project::empty();
    let arguments = ["nothing", "--stages", "2", "--jobs", "2", "--steps", "3", "--format", "csv"];
    let shown = bench(&project, &arguments);
    let rows: Vec<_> = shown.lines().skip(3).map(|line| line.split(',').next()).collect();
    let pipeline = "run 2 stages x 2 jobs x 3 steps";
    let expected = ["/bin/true", pipeline, "- stage s1", "- stage s2"].map(Some);
    assert_eq!(rows, expected, "{shown}");

    let project = project.with("p/.gitlab-ci.yml", "a:\n  script: test \"$X\" = 1\n");
    let given = ["nothing", "p", "--format", "csv", "--", "--var", "X=1"];
    assert!(bench(&project, &given).contains("- stage test,,3,"));
    let failing = bench(&project, &["nothing", "p", "--format", "json"]);
    assert!(failing.contains("\"reason\": \"failed (exit status: 1)\""), "{failing}");
}

#[test]
fn what_cannot_be_measured_is_refused_or_named() {
    let project = Project::empty().with("bad.json", "{}").with("bad.yml", "a: [");
    for (arguments, code, words) in [
        (&["x", "--compare", "bad.json"][..], 2, "it is no report"),
        (&["x", "--compare", "none.json"], 2, "--save FILE"),
        (&["x", "--peer", "'open"], 2, "is not closed"),
        (&["x", "bad.yml"], 3, "greenroom check"),
        (&["x", "--stages", "0"], 2, "0 is not in 1..=1000"),
        (&["x", "--save", "no/such/place.json"], 4, "cannot write no/such/place.json"),
        (&["x", "--peer", "no-such-program"], 0, "no-such-program: cannot be started"),
    ] {
        let shown = bench(&project, arguments);
        let expected = format!("exit code {code}\n");
        assert!(shown.starts_with(&expected) && shown.contains(words), "{arguments:?}: {shown}");
    }
}

#[test]
fn a_signal_ends_it_and_nothing_is_left() {
    let project = Project::empty();
    let temporary = project.path().join("tmp");
    std::fs::create_dir(&temporary).expect("writable");
    let mut child = project
        .command(&["bench", "--no-peers", "--only", "nothing", "--peer", "sleep 60"])
        .env("TMPDIR", &temporary)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("greenroom starts");
    let scratch = || std::fs::read_dir(&temporary).expect("readable").count();
    while scratch() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&child);
    // It listens before it makes anything that would have to be removed.
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let status = child.wait().expect("it ends");
    assert_eq!((status.code(), scratch()), (Some(130), 0));
}

#[test]
fn a_peer_that_does_not_end_is_given_up() {
    let shown =
        bench(&Project::empty(), &["nothing", "--peer", "sleep 60", "--peer-timeout", "1s"]);
    assert!(shown.contains("sleep 60: took longer than 1s"), "{shown}");
}
