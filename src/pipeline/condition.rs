//! Whether a rule applies: what all of `rules` — of jobs, of the workflow and of includes — share.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::glob::Glob;
use super::model::{PathCondition, Rule};
use super::references;

/// The changed files, by what they are compared with: `compare_to` as it is written in the file.
/// `None` where nobody knows: then every file counts as changed, as on GitLab in a pipeline that no
/// push started.
#[derive(Clone, Debug, Default)]
pub struct Changes(BTreeMap<Option<String>, Option<Vec<String>>>);

impl Changes {
    /// Remembers what changed since `compare_to`.
    pub fn insert(&mut self, compare_to: Option<String>, files: Option<Vec<String>>) {
        self.0.insert(compare_to, files);
    }

    /// Whether it is known already what changed since `compare_to`.
    pub fn contains(&self, compare_to: &Option<String>) -> bool {
        self.0.contains_key(compare_to)
    }

    /// What changed since `compare_to`.
    pub fn get(&self, compare_to: &Option<String>) -> Option<&[String]> {
        self.0.get(compare_to)?.as_deref()
    }
}

/// What rules ask about, besides variables.
pub struct Facts<'a> {
    files: Option<&'a [String]>,
    changes: &'a Changes,
    /// Whether a pattern fits a file: many jobs ask the same.
    known: RefCell<HashMap<Question, bool>>,
}

/// The list of files, and the pattern.
type Question = (Option<Option<String>>, String);

/// The answer of a list of rules.
pub enum Applies<'a> {
    /// The first rule that applies.
    Rule(&'a Rule),
    /// No rule applies.
    None,
    /// A rule asks for something that is not known.
    Unknown(&'static str),
}

impl<'a> Facts<'a> {
    /// The project's files, if they are known, and what changed.
    pub fn new(files: Option<&'a [String]>, changes: &'a Changes) -> Self {
        Self { files, changes, known: RefCell::default() }
    }

    /// The first rule that applies, given the values of variables.
    pub fn first<'r, 'v>(
        &self,
        rules: &'r [Rule],
        value: &dyn Fn(&str) -> Option<&'v str>,
    ) -> Applies<'r> {
        for rule in rules {
            if rule.condition.as_ref().is_some_and(|condition| !condition.holds(value)) {
                continue;
            }
            if rule.changes.as_ref().is_some_and(|changes| !self.changed(changes, value)) {
                continue;
            }
            match rule.exists.as_ref().map(|exists| self.exists(exists, value)) {
                None | Some(Some(true)) => return Applies::Rule(rule),
                Some(Some(false)) => {}
                Some(None) => return Applies::Unknown("rules:exists"),
            }
        }
        Applies::None
    }

    /// Whether a changed file fits.
    pub fn changed<'v>(
        &self,
        condition: &PathCondition,
        value: &dyn Fn(&str) -> Option<&'v str>,
    ) -> bool {
        let Some(files) = self.changes.get(&condition.compare_to) else { return true };
        self.any(Some(&condition.compare_to), files, condition, value)
    }

    /// Whether a file of the project fits.
    fn exists<'v>(
        &self,
        condition: &PathCondition,
        value: &dyn Fn(&str) -> Option<&'v str>,
    ) -> Option<bool> {
        if condition.elsewhere {
            return None;
        }
        Some(self.any(None, self.files?, condition, value))
    }

    fn any<'v>(
        &self,
        list: Option<&Option<String>>,
        files: &[String],
        condition: &PathCondition,
        value: &dyn Fn(&str) -> Option<&'v str>,
    ) -> bool {
        if let Some(regex) = &condition.regex {
            return files.iter().any(|file| regex.is_match(file));
        }
        let value = |name: &str| value(name).map(str::to_owned);
        condition.patterns.iter().any(|pattern| {
            let pattern = match pattern.contains('$') {
                true => references::all(pattern, &value),
                false => pattern.clone(),
            };
            let question = (list.cloned(), pattern);
            if let Some(known) = self.known.borrow().get(&question) {
                return *known;
            }
            let fits = Glob::new(&question.1)
                .is_some_and(|glob| files.iter().any(|file| glob.is_match(file)));
            self.known.borrow_mut().insert(question, fits);
            fits
        })
    }
}
