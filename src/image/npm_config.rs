//! The user's npm configuration: which registry has which packages, and with what credentials.
//!
//! Read are the variables `npm_config_…` of the environment, the user's `.npmrc` and the machine's.
//! A project's `.npmrc` is not: it comes with the repository.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The configuration.
#[derive(Clone, Debug, Default)]
pub struct NpmConfig {
    values: BTreeMap<String, String>,
}

impl NpmConfig {
    /// From the texts of `.npmrc` files, of which later ones take precedence, and the variables of
    /// the environment, which do so over all files.
    pub fn new(files: &[String], environment: &BTreeMap<String, String>) -> Self {
        let mut values = BTreeMap::new();
        for file in files {
            for line in file.lines() {
                let line = line.trim();
                if line.is_empty() || line.starts_with(['#', ';', '[']) {
                    continue;
                }
                let (key, value) = line.split_once('=').unwrap_or((line, ""));
                let value = value.trim().trim_matches('"');
                values.insert(key.trim().to_owned(), expand(value, environment));
            }
        }
        for (name, value) in environment {
            let lower = name.to_ascii_lowercase();
            if let Some(key) = lower.strip_prefix("npm_config_")
                && !value.is_empty()
            {
                // Keys about hosts cannot be written as variables by most shells, but can be set.
                let key = if key.starts_with("//") || key.starts_with('@') {
                    name["npm_config_".len()..].to_owned()
                } else {
                    key.replace('_', "-")
                };
                values.insert(key, value.clone());
            }
        }
        Self { values }
    }

    /// The registry of a package, by its scope. There is none unless the user has named one: nothing
    /// is asked for that the user did not decide on.
    pub(super) fn registry(&self, package: &str) -> Option<&str> {
        let scope = package.split_once('/').map(|(scope, _)| format!("{scope}:registry"));
        let of_scope = scope.and_then(|scope| self.values.get(&scope));
        of_scope.or_else(|| self.values.get("registry")).map(String::as_str)
    }

    /// Hosts of configured registries that are reached without encryption, as the user has it.
    pub(super) fn plain_hosts(&self) -> Vec<String> {
        let registries =
            self.values.iter().filter(|(key, _)| *key == "registry" || key.ends_with(":registry"));
        registries
            .filter_map(|(_, url)| url.strip_prefix("http://"))
            .filter_map(|rest| rest.split('/').next().map(str::to_owned))
            .collect()
    }

    /// A file of certificates to trust.
    pub(super) fn certificates(&self) -> Option<&str> {
        self.values.get("cafile").map(String::as_str).filter(|file| !file.is_empty())
    }

    /// What to put into `Authorization` for an address. Credentials belong to a host and a path:
    /// `//host/path/:_authToken`, and count for what lies below.
    pub(super) fn authorization(&self, url: &str) -> Option<String> {
        let (_, rest) = url.split_once("://")?;
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let mut at = path.len();
        loop {
            let prefix = format!("//{}", path[..at].trim_end_matches('/'));
            for prefix in [format!("{prefix}/"), prefix] {
                let get = |key: &str| self.values.get(&format!("{prefix}:{key}"));
                if let Some(token) = get("_authToken") {
                    return Some(format!("Bearer {token}"));
                }
                if let Some(basic) = get("_auth") {
                    return Some(format!("Basic {basic}"));
                }
                if let (Some(user), Some(password)) = (get("username"), get("_password")) {
                    let password = BASE64_STANDARD.decode(password).ok()?;
                    let pair = [user.as_bytes(), b":", &password].concat();
                    return Some(format!("Basic {}", BASE64_STANDARD.encode(pair)));
                }
            }
            at = path[..at].rfind('/')?;
        }
    }
}

/// Fills in `${NAME}`; one that is not set stays as it is.
fn expand(value: &str, environment: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(start) = rest.find("${") {
        let Some(end) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + end];
        out.push_str(&rest[..start]);
        match environment.get(name) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[start..=start + end]),
        }
        rest = &rest[start + end + 1..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(files: &[&str], environment: &[(&str, &str)]) -> NpmConfig {
        let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        NpmConfig::new(&files, &environment.iter().map(own).collect())
    }

    #[test]
    fn the_registry_is_the_users() {
        assert_eq!(config(&[], &[]).registry("a"), None);
        let file = "; a comment\nregistry = https://mirror.example/npm/\n\
                    @team:registry=http://team.example:4873/\n";
        let both = config(&["registry=https://first.example", file], &[]);
        assert_eq!(both.registry("a"), Some("https://mirror.example/npm/"));
        assert_eq!(both.registry("@team/a"), Some("http://team.example:4873/"));
        assert_eq!(both.registry("@other/a"), Some("https://mirror.example/npm/"));
        assert_eq!(both.plain_hosts(), ["team.example:4873"]);
        let variable = config(&[file], &[("NPM_CONFIG_REGISTRY", "https://env.example")]);
        assert_eq!(variable.registry("a"), Some("https://env.example"));
    }

    #[test]
    fn credentials_belong_to_a_host_and_a_path() {
        let npm = config(
            &["//host.example/a/:_authToken=${TOKEN}\n//host.example/b/:_auth=abc\n\
               //other.example/:username=me\n//other.example/:_password=c2VjcmV0\n"],
            &[("TOKEN", "t1")],
        );
        for (url, expected) in [
            ("https://host.example/a/x/-/x.tgz", Some("Bearer t1")),
            ("https://host.example/a", Some("Bearer t1")),
            ("https://host.example/b/x?y", Some("Basic abc")),
            ("https://host.example/c", None),
            ("https://host.example.org/a/", None),
            ("https://other.example/x", Some("Basic bWU6c2VjcmV0")),
            ("https://other.example:8443/x", None),
        ] {
            assert_eq!(npm.authorization(url).as_deref(), expected, "{url}");
        }
    }
}
