//! From TOML to settings, with everything that is wrong told at its place.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, By, Table};
use super::model::{
    ImageAlias, LimitSettings, Registry, Settings, StepGrant, WorkspaceMode, Wrapper,
};
use super::value::{EnvGrant, Mount, Size, span, variable_name};
use super::{File, Owner, Surroundings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span, similar};
use crate::pipeline::PullPolicy;

/// Entries of one table or list.
const MAX_ENTRIES: usize = 10_000;

/// Adds the settings of a file.
pub(super) fn read(
    file: &File,
    surroundings: &Surroundings<'_>,
    settings: &mut Settings,
    diagnostics: &mut Diagnostics,
) {
    let id = diagnostics.sources_mut().add(&file.name, &file.text);
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    let broken = !errors.is_empty();
    for error in errors {
        let message = format!("`{}` is not TOML: {}", file.name, error.message());
        diagnostics.push(
            Diagnostic::error(Code::SettingsSyntax, message)
                .label(Span::new(id, error.span().unwrap_or(0..0)), ""),
        );
    }
    if broken {
        return;
    }
    let mut reader = Reader { id, owner: file.owner, surroundings, diagnostics };
    let (own, of_project) = reader.top(table.get_ref(), false);
    settings.add(own);
    settings.add(of_project);
}

