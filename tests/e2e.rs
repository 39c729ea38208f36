//! Runs the built `greenroom` on whole projects and compares what a user would see.
//!
//! A case is a directory: `tests/e2e/NAME`, or `tests/adversarial/jobs/NAME` for pipelines that
//! mean harm. It is copied to a fresh place, the lines of its `case.txt` are done there one after
//! the other, and the transcript is compared with its `expected.txt`. Without a `case.txt` the one
//! line is `greenroom run --jobs 1`. The lines are
//!
//! - `greenroom ARGUMENTS…`: standard output, standard error and exit code go into the transcript;
//!   `'…'` keeps spaces together;
//! - `stdin TEXT`: what the next `greenroom` reads, otherwise nothing; `\n` is the end of a line;
//! - `unordered`: the jobs of the next run go on at the same time, so their lines are sorted by job;
//! - `cat FILE`, `ls DIRECTORY`: go into the transcript, the latter with everything below it;
//! - `write FILE TEXT`: makes a file of one line;
//! - `git ARGUMENTS…`: does something to the project, as a person would;
//! - `mkdir DIRECTORY`, `symlink TARGET NAME`, `wat SOURCE MODULE`: prepare the project; the last
//!   assembles a module from WebAssembly text.
//!
//! `GREENROOM_BLESS=1 cargo test --test e2e [NAME]` writes the expectations.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;

/// Longer than anything here may take, on a slow machine that compiles the guests first.
const TOO_LONG: Duration = Duration::from_secs(300);
const ROOTS: [&str; 2] = ["tests/e2e", "tests/adversarial/jobs"];
/// Files of a case that are about it and not part of the project.
const OWN: [&str; 2] = ["case.txt", "expected.txt"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = own_tests();
    for root in ROOTS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let mut cases: Vec<PathBuf> = fs::read_dir(&root)
            .unwrap_or_else(|error| panic!("{}: {error}", root.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        cases.sort();
        assert!(!cases.is_empty(), "{} has cases", root.display());
        trials.extend(cases.into_iter().map(|case| {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            Trial::test(name, move || check(&case))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(case: &Path) -> Result<(), Failed> {
    let found = run(case)?;
    let path = case.join("expected.txt");
    if bless() {
        return Ok(fs::write(&path, found)?);
    }
    let expected = fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; GREENROOM_BLESS=1 writes it", path.display()))?;
    compare(&expected, &found).map_err(|message| format!("{}: {message}", path.display()).into())
}

#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
fn bless() -> bool {
    std::env::var_os("GREENROOM_BLESS").is_some()
}

/// The first line that differs, with the whole that was found.
fn compare(expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let (mut left, mut right) = (expected.lines(), found.lines());
    let mut number = 1;
    let (left, right) = loop {
        match (left.next(), right.next()) {
            (Some(a), Some(b)) if a == b => number += 1,
            (a, b) => break (a.unwrap_or("the end"), b.unwrap_or("the end")),
        }
    };
    Err(format!("line {number}\n  expected: {left}\n  found:    {right}\n\n{found}"))
}

/// Does the lines of a case and returns the transcript.
fn run(case: &Path) -> Result<String, Failed> {
    let scratch = tempfile::tempdir()?;
    let place = scratch.path().canonicalize()?;
    let project = place.join("project");
    copy(case, &project, &OWN)?;
    for name in ["home", "tmp", "outside"] {
        fs::create_dir(place.join(name))?;
    }
    fs::write(place.join("outside/canary"), "untouched\n")?;
    let script = match fs::read_to_string(case.join("case.txt")) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            "greenroom run --jobs 1\n".to_owned()
        }
        Err(error) => return Err(error.into()),
    };
    let mut transcript = String::new();
    let mut settings = Settings::default();
    for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words = words(line);
        let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        match (words[0].as_str(), &arguments[..]) {
            ("greenroom", arguments) => {
                transcript += &format!("$ {line}\n");
                transcript += &greenroom(&place, arguments, &std::mem::take(&mut settings))?;
            }
            ("stdin", _) => {
                settings.stdin = line["stdin".len()..].trim_start().replace("\\n", "\n");
            }
            ("unordered", []) => settings.unordered = true,
            ("cat", [file]) => {
                let content = fs::read(project.join(file));
                let content = content.unwrap_or_else(|error| format!("{error}\n").into_bytes());
                transcript += &format!("$ {line}\n{}", String::from_utf8_lossy(&content));
            }
            ("ls", [directory]) => {
                transcript += &format!("$ {line}\n");
                if let Err(error) = list(&project.join(directory), "", &mut transcript) {
                    transcript += &format!("{error}\n");
                }
            }
            ("write", [file, text @ ..]) => {
                fs::write(project.join(file), text.join(" ") + "\n")?;
            }
            ("git", arguments) => git(&project, arguments)?,
            ("mkdir", [directory]) => fs::create_dir_all(project.join(directory))?,
            ("symlink", [target, name]) => {
                std::os::unix::fs::symlink(target, project.join(name))?;
            }
            ("wat", [source, module]) => {
                fs::write(project.join(module), wat::parse_file(project.join(source))?)?;
            }
            _ => return Err(format!("case.txt: what is this? {line}").into()),
        }
    }
    if fs::read_to_string(place.join("outside/canary"))? != "untouched\n" {
        return Err("something outside of the project was changed".into());
    }
    Ok(transcript.replace(&*place.to_string_lossy(), "<place>"))
}

/// Runs git as a person would who has configured nothing but a name.
fn git(project: &Path, arguments: &[&str]) -> Result<(), Failed> {
    let output = Command::new("git")
        .args(["-c", "user.name=A B", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(project)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() { Ok(()) } else { Err(format!("git: {output:?}").into()) }
}

#[derive(Default)]
struct Settings {
    stdin: String,
    unordered: bool,
}

/// Runs `greenroom` in a case's project, and tells what it wrote and how it ended.
fn greenroom(place: &Path, arguments: &[&str], settings: &Settings) -> Result<String, Failed> {
    // Compiled guests are shared by the cases, and kept until `cargo clean`.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
    let mut child = Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .args(arguments)
        .current_dir(place.join("project"))
        .env_clear()
        .env("HOME", place.join("home"))
        .env("LANG", "C")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("SECRET_OF_THE_HOST", "must not be seen")
        .env("TMPDIR", place.join("tmp"))
        .env("XDG_CACHE_HOME", cache)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().expect("it was asked for");
    let text = settings.stdin.clone();
    thread::spawn(move || stdin.write_all(text.as_bytes()));
    let stdout = reader(child.stdout.take().expect("it was asked for"));
    let stderr = reader(child.stderr.take().expect("it was asked for"));
    let start = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() > TOO_LONG => {
                child.kill()?;
                child.wait()?;
                return Err(format!("greenroom {} hangs", arguments.join(" ")).into());
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let left_behind: Vec<_> = fs::read_dir(place.join("tmp"))?.collect::<Result<_, _>>()?;
    if !left_behind.is_empty() {
        return Err(format!("left behind: {left_behind:?}").into());
    }
    let stdout = stdout.join().expect("the reader does not panic")?;
    let stderr = stderr.join().expect("the reader does not panic")?;
    let mut transcript = normalise(&String::from_utf8_lossy(&stdout), settings.unordered);
    let stderr = normalise(&String::from_utf8_lossy(&stderr), false);
    if !stderr.is_empty() {
        transcript += "--- standard error\n";
        transcript += &stderr;
    }
    match status.code() {
        Some(code) => transcript += &format!("--- exit code {code}\n"),
        None => return Err(format!("greenroom ended by a signal: {status}").into()),
    }
    Ok(transcript)
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        Ok(bytes)
    })
}

static DURATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(\d+ min \d\d s|\d+(\.\d+)? (s|ms|µs))\b").unwrap());
/// What is only said when a module is met for the first time on a machine.
static FIRST_USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(note|greenroom): (compiling|waiting for another)\b").unwrap());
static PADDING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<time> {2,}").unwrap());
/// The identifier of a pipeline in a table.
static PIPELINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(  |_PIPELINE_ID=)\d{10}  ").unwrap());
static OF_A_JOB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(\S[^|]*?) *\| ").unwrap());

/// Text without what differs from run to run: durations, first use, and the order of lines of jobs
/// that run at the same time.
fn normalise(text: &str, unordered: bool) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !FIRST_USE.is_match(line))
        .map(|line| DURATION.replace_all(line, "<time>").into_owned())
        // What follows in a table depends on how long the longest time is.
        .map(|line| PADDING.replace_all(&line, "<time>  ").into_owned())
        .map(|line| PIPELINE.replace_all(&line, "${1}<pipeline>  ").into_owned())
        .collect();
    if unordered {
        let job = |line: &str| OF_A_JOB.captures(line).map(|found| found[1].to_owned());
        for block in lines.chunk_by_mut(|a, b| job(a).is_some() && job(b).is_some()) {
            block.sort_by_key(|line| job(line));
        }
    }
    let mut normal = lines.join("\n");
    if !normal.is_empty() {
        normal.push('\n');
    }
    normal
}

/// The words of a line; single quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Every file below a directory, as paths relative to it.
fn list(directory: &Path, prefix: &str, out: &mut String) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // What git keeps is different every time.
        if name == ".git" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), out)?;
        } else {
            *out += &name;
            out.push('\n');
        }
    }
    Ok(())
}

