//! Commands of this machine, timed as whole processes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use super::measure::Trial;
use super::watch::Watch;

/// How much of what a command writes is looked at.
const OUTPUT: u64 = 256 << 20;
/// How much of its messages.
const MESSAGES: u64 = 64 << 10;

/// A command to time.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program, found in `PATH`, and its arguments.
    pub words: Vec<OsString>,
    /// Where it is started.
    pub directory: Option<PathBuf>,
    /// Variables it gets besides those of greenroom.
    pub variables: Vec<(String, OsString)>,
    /// A directory that does not exist when it is started, for what it keeps: its first run ever.
    pub forgets: Option<PathBuf>,
    /// How long it may take; no limit if it is left out.
    pub limit: Option<Duration>,
    /// Who ends it.
    pub watch: Watch,
}

impl Command {
    /// A command of these words.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Runs it once, for what it writes to standard output.
    ///
    /// # Errors
    /// If it cannot be started, fails, or takes longer than its limit.
    pub fn output(&self) -> Result<String, String> {
        self.wanted()?;
        // Files, not pipes: what it leaves running in the background may hold those open.
        let file = || tempfile::tempfile().map_err(|error| format!("has no output: {error}"));
        let (mut output, mut messages) = (file()?, file()?);
        let into = |file: &File| file.try_clone().map(Stdio::from);
        let unable = |error: io::Error| format!("has no output: {error}");
        let mut process = self.process(into(&output).map_err(unable)?);
        process.stderr(into(&messages).map_err(unable)?);
        let mut child = process.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        let status = self.watch.wait(&mut child, self.limit)?;
        if status.success() {
            return text(&mut output, OUTPUT).map_err(unable);
        }
        let said = text(&mut messages, MESSAGES).map_err(unable)?;
        let said = telling(&said);
        let said = said.map(|line| format!(": {}", line.chars().take(160).collect::<String>()));
        Err(format!("failed ({status}){}", said.unwrap_or_default()))
    }

    /// Nothing is begun once no more is wanted: it might not yet know how to end.
    fn wanted(&self) -> Result<(), String> {
        if self.watch.cancelled() { Err("cancelled".to_owned()) } else { Ok(()) }
    }

    fn process(&self, output: Stdio) -> process::Command {
        let (program, arguments) = match self.words.split_first() {
            Some((program, arguments)) => (program.clone(), arguments),
            None => (OsString::new(), &[][..]),
        };
        let mut process = process::Command::new(program);
        process.args(arguments).stdin(Stdio::null()).stdout(output).process_group(0);
        if let Some(directory) = &self.directory {
            process.current_dir(directory);
        }
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process
    }
}

impl Trial for Command {
    fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String> {
        self.wanted()?;
        if let Some(directory) = &self.forgets
            && directory.exists()
        {
            std::fs::remove_dir_all(directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        let mut process = self.process(Stdio::null());
        process.stderr(Stdio::null());
        let start = Instant::now();
        let mut child = process.spawn().map_err(|error| format!("cannot be started: {error}"))?;
        let status = self.watch.wait(&mut child, self.limit);
        let taken = start.elapsed();
        let status = status?;
        if !status.success() {
            // Once more, for its words.
            return match self.output() {
                Err(reason) => Err(reason),
                Ok(_) => Err(format!("failed once ({status})")),
            };
        }
        samples.push(taken.as_nanos() as f64);
        Ok(())
    }
}

fn text(file: &mut File, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The line of a program's messages that tells most about why it failed: the last that sounds like an
/// error, and otherwise the first. Programs say less important things before, and traces after it.
fn telling(messages: &str) -> Option<&str> {
    const SIGNS: [&str; 7] =
        ["error", "fatal", "fail", "cannot", "not found", "denied", "not supported"];
    let lines = || messages.lines().map(str::trim).filter(|line| !line.is_empty());
    let sounds = |line: &&str| {
        let line = line.to_lowercase();
        !line.starts_with("at ") && SIGNS.iter().any(|sign| line.contains(sign))
    };
    lines().rfind(sounds).or_else(|| lines().next())
}

/// The words of a command line: separated by blanks, with `'…'`, `"…"` and `\` as in a shell, and
/// nothing else of a shell.
///
/// # Errors
/// If a quote is not closed, or there is no word.
pub fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(rest.next()),
                        Some(other) => word.push(other),
                        None => return Err(format!("the quote {c} is not closed")),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(rest.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if words.is_empty() { Err("there is no command".to_owned()) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (line, expected) in [
            ("sh -c true", Some(&["sh", "-c", "true"][..])),
            ("sh -c 'exit 0'  \"a b\"c", Some(&["sh", "-c", "exit 0", "a bc"])),
            (r#"a\ b "\"" ''"#, Some(&["a b", "\"", ""])),
            ("'open", None),
            ("  ", None),
        ] {
            assert_eq!(
                words(line).ok().as_deref(),
                expected
                    .map(|e| e.iter().copied().map(str::to_owned).collect::<Vec<_>>())
                    .as_deref(),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_telling_line_is_neither_chatter_nor_trace() {
        for (messages, expected) in [
            ("\n no daemon \nbye\n", Some("no daemon")),
            (
                "Using fallback\nTypeError: x is not a function\n    at f (error.js:1)\n\nNode 20",
                Some("TypeError: x is not a function"),
            ),
            (
                "step failed\nbash: line 1: rsync: command not found\n",
                Some("bash: line 1: rsync: command not found"),
            ),
            ("\n \n", None),
        ] {
            assert_eq!(telling(messages), expected, "{messages:?}");
        }
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let scratch = tempfile::tempdir().unwrap();
        let alive = scratch.path().join("alive");
        let script = "(sleep 30; touch alive) & sleep 30; touch alive";
        let mut command = Command::new(["sh", "-c", script]);
        command.directory = Some(scratch.path().to_owned());
        command.limit = Some(Duration::from_millis(150));
        let start = Instant::now();
        let reason = command.output().unwrap_err();
        assert_eq!(reason, "took longer than 150ms");
        assert!(command.run(&mut Vec::new()).is_err());
        assert!(start.elapsed() < Duration::from_secs(20) && !alive.exists());
        // The next one has a limit of its own.
        command.words = ["sh", "-c", "echo on"].map(OsString::from).into();
        assert_eq!(command.output().as_deref(), Ok("on\n"));
        command.watch.cancel();
        assert_eq!(command.output().unwrap_err(), "cancelled");
    }

    #[test]
    fn a_failing_command_says_why() {
        let mut samples = Vec::new();
        let mut command = Command::new(["sh", "-c", "echo no such luck >&2; exit 3"]);
        let reason = command.run(&mut samples).unwrap_err();
        assert!(reason.contains("no such luck") && reason.contains('3'), "{reason}");
        assert!(Command::new(["/does/not/exist"]).run(&mut samples).is_err());
        assert!(samples.is_empty());
        Command::new(["true"]).run(&mut samples).unwrap();
        assert!(samples[0] > 0.0);
    }
}