struct Reader<'a> {
    id: FileId,
    owner: Owner,
    surroundings: &'a Surroundings<'a>,
    diagnostics: &'a mut Diagnostics,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader<'_> {
    /// The settings of a table, and those for this project only.
    fn top(&mut self, table: &DeTable<'_>, inner: bool) -> (Settings, Settings) {
        let mut settings = Settings::default();
        let mut of_project = Settings::default();
        for (key, name, value) in self.entries(&keys::TOP, table) {
            let what = &format!("`{name}`");
            match key {
                "pull_policy" => settings.pull_policy = self.policies(what, value),
                "allowed_pull_policies" => {
                    settings.allowed_pull_policies = self.policies(what, value);
                }
                "tags" => settings.tags = self.strings(what, value),
                "workspace" => settings.workspace = self.workspace(what, value),
                "mounts" => settings.mounts = self.mounts(what, value),
                "env" => settings.env = self.parsed(what, value, EnvGrant::from_str),
                "secrets" => settings.secrets = self.parsed(what, value, variable_name),
                "network" => settings.network = self.parsed(what, value, host),
                "images" => self.images(value, &mut settings),
                "commands" => self.commands(value, &mut settings),
                "limits" => {
                    let limits = self.limits(value);
                    match self.owner {
                        Owner::User => settings.limits = limits,
                        Owner::Project => settings.ceilings = limits,
                    }
                }
                "steps" => self.steps(value, &mut settings),
                "registries" => self.registries(value, &mut settings),
                _ if inner => self.push(
                    Diagnostic::error(Code::WrongValue, "a project's settings have no projects")
                        .label(self.span(value), ""),
                ),
                _ => self.projects(value, &mut of_project),
            }
        }
        (settings, of_project)
    }

    /// The entries of a table that are known and may stand here.
    fn entries<'t, 'i>(
        &mut self,
        table: &Table,
        entries: &'t DeTable<'i>,
    ) -> Vec<(&'static str, &'t str, &'t Value<'i>)> {
        let mut known = Vec::new();
        for (name, value) in entries {
            let place = Span::new(self.id, name.span());
            let name: &str = name.get_ref();
            match table.find(name) {
                None => {
                    let help = match table.similar(name) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("there are {}", table.names()),
                    };
                    let message = format!("there is no setting `{name}`{}", within(table));
                    let unknown = Diagnostic::error(Code::SettingUnknown, message);
                    self.push(unknown.label(place, "").help(help));
                }
                Some(key) if key.by == By::User && self.owner == Owner::Project => {
                    let message = format!("a project's settings cannot have `{name}`");
                    self.push(
                        Diagnostic::error(Code::SettingRefused, message)
                            .label(place, "this comes with the repository")
                            .help(
                                "what opens this machine to a job is the user's to decide: put it \
                                 into ~/.config/greenroom/greenroom.toml below \
                                 [project.\"/its/directory\"], or into a file for --config",
                            ),
                    );
                }
                Some(key) => known.push((key.name, name, value)),
            }
        }
        known
    }

    fn projects(&mut self, value: &Value<'_>, settings: &mut Settings) {
        for (name, value) in self.named("`project`", value) {
            let Some(path) = self.path("the directory of a project", name, value) else { continue };
            let Some(table) = self.table("a project", value) else { continue };
            // It is read in any case: what is wrong with it is told before it matters.
            let (own, _) = self.top(table, true);
            if (self.surroundings.is_project)(&path) {
                settings.add(own);
            }
        }
    }

    fn images(&mut self, value: &Value<'_>, settings: &mut Settings) {
        for (pattern, value) in self.named("`images`", value) {
            let what = &format!("the image `{pattern}`");
            let place = self.place(value);
            let mut alias = ImageAlias { from: Vec::new(), entrypoint: None, place };
            match value.get_ref() {
                DeValue::String(_) => alias.from = self.strings(what, value),
                DeValue::Table(table) => {
                    for (key, name, value) in self.entries(&keys::IMAGE, table) {
                        let words = self.strings(&format!("`{name}`"), value);
                        if key == "from" {
                            alias.from = words
                        } else {
                            alias.entrypoint = Some(words)
                        }
                    }
                }
                other => self.wrong_type(what, "an image, or a table with `from`", other, value),
            }
            if alias.from.is_empty() {
                self.wrong_value(what, "it names no image", value);
                continue;
            }
            settings.images.insert(pattern.to_owned(), alias);
        }
    }

    fn commands(&mut self, value: &Value<'_>, settings: &mut Settings) {
        for (name, value) in self.named("`commands`", value) {
            let what = &format!("the command `{name}`");
            let valid = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
            if name.is_empty() || name == "." || name == ".." || !name.chars().all(valid) {
                self.wrong_value(what, "a command's name has no blanks and no `/`", value);
                continue;
            }
            let place = self.place(value);
            let words = match value.get_ref() {
                DeValue::String(text) => match words(text) {
                    Ok(words) => words,
                    Err(reason) => {
                        self.wrong_value(what, reason, value);
                        continue;
                    }
                },
                _ => self.strings(what, value),
            };
            if words.first().is_none_or(String::is_empty) {
                self.wrong_value(what, "it names no command", value);
            } else {
                settings.commands.insert(name.to_owned(), Wrapper { words, place });
            }
        }
    }

    fn limits(&mut self, value: &Value<'_>) -> LimitSettings {
        let mut limits = LimitSettings::default();
        let Some(table) = self.table("`limits`", value) else { return limits };
        for (key, name, value) in self.entries(&keys::LIMITS, table) {
            let what = &format!("`{name}`");
            match key {
                "memory" => limits.memory = self.size(what, value),
                "disk" => limits.disk = self.size(what, value),
                "log" => limits.log = self.size(what, value),
                "processes" => limits.processes = self.count(what, value),
                _ => limits.timeout = self.one(what, value, span),
            }
        }
        limits
    }

    fn steps(&mut self, value: &Value<'_>, settings: &mut Settings) {
        for (step, value) in self.named("`steps`", value) {
            let mut grant = StepGrant::default();
            let Some(table) = self.table("a step", value) else { continue };
            for (key, name, value) in self.entries(&keys::STEP, table) {
                let what = &format!("`{name}`");
                match key {
                    "mounts" => grant.mounts = self.mounts(what, value),
                    "env" => grant.env = self.parsed(what, value, EnvGrant::from_str),
                    "network" => grant.network = self.parsed(what, value, host),
                    "memory" => grant.memory = self.size(what, value),
                    _ => grant.timeout = self.one(what, value, span),
                }
            }
            settings.steps.insert(step.to_owned(), grant);
        }
    }

    fn registries(&mut self, value: &Value<'_>, settings: &mut Settings) {
        for (name, value) in self.named("`registries`", value) {
            if let Err(reason) = host(name) {
                self.wrong_value("a registry", &reason, value);
                continue;
            }
            let mut registry = Registry::default();
            let Some(table) = self.table("a registry", value) else { continue };
            for (key, name, value) in self.entries(&keys::REGISTRY, table) {
                let what = &format!("`{name}`");
                match key {
                    "http" => match value.get_ref() {
                        DeValue::Boolean(http) => registry.http = *http,
                        other => self.wrong_type(what, "`true` or `false`", other, value),
                    },
                    "mirrors" => registry.mirrors = self.parsed(what, value, host),
                    _ => {
                        let text = self.string(what, value);
                        registry.ca = text.and_then(|text| self.path(what, text, value));
                    }
                }
            }
            settings.registries.insert(name.to_owned(), registry);
        }
    }

    fn mounts(&mut self, what: &str, value: &Value<'_>) -> Vec<Mount> {
        let mounts = self.parsed(what, value, Mount::from_str);
        let absolute = mounts.into_iter().filter_map(|mount| {
            let host = self.path(what, &mount.host.to_string_lossy(), value)?;
            Some(Mount { host, ..mount })
        });
        absolute.collect()
    }

    /// An absolute path. A relative one would lead somewhere else for every project, and wherever
    /// the project's own links lead.
    fn path(&mut self, what: &str, text: &str, value: &Value<'_>) -> Option<PathBuf> {
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

    fn workspace(&mut self, what: &str, value: &Value<'_>) -> Option<WorkspaceMode> {
        let text = self.string(what, value)?;
        let found = WorkspaceMode::NAMES.into_iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.not_one_of(what, text, &WorkspaceMode::NAMES.map(|(name, _)| name), value);
        }
        found.map(|(_, mode)| mode)
    }

    fn policies(&mut self, what: &str, value: &Value<'_>) -> Option<Vec<PullPolicy>> {
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

    fn size(&mut self, what: &str, value: &Value<'_>) -> Option<u64> {
        self.one(what, value, Size::from_str).map(|size| size.0)
    }

    fn count(&mut self, what: &str, value: &Value<'_>) -> Option<usize> {
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
    fn one<T, E: std::fmt::Display>(
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
    fn parsed<T, E: std::fmt::Display>(
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
    fn strings(&mut self, what: &str, value: &Value<'_>) -> Vec<String> {
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

    fn string<'v>(&mut self, what: &str, value: &'v Value<'_>) -> Option<&'v str> {
        match value.get_ref() {
            DeValue::String(text) => Some(text),
            other => {
                self.wrong_type(what, "a string", other, value);
                None
            }
        }
    }

    fn table<'v, 'i>(&mut self, what: &str, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                self.wrong_type(what, "a table", other, value);
                None
            }
        }
    }

    /// The entries of a table whose names are the user's.
    fn named<'v, 'i>(&mut self, what: &str, value: &'v Value<'i>) -> Vec<(&'v str, &'v Value<'i>)> {
        let Some(table) = self.table(what, value) else { return Vec::new() };
        if table.len() > MAX_ENTRIES {
            self.wrong_value(what, &format!("it has more than {MAX_ENTRIES} entries"), value);
            return Vec::new();
        }
        table.iter().map(|(name, value)| (&**name.get_ref(), value)).collect()
    }

    fn not_one_of(&mut self, what: &str, text: &str, names: &[&str], value: &Value<'_>) {
        let message = format!("{what} cannot be {text:?}");
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let help = match similar(text, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it is one of {}", listed.join(", ")),
        };
        let wrong = Diagnostic::error(Code::WrongValue, message);
        self.push(wrong.label(self.span(value), "").help(help));
    }

    fn wrong_type(&mut self, what: &str, expected: &str, found: &DeValue<'_>, at: &Value<'_>) {
        let message = format!("{what} takes {expected}, and not {}", type_name(found));
        self.push(Diagnostic::error(Code::WrongType, message).label(self.span(at), ""));
    }

    fn wrong_value(&mut self, what: &str, reason: &str, at: &Value<'_>) {
        let message = format!("{what}: {reason}");
        self.push(Diagnostic::error(Code::WrongValue, message).label(self.span(at), ""));
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn span(&self, value: &Value<'_>) -> Span {
        Span::new(self.id, value.span())
    }

    /// As people name it.
    fn place(&self, value: &Value<'_>) -> String {
        let location = self.diagnostics.sources().location(self.span(value));
        format!("{}:{}", location.file, location.line)
    }
}

fn within(table: &Table) -> String {
    if table.header.is_empty() { String::new() } else { format!(" in `{}`", table.header) }
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

/// A host, perhaps with a port: `example.org`, `*.example.org:443`, `[::1]:5000`.
fn host(text: &str) -> Result<String, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._*:[]".contains(c);
    if text.contains("://") {
        return Err(format!("{text:?} is a URL; write the host, e.g. example.org:5000"));
    }
    if text.is_empty() || !text.chars().all(valid) {
        return Err(format!("{text:?} is not a host; write e.g. example.org or localhost:5000"));
    }
    Ok(text.to_owned())
}

/// Splits text into words at blanks; quotes and backslashes keep them, as in a shell.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        None => return Err("a quote is not closed"),
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("a quote is not closed"),
                        },
                        Some(c) => word.push(c),
                    }
                }
            }
            '\\' => match chars.next() {
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err("it ends with a backslash"),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}
