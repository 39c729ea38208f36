//! The user's credentials for registries, as Docker keeps them.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oci_client::secrets::RegistryAuth;
use serde::Deserialize;

/// How long a credential helper may take: it may ask the user something.
const HELPER_TIME: Duration = Duration::from_secs(60);

/// The texts of Docker's configuration: `DOCKER_AUTH_CONFIG`, then `config.json`.
#[derive(Clone, Debug, Default)]
pub struct DockerConfig {
    /// What each is called in messages, and its text.
    pub texts: Vec<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
struct Written {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    token: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: String,
}

impl DockerConfig {
    /// The credentials for a registry. A helper that the user has configured is run for them.
    pub(super) fn credentials(&self, registry: &str) -> Result<RegistryAuth, String> {
        for (name, text) in &self.texts {
            let written: Written = serde_json::from_str(text)
                .map_err(|error| format!("{name} cannot be read: {error}"))?;
            if let Some(helper) = written.helpers.get(registry)
                && let Some(found) = ask(helper, registry)?
            {
                return Ok(found);
            }
            let of_registry = |key: &str| {
                let host = key.split_once("://").map_or(key, |(_, host)| host);
                host.split('/').next() == Some(registry)
            };
            let auth = written.auths.iter().find(|(key, _)| of_registry(key));
            if let Some(found) = auth.and_then(|(_, auth)| auth.read()) {
                return Ok(found);
            }
            if let Some(store) = &written.store
                && let Some(found) = ask(store, registry)?
            {
                return Ok(found);
            }
        }
        Ok(RegistryAuth::Anonymous)
    }
}

impl Auth {
    fn read(&self) -> Option<RegistryAuth> {
        if let Some(token) = self.token.as_ref().filter(|token| !token.is_empty()) {
            return Some(RegistryAuth::Bearer(token.clone()));
        }
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            return Some(RegistryAuth::Basic(user.clone(), password.clone()));
        }
        let decoded = BASE64_STANDARD.decode(self.auth.as_ref()?.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (user, password) = text.trim_end_matches('\0').split_once(':')?;
        Some(RegistryAuth::Basic(user.to_owned(), password.to_owned()))
    }
}

/// Asks `docker-credential-HELPER`.
fn ask(helper: &str, registry: &str) -> Result<Option<RegistryAuth>, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if helper.is_empty() || !helper.chars().all(fits) {
        return Err(format!("{helper:?} is not the name of a credential helper"));
    }
    let program = format!("docker-credential-{helper}");
    let failed = |error: std::io::Error| format!("the credential helper {program} failed: {error}");
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read says so by its exit code.
        let _ = stdin.write_all(registry.as_bytes());
    }
    let reader = child.stdout.take().map(|stdout| {
        thread::spawn(move || {
            use std::io::Read;
            let mut text = Vec::new();
            let _ = stdout.take(64 << 10).read_to_end(&mut text);
            text
        })
    });
    let deadline = Instant::now() + HELPER_TIME;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{program} does not answer"));
        }
        thread::sleep(Duration::from_millis(5));
    };
    let text = reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if !status.success() {
        // By convention it says so, if it has none.
        return if String::from_utf8_lossy(&text).contains("not found") {
            Ok(None)
        } else {
            Err(format!("the credential helper {program} failed ({status})"))
        };
    }
    let answer: Answer = serde_json::from_slice(&text)
        .map_err(|_| format!("what the credential helper {program} says cannot be read"))?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => RegistryAuth::Bearer(answer.secret),
        _ => RegistryAuth::Basic(answer.username, answer.secret),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_by_host() {
        let text = r#"{"auths": {
            "one.example": {"auth": "bWU6c2U6Y3JldA=="},
            "https://two.example/v1/": {"username": "u", "password": "p"},
            "three.example": {"identitytoken": "t"},
            "empty.example": {}}}"#;
        let first =
            ("A".to_owned(), r#"{"auths": {"one.example:5000": {"auth": "YTpi"}}}"#.to_owned());
        let config = DockerConfig { texts: vec![first, ("B".to_owned(), text.to_owned())] };
        let basic =
            |user: &str, password: &str| RegistryAuth::Basic(user.to_owned(), password.to_owned());
        for (host, expected) in [
            ("one.example", basic("me", "se:cret")),
            ("one.example:5000", basic("a", "b")),
            ("two.example", basic("u", "p")),
            ("three.example", RegistryAuth::Bearer("t".to_owned())),
            ("empty.example", RegistryAuth::Anonymous),
            ("other.example", RegistryAuth::Anonymous),
        ] {
            assert_eq!(config.credentials(host), Ok(expected), "{host}");
        }
        for (text, expected) in [
            ("{", "B cannot be read"),
            (r#"{"credsStore": "../evil"}"#, "is not the name of a credential helper"),
            (r#"{"credsStore": "greenroom-test-none"}"#, "greenroom-test-none failed"),
        ] {
            let config = DockerConfig { texts: vec![("B".to_owned(), text.to_owned())] };
            let error = config.credentials("x").expect_err(text);
            assert!(error.contains(expected), "{error}");
        }
    }
}
