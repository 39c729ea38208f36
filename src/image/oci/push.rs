//! Publishing a module as an artifact, in the CNCF's layout.
//!
//! Source: `wasm/deliverables/wasm-oci-artifact` of the CNCF's TAG Runtime: one configuration of
//! the type `application/vnd.wasm.config.v0+json`, one layer `application/wasm`.

use std::collections::BTreeMap;
use std::time::Duration;

use oci_client::client::{Config, ImageLayer};
use oci_client::manifest::OciImageManifest;
use oci_client::{Reference, RegistryOperation};
use serde_json::json;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::registry::{Registries, login_failed};
use crate::http::header::HeaderValue;
use crate::image::digest::Digest;

const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// How long publishing may take.
const PUSH_TIME: Duration = Duration::from_secs(600);

/// What is published.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The module or component.
    pub module: Vec<u8>,
    /// Names of what it imports and exports, if it is a component.
    pub component: Option<(Vec<String>, Vec<String>)>,
    /// Of the manifest: titles, descriptions and the like.
    pub annotations: BTreeMap<String, String>,
    /// When it was made, as RFC 3339 has it.
    pub created: String,
}

impl Registries {
    /// Pushes an artifact and returns its manifest's digest.
    pub(in crate::image) async fn push(
        &self,
        host: &str,
        repository: &str,
        tag: &str,
        artifact: Artifact,
    ) -> Result<Digest, String> {
        let reference = Reference::with_tag(host.to_owned(), repository.to_owned(), tag.to_owned());
        let credentials = block_in_place(|| self.credentials(host))?;
        let client = self.client(host)?;
        client
            .auth(&reference, &credentials, RegistryOperation::Push)
            .await
            .map_err(|error| login_failed(host, &error))?;
        let mut config = json!({
            "created": artifact.created,
            "architecture": "wasm",
            "os": if artifact.component.is_some() { "wasip2" } else { "wasip1" },
            "layerDigests": [Digest::sha256(&artifact.module).to_string()],
        });
        if let Some((imports, exports)) = artifact.component {
            config["component"] = json!({ "imports": imports, "exports": exports });
        }
        let config = Config::new(config.to_string().into_bytes(), CONFIG.to_owned(), None);
        let layers = [ImageLayer::new(artifact.module, LAYER.to_owned(), None)];
        let mut manifest = OciImageManifest::build(&layers, &config, Some(artifact.annotations));
        manifest.media_type = Some(MANIFEST.to_owned());
        let text = serde_json::to_vec(&manifest).map_err(|error| error.to_string())?;
        let pushing = async {
            for layer in layers {
                let digest = Digest::sha256(&layer.data).to_string();
                client.push_blob(&reference, layer.data, &digest).await?;
            }
            client.push_blob(&reference, config.data, &manifest.config.digest).await?;
            let kind = HeaderValue::from_static(MANIFEST);
            client.push_manifest_raw(&reference, text.clone(), kind).await
        };
        match timeout(PUSH_TIME, pushing).await {
            Ok(Ok(_)) => Ok(Digest::sha256(&text)),
            Ok(Err(error)) => Err(login_failed(host, &error)),
            Err(_) => Err(format!("the registry {host} did not take it within 10 minutes")),
        }
    }
}
