//! Single values: paths, sizes, words, lists of them, and what is told of those that do not fit.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::de::{DeTable, DeValue};

use super::{MAX_ENTRIES, Reader, Value};
use crate::diagnostic::{Code, Diagnostic, Span, similar};
use crate::pipeline::PullPolicy;
use crate::settings::model::WorkspaceMode;
use crate::settings::value::Size;

impl Reader<'_> {
    /// An absolute path. A relative one would lead somewhere else for every project, and wherever
    /// the project's own links lead.
    pub(super) fn path(&mut self, what: &str, text: &str, value: &Value<'_>) -> Option<PathBuf> {
        let path = match (text.strip_prefix("~/"), &self.surroundings.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        };
        if Path::is_absolute(&path) {
            return Some(path);
        }
        let reason = format!("{text:?} is not an absolute path; write `/…` or `~/…`");
        self.wrong_value(what, &reason, value);
        None
    }

    pub(super) fn workspace(&mut self, what: &str, value: &Value<'_>) -> Option<WorkspaceMode> {
        let text = self.string(what, value)?;
        let found = WorkspaceMode::NAMES.into_iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.not_one_of(what, text, &WorkspaceMode::NAMES.map(|(name, _)| name), value);
        }
        found.map(|(_, mode)| mode)
    }

    pub(super) fn policies(&mut self, what: &str, value: &Value<'_>) -> Option<Vec<PullPolicy>> {
        let names = self.strings(what, value);
        let mut policies = Vec::new();
        for name in &names {
            match PullPolicy::named(name) {
                Some(policy) => policies.push(policy),
                None => self.not_one_of(what, name, &PullPolicy::ALL.map(PullPolicy::name), value),
            }
        }
        if names.is_empty() {
            self.wrong_value(what, "it names no policy", value);
        }
        (!policies.is_empty()).then_some(policies)
    }

    pub(super) fn size(&mut self, what: &str, value: &Value<'_>) -> Option<u64> {
        self.one(what, value, Size::from_str).map(|size| size.0)
    }

    pub(super) fn count(&mut self, what: &str, value: &Value<'_>) -> Option<usize> {
        let count = match value.get_ref() {
            DeValue::Integer(number) => {
                u32::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
            }
            other => {
                self.wrong_type(what, "a number", other, value);
                return None;
            }
        };
        let count = count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        if count.is_none() {
            self.wrong_value(what, "it has to be a number above 0", value);
        }
        count
    }

    /// A string that has a meaning.
    pub(super) fn one<T, E: std::fmt::Display>(
        &mut self,
        what: &str,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.string(what, value)?;
        match parse(text) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.wrong_value(what, &reason.to_string(), value);
                None
            }
        }
    }

    /// A list of strings that have a meaning.
    pub(super) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        what: &str,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for text in self.strings(what, value) {
            match parse(&text) {
                Ok(parsed) => all.push(parsed),
                Err(reason) => self.wrong_value(what, &reason.to_string(), value),
            }
        }
        all
    }

    /// A string, or a list of them.
    pub(super) fn strings(&mut self, what: &str, value: &Value<'_>) -> Vec<String> {
        match value.get_ref() {
            DeValue::String(text) => vec![text.clone().into_owned()],
            DeValue::Array(items) if items.len() > MAX_ENTRIES => {
                self.wrong_value(what, &format!("it has more than {MAX_ENTRIES} entries"), value);
                Vec::new()
            }
            DeValue::Array(items) => {
                let entry = &format!("an entry of {what}");
                items
                    .iter()
                    .filter_map(|item| self.string(entry, item).map(str::to_owned))
                    .collect()
            }
            other => {
                self.wrong_type(what, "a string, or a list of strings", other, value);
                Vec::new()
            }
        }
    }

    pub(super) fn string<'v>(&mut self, what: &str, value: &'v Value<'_>) -> Option<&'v str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text),
            other => {
                self.wrong_type(what, "a string", other, value);
                None
            }
        }
    }

    pub(super) fn table<'v, 'i>(
        &mut self,
        what: &str,
        value: &'v Value<'i>,
    ) -> Option<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.wrong_type(what, "a table", other, value);
                None
            }
        }
    }

    /// The entries of a table whose names are the user's.
    pub(super) fn named<'v, 'i>(
        &mut self,
        what: &str,
        value: &'v Value<'i>,
    ) -> Vec<(&'v str, &'v Value<'i>)> {
        let Some(table) = self.table(what, value) else { return Vec::new() };
        if table.len() > MAX_ENTRIES {
            self.wrong_value(what, &format!("it has more than {MAX_ENTRIES} entries"), value);
            return Vec::new();
        }
        table.iter().map(|(name, value)| (&**name.get_ref(), value)).collect()
    }

    pub(super) fn not_one_of(&mut self, what: &str, text: &str, names: &[&str], value: &Value<'_>) {
        let message = format!("{what} cannot be {text:?}");
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let help = match similar(text, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it is one of {}", listed.join(", ")),
        };
        let wrong = Diagnostic::error(Code::WrongValue, message);
        self.push(wrong.label(self.span(value), "").help(help));
    }

    pub(super) fn wrong_type(
        &mut self,
        what: &str,
        expected: &str,
        found: &DeValue<'_>,
        at: &Value<'_>,
    ) {
        let message = format!("{what} takes {expected}, and not {}", type_name(found));
        self.push(Diagnostic::error(Code::WrongType, message).label(self.span(at), ""));
    }

    pub(super) fn wrong_value(&mut self, what: &str, reason: &str, at: &Value<'_>) {
        let message = format!("{what}: {reason}");
        self.push(Diagnostic::error(Code::WrongValue, message).label(self.span(at), ""));
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn span(&self, value: &Value<'_>) -> Span {
        Span::new(self.id, value.span())
    }

    /// As people name it.
    pub(super) fn place(&self, value: &Value<'_>) -> String {
        let location = self.diagnostics.sources().location(self.span(value));
        format!("{}:{}", location.file, location.line)
    }
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