/// Copies a directory without some names at its top, modes and links included.
fn copy(from: &Path, to: &Path, without: &[&str]) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if without.iter().any(|own| name == *own) {
            continue;
        }
        let (path, target) = (entry.path(), to.join(&name));
        if entry.file_type()?.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path)?, target)?;
        } else if entry.file_type()?.is_dir() {
            copy(&path, &target, &[])?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

/// Would a case notice that something is wrong?
fn own_tests() -> Vec<Trial> {
    vec![
        Trial::test("own: a difference is found", || {
            compare("a\nb\n", "a\nb\n")?;
            for (expected, found, place) in
                [("a\nb\n", "a\nc\n", "line 2"), ("a\n", "a\nb\n", "line 2"), ("a\n", "", "line 1")]
            {
                let message = compare(expected, found).expect_err("they differ");
                assert!(message.starts_with(place), "{message}");
            }
            Ok(())
        }),
        Trial::test("own: a transcript without times and order", || {
            let text = "x: 1 stage\nnote: compiling shell (2.1 MB)\nb | succeeded after 1.2 ms\n\
                        aa | note: compiling\na | one\nb | two\n\nSum 1 min 02 s\n";
            assert_eq!(
                normalise(text, true),
                "x: 1 stage\na | one\naa | note: compiling\nb | succeeded after <time>\nb | two\n\nSum <time>\n"
            );
            assert_eq!(normalise("b | 1\na | 2", false), "b | 1\na | 2\n");
            Ok(())
        }),
        Trial::test("own: words", || {
            assert_eq!(words("exec sh -c 'exit  7' x"), ["exec", "sh", "-c", "exit  7", "x"]);
            Ok(())
        }),
    ]
}
