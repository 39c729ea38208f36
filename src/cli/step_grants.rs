//! Asking whether steps may have what they declare to need, before anything runs.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use super::environment::Environment;
use super::value::EnvGrant;
use crate::diagnostic::{Diagnostics, printable};
use crate::executor::{StepGrants, StepPermission};
use crate::function::{Checker, Needs, Source};
use crate::plan::Plan;
use crate::sandbox::MountSpec;

/// Asks for what the steps of a plan need and the settings do not grant; a process may have `memory`
/// bytes without asking. What is granted here is granted for this run.
pub(super) fn ask(
    plan: &Plan,
    source: &dyn Source,
    memory: u64,
    environment: &Environment,
    grants: &mut StepGrants,
    mut answers: impl BufRead,
    mut questions: impl Write,
) -> io::Result<()> {
    // What is wrong with functions has been told.
    let mut diagnostics = Diagnostics::new();
    let mut checker = Checker::new(source, &mut diagnostics);
    for steps in plan.jobs.iter().filter_map(|job| job.run.as_ref()) {
        for (step, reference, needs) in checker.needs(steps) {
            let known = grants.contains_key(&reference) || grants.contains_key(&step);
            if known || !needs.exceed(memory) {
                continue;
            }
            let granted =
                one(&reference, &needs, memory, environment, &mut answers, &mut questions)?;
            // One question for one function, whatever the answer: a no is an empty permission.
            grants.insert(reference, granted.unwrap_or_default());
        }
    }
    Ok(())
}

/// The permission of one function; none if something is refused.
fn one(
    reference: &str,
    needs: &Needs,
    memory: u64,
    environment: &Environment,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> io::Result<Option<StepPermission>> {
    let shown = printable(reference);
    writeln!(questions, "The step {shown} needs more than the workspace.")?;
    if let Some(host) = needs.network.first() {
        let host = printable(host);
        writeln!(questions, "  It cannot connect to {host}: the sandbox has no network to grant.")?;
        return Ok(None);
    }
    let mut line = |question: String| -> io::Result<String> {
        write!(questions, "  {question} ")?;
        questions.flush()?;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    };
    let mut permission = StepPermission::default();
    for name in &needs.env {
        let name = printable(name);
        let grant = EnvGrant { name: name.clone(), value: None };
        let Ok(granted) = environment.granted(std::slice::from_ref(&grant)) else {
            return Ok(None);
        };
        if !is_yes(&line(format!("May it have the variable {name}? [y/N]"))?) {
            return Ok(None);
        }
        permission.env.extend(granted);
    }
    for place in &needs.mounts {
        let question = format!("Which directory may it read as {}? [none]", printable(place));
        let directory = PathBuf::from(line(question)?);
        if !directory.is_dir() {
            return Ok(None);
        }
        permission.mounts.push(MountSpec {
            host: directory.into(),
            guest: place.clone(),
            read_only: true,
        });
    }
    if let Some(bytes) = needs.memory.filter(|bytes| *bytes > memory) {
        let question = format!("May its processes take {} MiB of memory? [y/N]", bytes >> 20);
        if !is_yes(&line(question)?) {
            return Ok(None);
        }
        permission.memory = Some(bytes);
    }
    Ok(Some(permission))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(needs: &Needs, answers: &str) -> (Option<StepPermission>, String) {
        let mut questions = Vec::new();
        let environment = Environment::empty();
        let granted =
            one("./lint", needs, 2 << 30, &environment, &mut answers.as_bytes(), &mut questions)
                .unwrap();
        (granted, String::from_utf8(questions).unwrap())
    }

    #[test]
    fn only_a_yes_grants() {
        let needs = Needs { memory: Some(4 << 30), ..Needs::default() };
        let (granted, questions) = asked(&needs, "y\n");
        assert_eq!(granted.unwrap().memory, Some(4 << 30));
        assert!(questions.contains("./lint") && questions.contains("4096 MiB"), "{questions}");
        for answer in ["", "\n", "no\n", "perhaps\n"] {
            assert!(asked(&needs, answer).0.is_none(), "{answer:?}");
        }
    }

    #[test]
    fn what_needs_no_grant_or_cannot_have_one_is_not_asked_for() {
        let timeout = Some(std::time::Duration::from_secs(1));
        let little = Needs { memory: Some(1 << 20), timeout, ..Needs::default() };
        assert!(!little.exceed(2 << 30));
        let needs = Needs { network: vec!["example.org".to_owned()], ..little };
        assert!(needs.exceed(2 << 30));
        let (granted, questions) = asked(&needs, "y\ny\n");
        assert!(granted.is_none() && questions.contains("no network to grant"), "{questions}");
    }

    #[test]
    fn a_directory_has_to_be_there_and_is_read_only() {
        let needs = Needs { mounts: vec!["/data".to_owned()], ..Needs::default() };
        let directory = tempfile::tempdir().unwrap();
        let (granted, _) = asked(&needs, &format!("{}\n", directory.path().display()));
        let mounts = granted.unwrap().mounts;
        assert!(mounts[0].read_only && mounts[0].guest == "/data");
        assert!(asked(&needs, "/nowhere/at/all\n").0.is_none());
        assert!(asked(&needs, "\n").0.is_none());
    }

    #[test]
    fn a_variable_that_is_not_set_is_not_asked_for() {
        let needs = Needs { env: vec!["TOKEN".to_owned()], ..Needs::default() };
        let (granted, questions) = asked(&needs, "y\n");
        assert!(granted.is_none() && !questions.contains("TOKEN"), "{questions}");
    }
}
