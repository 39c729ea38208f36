//! What a pipeline file is given and where it may include files from: `--input`, `--offline`.

use std::str::FromStr;

use clap::Args;

use super::environment::Environment;
use crate::http;
use crate::pipeline::inputs::{Argument, Arguments, Value};
use crate::remote::{Access, Remotes, Store};
use crate::settings::Settings;

/// The GitLab of projects that name no other.
const GITLAB: &str = "https://gitlab.com";

/// Inputs, and how to come by included files.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct IncludeArgs {
    /// Value of an input that the file declares in its `spec:inputs`; lists as JSON.
    #[arg(long = "input", value_name = "NAME=VALUE")]
    inputs: Vec<Input>,

    /// Ask nobody for included files: only what was fetched before is there.
    #[arg(long)]
    offline: bool,

    /// Fetch included files again, also those that were fetched a moment ago.
    #[arg(long, conflicts_with = "offline")]
    refresh: bool,
}

/// `NAME=VALUE`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Input {
    name: String,
    value: String,
}

impl FromStr for Input {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write NAME=VALUE".to_owned()),
        }
    }
}

impl IncludeArgs {
    /// The inputs by name; of one that comes twice the last value counts.
    pub(super) fn arguments(&self) -> Arguments {
        self.inputs
            .iter()
            .map(|input| {
                let value = Value::Text(input.value.clone());
                (input.name.clone(), Argument { value, span: None })
            })
            .collect()
    }

    /// How files are fetched. `remote` is the address of the project's own repository.
    pub(super) fn remotes(
        &self,
        variables: &[(String, String)],
        remote: &str,
        settings: &Settings,
        environment: &Environment,
    ) -> Remotes {
        let variable = |name: &str| {
            let found = variables.iter().rev().find(|(other, _)| other == name);
            found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let server = variable("CI_SERVER_URL").unwrap_or_else(|| server_of(remote));
        let access = Access {
            server: server.trim_end_matches('/').to_owned(),
            token: variable("GITLAB_TOKEN").or_else(|| variable("CI_JOB_TOKEN")),
            offline: self.offline,
            refresh: self.refresh,
        };
        let timing = http::Timing { attempts: 2, ..http::Timing::default() };
        let certificates = settings.registries.values().filter_map(|registry| registry.ca.clone());
        let certificates = certificates.collect();
        let client = http::Client::new(http::Config { certificates, timing, ..Default::default() });
        Remotes::new(access, client, environment.includes_dir().map(Store::new))
    }
}

/// The GitLab that a repository is on.
fn server_of(remote: &str) -> String {
    let host = |rest: &str| {
        let host = rest.split('/').next().unwrap_or_default();
        host.rsplit('@').next().unwrap_or_default().to_owned()
    };
    let server = match remote.split_once("://") {
        Some(("http", rest)) => format!("http://{}", host(rest)),
        Some(("https", rest)) => format!("https://{}", host(rest)),
        // The port of an address for ssh is not the one of the web.
        Some(("ssh", rest)) => {
            format!("https://{}", host(rest).split(':').next().unwrap_or_default())
        }
        Some(_) => String::new(),
        None => match remote.split_once(':') {
            Some((before, _)) if !before.contains('/') => format!("https://{}", host(before)),
            _ => String::new(),
        },
    };
    match server.rsplit('/').next() {
        // Projects on GitHub include what is on GitLab.
        Some("" | "github.com") | None => GITLAB.to_owned(),
        Some(_) => server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_that_of_the_repository() {
        for (remote, server) in [
            ("https://git.example/a/b.git", "https://git.example"),
            ("http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080"),
            ("git@git.example:a/b.git", "https://git.example"),
            ("ssh://git@git.example:2222/a/b.git", "https://git.example"),
            ("git@github.com:a/b.git", GITLAB),
            ("https://github.com/a/b", GITLAB),
            ("/srv/git/b.git", GITLAB),
            ("file:///srv/git/b.git", GITLAB),
            ("", GITLAB),
        ] {
            assert_eq!(server_of(remote), server, "{remote}");
        }
    }

    #[test]
    fn inputs_have_names() {
        assert!("=x".parse::<Input>().is_err());
        assert!("x".parse::<Input>().is_err());
        let input: Input = "x=a=b".parse().expect("valid");
        assert_eq!((input.name.as_str(), input.value.as_str()), ("x", "a=b"));
    }
}
