//! Asking for variables of the pipeline, as GitLab's form for a new pipeline does.

use std::io::{self, BufRead, Write};

use crate::diagnostic::printable;
use crate::pipeline::{Pipeline, Variable};

/// Answers that are not among the options before the default is taken.
const MAX_TRIES: usize = 3;

/// Asks for the variables of the top level that have a description: `all` of them, or those without
/// a value. Those in `given` have one already.
pub(super) fn variables(
    pipeline: &Pipeline,
    given: &[(String, String)],
    all: bool,
    mut answers: impl BufRead,
    mut questions: impl Write,
) -> io::Result<Vec<(String, String)>> {
    let mut answered = Vec::new();
    for (name, variable) in &pipeline.variables {
        let asks = variable.description.is_some() && (all || variable.value.is_empty());
        if !asks || given.iter().any(|(other, _)| other == name) {
            continue;
        }
        if let Some(value) = one(name, variable, &mut answers, &mut questions)? {
            answered.push((name.clone(), value));
        }
    }
    Ok(answered)
}

/// The answer for one variable; none leaves it as it is.
fn one(
    name: &str,
    variable: &Variable,
    answers: &mut impl BufRead,
    questions: &mut impl Write,
) -> io::Result<Option<String>> {
    let description = variable.description.as_deref().unwrap_or_default();
    writeln!(questions, "{}: {}", printable(name), printable(description))?;
    if !variable.options.is_empty() {
        writeln!(questions, "  one of: {}", printable(&variable.options.join(", ")))?;
    }
    for _ in 0..MAX_TRIES {
        write!(questions, "{} [{}]: ", printable(name), printable(&variable.value))?;
        questions.flush()?;
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            writeln!(questions)?;
            return Ok(None);
        }
        let answer = line.trim_end_matches(['\n', '\r']);
        if answer.is_empty() {
            return Ok(None);
        }
        if variable.options.is_empty() || variable.options.iter().any(|option| option == answer) {
            return Ok(Some(answer.to_owned()));
        }
        writeln!(questions, "  that is not one of its options")?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    fn pipeline() -> Pipeline {
        let variable = |value: &str, description: Option<&str>, options: &[&str]| Variable {
            value: value.to_owned(),
            expand: true,
            description: description.map(str::to_owned),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            span: Span::default(),
        };
        let variables = [
            ("PLAIN", variable("", None, &[])),
            ("EMPTY", variable("", Some("What to build"), &[])),
            ("FULL", variable("dev", Some("Where to"), &["dev", "live"])),
            ("GIVEN", variable("", Some("Said already"), &[])),
        ];
        let variables = variables.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        Pipeline { variables, ..Pipeline::default() }
    }

    fn ask(all: bool, answers: &str) -> (Vec<(String, String)>, String) {
        let mut questions = Vec::new();
        let given = [("GIVEN".to_owned(), "x".to_owned())];
        let answered = variables(&pipeline(), &given, all, answers.as_bytes(), &mut questions);
        (answered.expect("memory"), String::from_utf8(questions).expect("text"))
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn what_has_a_description_and_no_value_is_asked_for() {
        let (answered, questions) = ask(false, "all of it\n");
        assert_eq!(answered, pairs(&[("EMPTY", "all of it")]));
        assert_eq!(questions, "EMPTY: What to build\nEMPTY []: ");
        assert_eq!(ask(false, "\n").0, pairs(&[]));
        assert_eq!(ask(false, "").0, pairs(&[]));
    }

    #[test]
    fn options_are_held() {
        let (answered, questions) = ask(true, "x\nprod\nlive\n");
        assert_eq!(answered, pairs(&[("EMPTY", "x"), ("FULL", "live")]));
        assert!(questions.contains("one of: dev, live"), "{questions}");
        assert!(questions.contains("not one of its options"), "{questions}");
        assert_eq!(ask(true, "\na\nb\nc\nlive\n").0, pairs(&[]));
    }
}
