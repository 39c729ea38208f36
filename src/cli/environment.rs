use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::failure::Failure;
use super::value::EnvGrant;
use crate::image::{DockerConfig, NpmConfig};
use crate::sandbox::store::{self, Locations};
use crate::{diagnostic, report};

/// What greenroom was started with besides its arguments, read once. Nothing of it reaches a job
/// unless it is granted by name.
#[derive(Debug)]
pub(super) struct Environment {
    variables: BTreeMap<OsString, OsString>,
    stdin_is_terminal: bool,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`; with `CLICOLOR_FORCE` always.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the environment is read"
    )]
    pub(super) fn read() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            stdin_is_terminal: io::stdin().is_terminal(),
            stdout_is_terminal: io::stdout().is_terminal(),
            stderr_is_terminal: io::stderr().is_terminal(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Whether there is somebody to ask: the questions go to standard error, the answers come from
    /// standard input.
    pub(super) fn can_ask(&self) -> bool {
        self.stdin_is_terminal && self.stderr_is_terminal
    }

    /// The variables that are handed over by name, with their values.
    pub(super) fn granted(&self, grants: &[EnvGrant]) -> Result<Vec<(String, String)>, Failure> {
        grants
            .iter()
            .map(|EnvGrant { name, value }| {
                let value = match (value, self.get(name)) {
                    (Some(value), _) => value.clone(),
                    (None, Some(value)) => value.to_str().map(str::to_owned).ok_or_else(|| {
                        Failure::usage(format!("--env {name}: its value is not UTF-8"))
                    })?,
                    (None, None) => {
                        return Err(Failure::usage(format!(
                            "--env {name}: there is no such variable in this environment"
                        ))
                        .help(format!("set it, or write --env {name}=VALUE")));
                    }
                };
                Ok((name.clone(), value))
            })
            .collect()
    }

    /// A variable that is set to something.
    fn set(&self, name: &str) -> Option<&OsStr> {
        self.get(name).filter(|value| !value.is_empty())
    }

    fn color(&self, color: Color, is_terminal: bool) -> bool {
        match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if self.set("NO_COLOR").is_some() => false,
            Color::Auto if self.set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Color::Auto => is_terminal && !self.is_dumb(),
        }
    }

    fn is_dumb(&self) -> bool {
        self.get("TERM").is_none_or(|term| term == "dumb")
    }

    /// Whether the locale is one of UTF-8.
    pub(super) fn unicode(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| self.set(name));
        let locale = locale.unwrap_or_default().to_string_lossy().to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }

    /// How a run's report on standard output looks.
    pub(super) fn report_style(&self, color: Color) -> report::human::Style {
        report::human::Style {
            color: self.color(color, self.stdout_is_terminal),
            unicode: self.unicode(),
            live: self.stdout_is_terminal && !self.is_dumb(),
        }
    }

    /// How findings on standard error look.
    pub(super) fn diagnostic_style(&self, color: Color) -> diagnostic::Style {
        diagnostic::Style {
            color: self.color(color, self.stderr_is_terminal),
            unicode: self.unicode(),
            width: width(io::stderr()).unwrap_or(diagnostic::Style::PLAIN.width).min(120),
        }
    }

    /// The user's home.
    pub(super) fn home(&self) -> Option<&Path> {
        self.set("HOME").map(Path::new).filter(|home| home.is_absolute())
    }

    /// The user's settings, whether they are there or not.
    pub(super) fn settings_file(&self) -> Option<PathBuf> {
        // A relative path in XDG_CONFIG_HOME is to be ignored (XDG Base Directory Specification).
        let config = self.set("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
        let config = config.or_else(|| Some(self.home()?.join(".config")))?;
        Some(config.join("greenroom/greenroom.toml"))
    }

    /// The directory where images are kept: beside that of compiled modules.
    pub(super) fn images_dir(&self) -> Option<PathBuf> {
        Some(self.store_dir()?.with_file_name("images"))
    }

    /// The user's npm configuration. A file that cannot be read is as good as none.
    pub(super) fn npm(&self) -> NpmConfig {
        let of_user = self.set("npm_config_userconfig").map(PathBuf::from);
        let of_user = of_user.or_else(|| Some(self.home()?.join(".npmrc")));
        let files = [Some("/etc/npmrc".into()), Some("/usr/local/etc/npmrc".into()), of_user];
        let texts: Vec<String> = files
            .into_iter()
            .flatten()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .collect();
        let text = |text: &OsString| text.to_str().map(str::to_owned);
        let variables = self.variables.iter();
        let variables = variables.filter_map(|(n, v)| Some((text(n)?, text(v)?))).collect();
        NpmConfig::new(&texts, &variables)
    }

    /// The user's credentials for registries, as Docker keeps them.
    pub(super) fn docker(&self) -> DockerConfig {
        let mut texts = Vec::new();
        if let Some(text) = self.set("DOCKER_AUTH_CONFIG").and_then(OsStr::to_str) {
            texts.push(("DOCKER_AUTH_CONFIG".to_owned(), text.to_owned()));
        }
        let directory = self.set("DOCKER_CONFIG").map(PathBuf::from);
        let file = directory.or_else(|| Some(self.home()?.join(".docker")));
        let file = file.map(|directory| directory.join("config.json"));
        if let Some(text) = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()) {
            texts.push((file.map_or_else(String::new, |file| file.display().to_string()), text));
        }
        DockerConfig { texts }
    }

    /// Whether standard error is a terminal that can be drawn on.
    pub(super) fn draws(&self) -> bool {
        self.stderr_is_terminal && !self.is_dumb()
    }

    /// The directory where artifacts, caches and what the last runs did are kept.
    pub(super) fn state_dir(&self) -> Option<PathBuf> {
        // A relative path is to be ignored (XDG Base Directory Specification).
        let path = |name: &str| self.set(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        let home = || self.set("HOME").map(|home| Path::new(home).join(".local/state"));
        let shared = || path("XDG_STATE_HOME").or_else(home).map(|dir| dir.join("greenroom"));
        path("GREENROOM_STATE_DIR").or_else(shared)
    }

    /// The directory where compiled modules are kept.
    pub(super) fn store_dir(&self) -> Option<PathBuf> {
        store::default_dir(&Locations {
            greenroom_cache_dir: self.get("GREENROOM_CACHE_DIR"),
            xdg_cache_home: self.get("XDG_CACHE_HOME"),
            home: self.set("HOME").map(Path::new),
        })
    }

    /// The directory where included files are kept.
    pub(super) fn includes_dir(&self) -> Option<PathBuf> {
        Some(self.store_dir()?.with_file_name("includes"))
    }
}

/// The width of a terminal in columns.
pub(super) fn width(terminal: impl rustix::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
impl Environment {
    /// One without variables and terminals.
    pub(super) fn empty() -> Self {
        Self {
            variables: BTreeMap::new(),
            stdin_is_terminal: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment {
            variables: variables.iter().map(|(n, v)| (n.into(), v.into())).collect(),
            stdin_is_terminal: false,
            stdout_is_terminal: true,
            stderr_is_terminal: false,
        }
    }

    #[test]
    fn colours_follow_the_conventions() {
        let color =
            |variables: &[_], choice, terminal| environment(variables).color(choice, terminal);
        let term = ("TERM", "xterm");
        for (variables, terminal, expected) in [
            (&[term][..], true, true),
            (&[term], false, false),
            (&[], true, false),
            (&[("TERM", "dumb")], true, false),
            (&[term, ("NO_COLOR", "1")], true, false),
            (&[term, ("NO_COLOR", "")], true, true),
            (&[("CLICOLOR_FORCE", "1")], false, true),
            (&[("CLICOLOR_FORCE", "0")], false, false),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
        ] {
            assert_eq!(color(variables, Color::Auto, terminal), expected, "{variables:?}");
            assert!(color(variables, Color::Always, terminal));
            assert!(!color(variables, Color::Never, terminal));
        }
    }

    #[test]
    fn the_locale_decides_about_unicode() {
        for (variables, expected) in [
            (&[("LANG", "de_DE.UTF-8")][..], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LANG", "C")], false),
            (&[], false),
            (&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")], false),
            (&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")], true),
        ] {
            assert_eq!(environment(variables).unicode(), expected, "{variables:?}");
        }
    }
}
