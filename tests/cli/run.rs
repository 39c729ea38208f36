//! `greenroom run` with the real sandbox. The scripts use nothing but the shell.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::harness::Project;

/// Durations differ from run to run.
fn timeless(text: &str) -> String {
    let durations = Regex::new(r"\d+(\.\d)? (ms|s)\b").expect("a valid pattern");
    durations.replace_all(text, "[time]").into_owned()
}

fn pipeline(text: &str) -> Project {
    compile_the_shell();
    Project::empty().with(".gitlab-ci.yml", text)
}

/// So that no time limit of a test has to have room for it.
fn compile_the_shell() {
    static COMPILED: Once = Once::new();
    COMPILED.call_once(|| {
        let (code, _) = run(&Project::empty(), &["exec", "sh", "-c", "exit 9"]);
        assert_eq!(code, 9);
    });
}

/// Exit code and standard output.
fn run(project: &Project, arguments: &[&str]) -> (i32, String) {
    let output = project.command(arguments).output().expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    let code = output.status.code().expect("it was not killed");
    (code, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn events(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn stages_follow_each_other_in_one_workspace() {
    let project = pipeline(
        "stages: [test, deploy]\n\
         unit:\n  stage: test\n  script:\n    - echo tested > report\n    - echo done\n\
         publish:\n  stage: deploy\n  script:\n    - read line < report\n    \
         - echo \"publishing what was $line\"\n  after_script:\n    - echo $CI_JOB_STATUS\n",
    );
    let (code, stdout) = run(&project, &["run"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!(timeless(&stdout));
}

#[test]
fn a_failure_names_its_command_place_and_last_lines() {
    let project = pipeline(
        "stages: [test, deploy]\n\
         unit:\n  stage: test\n  script:\n    - echo first\n    - |\n      echo one\n      \
         echo two >&2\n      bash -c 'exit 42'\n      echo never\n  after_script:\n    \
         - echo \"it was $CI_JOB_STATUS\"\n    - (exit 3)\n\
         publish:\n  stage: deploy\n  script: [echo never]\n\
         tidy:\n  stage: deploy\n  script: [echo tidy]\n  when: always\n",
    );
    let (code, stdout) = run(&project, &["run", "--jobs", "1"]);
    assert_eq!(code, 1);
    insta::assert_snapshot!(timeless(&stdout));
}

#[test]
fn exit_codes() {
    let allowed = |allow: &str, code: u8| {
        pipeline(&format!("j:\n  allow_failure: {allow}\n  script: ['(exit {code})']\n"))
    };
    assert_eq!(run(&allowed("false", 0), &["run"]).0, 0);
    assert_eq!(run(&allowed("false", 255), &["run"]).0, 1);
    assert_eq!(run(&allowed("true", 255), &["run"]).0, 0);
    assert_eq!(run(&allowed("{exit_codes: [7]}", 7), &["run"]).0, 0);
    assert_eq!(run(&allowed("{exit_codes: [7]}", 8), &["run"]).0, 1);
    assert_eq!(run(&allowed("maybe", 0), &["run"]).0, 3);
    assert_eq!(run(&allowed("false", 0), &["run", "k"]).0, 2);
    assert_eq!(run(&Project::empty(), &["run"]).0, 3);
}

#[test]
fn every_exit_code_of_a_script_is_reported_unchanged() {
    for code in [1, 2, 126, 127, 128, 137, 254, 255] {
        let project = pipeline(&format!("j:\n  script: ['exit {code}']\n"));
        let (_, stdout) = run(&project, &["run", "--format", "jsonl"]);
        let events = events(&stdout);
        let finished = events.iter().find(|event| event["event"] == "job_finished");
        assert_eq!(finished.expect("the job ends")["outcome"]["code"], code);
    }
}

#[test]
fn jobs_and_stages_can_be_chosen() {
    let project = pipeline(
        "stages: [one, two]\n\
         a:\n  stage: one\n  script: [echo a]\nb:\n  stage: one\n  script: [echo b]\n\
         c:\n  stage: two\n  script: [echo c]\n  needs: [a]\n\
         m:\n  stage: two\n  script: [echo m]\n  when: manual\n",
    );
    let ran = |arguments: &[&str]| {
        let (code, stdout) = run(&project, &[arguments, &["--format", "jsonl"]].concat());
        assert_eq!(code, 0, "{arguments:?}: {stdout}");
        let mut jobs: Vec<String> = events(&stdout)
            .iter()
            .filter(|event| event["event"] == "job_started")
            .map(|event| event["job"].as_str().unwrap_or_default().to_owned())
            .collect();
        jobs.sort();
        jobs.join(" ")
    };
    assert_eq!(ran(&["run"]), "a b c");
    assert_eq!(ran(&["run", "a"]), "a");
    assert_eq!(ran(&["run", ".gitlab-ci.yml", "c", "b"]), "b c");
    assert_eq!(ran(&["run", "--stage", "one"]), "a b");
    assert_eq!(ran(&["run", "m"]), "m");
    let told = project.run(&["run", "c"]);
    assert!(told.contains("note: c needs a, which does not run this time"), "{told}");
}

#[test]
fn only_what_is_granted_reaches_a_job() {
    let project = pipeline(
        "variables: {GIVEN: yaml}\n\
         j:\n  script:\n    - 'echo \"[$GIVEN] [$GRANTED] [$SECRET]\"'\n    - 'set'\n",
    );
    let output = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        let output = command.env("GRANTED", "a$b c").env("SECRET", "s3cret").output();
        String::from_utf8_lossy(&output.expect("the binary starts").stdout).into_owned()
    };
    let stdout = output(&["run", "--var", "GIVEN=$HOME", "--env", "GRANTED"]);
    assert!(stdout.contains("[$HOME] [a$b c] []"), "{stdout}");
    assert!(!stdout.contains("s3cret"), "{stdout}");
    assert!(output(&["run"]).contains("[yaml] [] []"));
}

#[test]
fn mounted_directories() {
    let project = pipeline(
        "write:\n  script: ['echo published > /srv/page']\n\
         read:\n  script: ['read x < /data/in; echo \"got $x\"', 'echo no > /data/out']\n",
    )
    .with("public/x", "")
    .with("data/in", "input\n");
    let mounts = ["--mount", "public:/srv", "--mount", "data:/data:ro"];
    let (code, stdout) = run(&project, &[&["run", "--jobs", "1"], &mounts[..]].concat());
    assert_eq!(code, 1, "{stdout}");
    let page = std::fs::read_to_string(project.path().join("public/page")).expect("written");
    assert_eq!(page, "published\n");
    assert!(stdout.contains("got input\n"), "{stdout}");
    assert!(!project.path().join("data/out").exists());
    let refused = project.run(&["run", "--mount", "public:/workspace/x"]);
    assert!(refused.starts_with("exit code 2\n"), "{refused}");
}

#[test]
fn limits_end_a_job_with_a_message_of_their_own() {
    let project = pipeline(
        "flood:\n  script: ['while :; do echo 0123456789012345678901234567890123456789; done']\n\
         disk:\n  script: ['while :; do echo 0123456789012345678901234567890123456789 >> f; done']\n\
         memory:\n  script: ['x=0123456789; while :; do x=$x$x; done']\n\
         endless:\n  script: ['while :; do :; done']\n  timeout: 1 second\n\
         after:\n  script: [echo fine]\n",
    );
    let limits = ["--log-limit", "100k", "--disk-limit", "100k", "--memory-limit", "64M"];
    let arguments = [&["run", "--jobs", "2", "--timeout", "2m"], &limits[..]].concat();
    let (code, stdout) = run(&project, &arguments);
    assert_eq!(code, 1);
    for expected in [
        "flood failed: too much output; --log-limit ",
        "disk failed: disk quota exceeded; --disk-limit ",
        "memory failed: out of memory; --memory-limit ",
        "endless timed out\n",
        "5 jobs\n",
        ": 4 failed, 1 succeeded\n",
    ] {
        assert!(stdout.contains(expected), "{expected}: {stdout}");
    }
}

#[test]
fn an_image_that_is_not_there_fails_its_job_only() {
    let project =
        pipeline("a:\n  image: modules/php.wasm\n  script: [php -v]\nb:\n  script: [echo fine]\n");
    let (code, stdout) = run(&project, &["run"]);
    assert_eq!(code, 1);
    assert!(
        stdout.contains("\na failed: .gitlab-ci.yml:2: image `modules/php.wasm`: "),
        "{stdout}"
    );
    assert!(stdout.contains(": 1 failed, 1 succeeded\n"), "{stdout}");
}

const ENDLESS: &str = "stages: [one, two]\n\
    j:\n  stage: one\n  script: ['echo begun', 'while :; do :; done']\n  \
    after_script: ['echo \"after: $CI_JOB_STATUS\"', 'ENDLESS_AFTER']\n\
    k:\n  stage: two\n  script: [echo never]\n  when: always\n";

/// Starts a run and waits until its script has said something.
fn begun(project: &Project) -> Child {
    let mut child = project
        .command(&["run", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    wait_for(&mut child, "begun\\n");
    child
}

/// Reads standard output up to the end of the line that says `text`.
fn wait_for(child: &mut Child, text: &str) {
    let stdout = child.stdout.as_mut().expect("it is a pipe");
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        let length = stdout.read(&mut byte).expect("readable");
        assert_eq!(length, 1, "it ended with {:?}", String::from_utf8_lossy(&line));
        if byte != *b"\n" {
            line.push(byte[0]);
        } else if String::from_utf8_lossy(&line).contains(text) {
            return;
        } else {
            line.clear();
        }
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
}

#[test]
fn the_first_signal_cancels_and_runs_after_script() {
    for kind in [Signal::INT, Signal::TERM, Signal::HUP] {
        let project = pipeline(&ENDLESS.replace("ENDLESS_AFTER", "echo tidied"));
        let child = begun(&project);
        signal(&child, kind);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130));
        let events = events(&String::from_utf8_lossy(&output.stdout));
        let said: String = events.iter().filter_map(|event| event["text"].as_str()).collect();
        assert_eq!(said, "after: canceled\ntidied\n");
        let of = |name| events.iter().filter(move |event| event["event"] == name);
        assert_eq!(of("job_finished").next().expect("j ends")["outcome"]["kind"], "cancelled");
        assert_eq!(of("job_skipped").next().expect("k is skipped")["reason"]["kind"], "cancelled");
        assert_eq!(events.last().expect("an end")["result"], "cancelled");
    }
}

#[test]
fn the_second_signal_ends_at_once() {
    let project = pipeline(&ENDLESS.replace("ENDLESS_AFTER", "while :; do :; done"));
    let mut child = begun(&project);
    signal(&child, Signal::INT);
    wait_for(&mut child, "after: canceled\\n");
    let begin = Instant::now();
    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("it ends");
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    assert_eq!(output.status.code(), Some(130));
    let events = events(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(events.last().expect("an end")["result"], "cancelled");
}

#[test]
fn a_reader_that_goes_away_ends_the_run() {
    let project = pipeline("j:\n  script: ['while :; do echo again; done']\n");
    let mut child = project
        .command(&["run", "--log-limit", "1G"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    wait_for(&mut child, "again");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_each_command_used_is_told() {
    let count = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
    let project = pipeline(&format!(
        "j:\n  script:\n    - {count}; times\n    - '{{ {count}; echo; }} | read line'\n    - ':'\n"
    ));
    let (code, stdout) = run(&project, &["run", "--format", "jsonl"]);
    assert_eq!(code, 0, "{stdout}");
    let events = events(&stdout);
    let of = |kind: &str| events.iter().filter(|e| e["event"] == kind).collect::<Vec<_>>();
    let number = |value: &Value| value.as_u64().expect("a number");
    let [prepared] = of("job_prepared")[..] else { panic!("the job is prepared once: {stdout}") };
    let parts = ["data_us", "image_us", "modules_us"].map(|part| number(&prepared[part]));
    assert!(parts.iter().sum::<u64>() <= number(&prepared["duration_us"]), "{prepared}");
    let finished = of("command_finished");
    let [counting, piping, nothing] = finished[..] else { panic!("three commands: {stdout}") };
    for command in [counting, piping, nothing] {
        let memory = number(&command["usage"]["peak_memory"]);
        assert!((1 << 20..1 << 28).contains(&memory), "the shell's at least: {command}");
    }
    let cpu = |command: &Value| number(&command["usage"]["cpu_us"]);
    let wait = |command: &Value| number(&command["usage"]["wait_us"]);
    assert!(cpu(counting) > 5_000 && cpu(piping) > 5_000, "{stdout}");
    assert!(cpu(nothing) < cpu(counting), "{stdout}");
    assert!(cpu(counting) <= number(&counting["duration_us"]), "one process: {counting}");
    // The end of the pipe that is read from waits while the other one counts.
    assert!(wait(piping) > 5_000 && wait(nothing) < wait(piping), "{stdout}");
    assert!(number(&piping["usage"]["peak_memory"]) > number(&nothing["usage"]["peak_memory"]));
    let output = of("output");
    let times = output.iter().find_map(|event| event["text"].as_str()).expect("output of times");
    assert!(times.starts_with("0m") && !times.starts_with("0m0.000s"), "{times}");

    let (_, stdout) = run(&project, &["run", "--timings"]);
    assert!(stdout.contains("I/O wait") && stdout.contains("(start: "), "{stdout}");
}
