//! From TOML to settings, with everything that is wrong told at its place.

mod values;

use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, By, Table};
use super::model::{ImageAlias, LimitSettings, Registry, Settings, StepGrant, Wrapper};
use super::value::{EnvGrant, Mount, span, variable_name};
use super::{File, Owner, Surroundings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span};

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
}

fn within(table: &Table) -> String {
    if table.header.is_empty() { String::new() } else { format!(" in `{}`", table.header) }
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
