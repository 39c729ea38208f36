//! What a user decides about a pipeline's jobs besides naming them: manual jobs and tags.

use std::io::{self, BufRead, Write};

use clap::Args;

use super::failure::Failure;
use crate::diagnostic::{printable, similar};
use crate::plan::{LeftOutReason, Manual, Plan};

#[derive(Clone, Debug, Default, Args)]
pub(super) struct ChoiceArgs {
    /// Start this job with `when: manual` when its turn comes, or `all` of them; may be repeated.
    ///
    /// Without it they do not run; on a terminal, `run` asks.
    #[arg(long = "manual", value_name = "JOB|all")]
    manual: Vec<String>,

    /// A tag that this runner has; may be repeated.
    ///
    /// They are added to the `tags` of the settings. With at least one, jobs with other tags do not
    /// run. Without any, every job runs, whatever its tags.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

/// What was decided.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) manual: Manual,
    pub(super) tags: Option<Vec<String>>,
}

impl ChoiceArgs {
    /// `tags` are those of the settings.
    pub(super) fn choice(&self, tags: &[String]) -> Choice {
        let manual = match self.manual.as_slice() {
            [] => Manual::None,
            names if names.iter().any(|name| name == "all") => Manual::All,
            names => Manual::Jobs(names.to_vec()),
        };
        let all: Vec<String> = self.tags.iter().chain(tags).cloned().collect();
        let tags = (!all.is_empty()).then_some(all);
        Choice { manual, tags }
    }

    /// Whether nothing was said about manual jobs.
    pub(super) fn leaves_manual_jobs(&self) -> bool {
        self.manual.is_empty()
    }

    /// A name after `--manual` has to be one of the pipeline's jobs.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), Failure> {
        let left = plan.left_out.iter().map(|left| left.job.name.as_str());
        let names: Vec<&str> = plan
            .jobs
            .iter()
            .map(|job| job.name.as_str())
            .chain(left)
            .chain(plan.groups.keys().map(String::as_str))
            .collect();
        for name in self.manual.iter().filter(|name| *name != "all") {
            // Which jobs a child pipeline has may only be known when it is triggered.
            if names.contains(&name.as_str()) || plan.trigger_of(name).is_some() {
                continue;
            }
            let failure = Failure::usage(format!("--manual {name}: there is no such job"));
            return Err(match similar(name, names.iter().copied()) {
                Some(similar) => failure.help(format!("did you mean {similar:?}?")),
                None => failure.help("`greenroom list` shows them all"),
            });
        }
        Ok(())
    }
}

/// Asks which of the plan's manual jobs are to run when their turn comes.
pub(super) fn ask(
    plan: &Plan,
    mut input: impl BufRead,
    mut output: impl Write,
) -> io::Result<Manual> {
    let waiting = plan.left_out.iter().filter(|left| left.reason == LeftOutReason::Manual);
    let mut chosen = Vec::new();
    for left in waiting {
        let name = printable(&left.job.name);
        write!(output, "{name} is started by hand: run it when its turn comes? [y/N/all] ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(output)?;
            break;
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => chosen.push(left.job.name.clone()),
            "a" | "all" => return Ok(Manual::All),
            _ => {}
        }
    }
    Ok(if chosen.is_empty() { Manual::None } else { Manual::Jobs(chosen) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::pipeline::{self, LoadError, Loader};
    use crate::plan::{self, Context};

    struct Text(&'static str);

    impl Loader for Text {
        fn load(&self, _path: &str, _limit: u64) -> Result<Vec<u8>, LoadError> {
            Ok(self.0.as_bytes().to_vec())
        }

        fn files(&self) -> Option<Vec<String>> {
            None
        }
    }

    const TWO: &str = "{one: {script: x, when: manual}, two: {script: x, when: manual}}";

    fn plan() -> Plan {
        let mut diagnostics = Diagnostics::new();
        let pipeline = pipeline::load("ci.yml", &Text(TWO), &mut diagnostics).expect("valid");
        plan::build(&pipeline, &Context::default(), &mut diagnostics).expect("valid")
    }

    #[test]
    fn answers_are_read() {
        let jobs = |names: &[&str]| Manual::Jobs(names.iter().map(|n| (*n).to_owned()).collect());
        for (answers, expected) in [
            ("\n\n", Manual::None),
            ("y\nno\n", jobs(&["one"])),
            ("n\nYES\n", jobs(&["two"])),
            ("all\n", Manual::All),
            ("", Manual::None),
            ("y\n", jobs(&["one"])),
        ] {
            let mut asked = Vec::new();
            assert_eq!(ask(&plan(), answers.as_bytes(), &mut asked).expect("read"), expected);
            assert!(asked.starts_with(b"one is started by hand"));
        }
    }

    #[test]
    fn names_are_checked() {
        let args = |name: &str| ChoiceArgs { manual: vec![name.to_owned()], tags: vec![] };
        assert!(args("one").check(&plan()).is_ok() && args("all").check(&plan()).is_ok());
        let failure = args("tow").check(&plan()).expect_err("unknown").to_string();
        assert!(failure.contains("did you mean \"two\""), "{failure}");
    }
}
