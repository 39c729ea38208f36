//! Commands of this machine, timed as whole processes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{self, Stdio};
use std::time::Instant;

use super::measure::Trial;

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
}

impl Command {
    /// A command of these words.
    pub fn new<W: Into<OsString>>(words: impl IntoIterator<Item = W>) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Runs it once, for what it writes to standard output.
    ///
    /// # Errors
    /// If it cannot be started, or fails.
    pub fn output(&self) -> Result<String, String> {
        let output = self.process(Stdio::piped()).output();
        let output = output.map_err(|error| format!("cannot be started: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty());
        let said = said.map(|line| format!(": {}", line.chars().take(160).collect::<String>()));
        Err(format!("failed ({}){}", output.status, said.unwrap_or_default()))
    }

    fn process(&self, output: Stdio) -> process::Command {
        let (program, arguments) = match self.words.split_first() {
            Some((program, arguments)) => (program.clone(), arguments),
            None => (OsString::new(), &[][..]),
        };
        let mut process = process::Command::new(program);
        process.args(arguments).stdin(Stdio::null()).stdout(output);
        if let Some(directory) = &self.directory {
            process.current_dir(directory);
        }
        process.envs(self.variables.iter().map(|(name, value)| (name, value)));
        process
    }
}

impl Trial for Command {
    fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String> {
        if let Some(directory) = &self.forgets
            && directory.exists()
        {
            std::fs::remove_dir_all(directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
        }
        let mut process = self.process(Stdio::null());
        process.stderr(Stdio::null());
        let start = Instant::now();
        let status = process.status();
        let taken = start.elapsed();
        let status = status.map_err(|error| format!("cannot be started: {error}"))?;
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
