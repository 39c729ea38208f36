//! One registry: its address, its credentials, its answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

use super::credentials::DockerConfig;
use crate::http::{self, Request, header};
use crate::settings::{Registry, Settings};

/// How long logging in may take.
const LOGIN_TIME: Duration = Duration::from_secs(60);
/// How often it is tried.
const LOGIN_ATTEMPTS: u32 = 3;

/// How registries are reached.
#[derive(Debug)]
pub(in crate::image) struct Registries {
    settings: BTreeMap<String, Registry>,
    docker: DockerConfig,
    /// `Authorization` by host and repository.
    sessions: Mutex<BTreeMap<(String, String), Option<String>>>,
}

impl Registries {
    pub(in crate::image) fn new(settings: &Settings, docker: DockerConfig) -> Self {
        let settings = settings.registries.clone();
        Self { settings, docker, sessions: Mutex::default() }
    }

    /// Hosts that are reached without encryption.
    pub(in crate::image) fn plain_hosts(&self) -> Vec<String> {
        let plain = self.settings.iter().filter(|(_, registry)| registry.http);
        plain.map(|(host, _)| host.clone()).collect()
    }

    /// Certificates to trust.
    pub(in crate::image) fn certificates(&self) -> Vec<PathBuf> {
        self.settings.values().filter_map(|registry| registry.ca.clone()).collect()
    }

    /// The hosts to ask for images of a registry, in order.
    pub(super) fn hosts(&self, registry: &str) -> Vec<String> {
        let mirrors = self.settings.get(registry).map(|registry| registry.mirrors.clone());
        let mut hosts = mirrors.unwrap_or_default();
        hosts.push(registry.to_owned());
        hosts
    }

    /// A request for something of a repository, with credentials.
    pub(super) async fn request(
        &self,
        host: &str,
        repository: &str,
        what: &str,
        make: impl FnOnce(String) -> Request,
    ) -> Result<Request, String> {
        let scheme = if self.is_plain(host) { "http" } else { "https" };
        // Docker Hub's registry has another name than its images.
        let address = if host == "docker.io" { "index.docker.io" } else { host };
        let request = make(format!("{scheme}://{address}/v2/{repository}/{what}"));
        let session = (host.to_owned(), repository.to_owned());
        let known = {
            let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.get(&session).cloned()
        };
        let authorization = match known {
            Some(known) => known,
            None => {
                let found = self.log_in(host, repository).await?;
                let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
                sessions.insert(session, found.clone());
                found
            }
        };
        Ok(match authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        })
    }

    /// The value of `Authorization` for a repository, if it needs any.
    async fn log_in(&self, host: &str, repository: &str) -> Result<Option<String>, String> {
        // A helper is a program that may take a while.
        let credentials = block_in_place(|| self.docker.credentials(host))?;
        let reference = Reference::with_tag(host.to_owned(), repository.to_owned(), String::new());
        let client = self.client(host)?;
        let mut pause = Duration::from_millis(300);
        let mut attempts = 0;
        let token = loop {
            attempts += 1;
            let asked = client.auth(&reference, &credentials, RegistryOperation::Pull);
            let error = match timeout(LOGIN_TIME, asked).await {
                Ok(Ok(token)) => break token,
                Ok(Err(error)) => error,
                Err(_) => return Err(format!("the registry {host} does not answer")),
            };
            let final_one = matches!(error, OciDistributionError::AuthenticationFailure(_));
            if final_one || attempts == LOGIN_ATTEMPTS {
                return Err(login_failed(host, &error));
            }
            sleep(pause).await;
            pause *= 3;
        };
        Ok(match (token, credentials) {
            (Some(token), _) | (None, RegistryAuth::Bearer(token)) => {
                Some(format!("Bearer {token}"))
            }
            (None, RegistryAuth::Basic(user, password)) => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
                Some(format!("Basic {pair}"))
            }
            (None, RegistryAuth::Anonymous) => None,
        })
    }

    /// The user's credentials for a registry. A helper is a program that may take a while.
    pub(super) fn credentials(&self, host: &str) -> Result<RegistryAuth, String> {
        self.docker.credentials(host)
    }

    pub(super) fn client(&self, host: &str) -> Result<oci_client::Client, String> {
        http::install_crypto();
        let is_plain = self.is_plain(host);
        let protocol = if is_plain { ClientProtocol::Http } else { ClientProtocol::Https };
        let mut extra_root_certificates = Vec::new();
        for file in self.certificates() {
            let data = std::fs::read(&file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            extra_root_certificates.push(Certificate { encoding: CertificateEncoding::Pem, data });
        }
        oci_client::Client::try_from(ClientConfig {
            protocol,
            extra_root_certificates,
            connect_timeout: Some(Duration::from_secs(15)),
            read_timeout: Some(Duration::from_secs(30)),
            user_agent: concat!("greenroom/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })
        .map_err(|error| format!("cannot set up HTTPS: {error}"))
    }

    fn is_plain(&self, host: &str) -> bool {
        self.settings.get(host).is_some_and(|registry| registry.http)
    }
}

pub(super) fn login_failed(host: &str, error: &OciDistributionError) -> String {
    match error {
        OciDistributionError::AuthenticationFailure(_) => format!(
            "the registry {host} refuses the credentials; log in with `docker login {host}`, or \
             set DOCKER_AUTH_CONFIG"
        ),
        OciDistributionError::RequestError(error) => {
            let mut reason: &dyn std::error::Error = error;
            while let Some(source) = reason.source() {
                reason = source;
            }
            let reason = reason.to_string();
            let plain =
                if reason.contains("InvalidContentType") || reason.contains("corrupt message") {
                    format!(
                        " (it seems to speak http; if that is meant, allow it in the user's \
                     greenroom.toml: [registries.{host:?}] http = true)"
                    )
                } else {
                    String::new()
                };
            format!("the registry {host} cannot be reached: {reason}{plain}")
        }
        other => {
            let text = crate::diagnostic::printable(&other.to_string());
            format!("the registry {host} cannot be used: {}", text.lines().next().unwrap_or(""))
        }
    }
}
