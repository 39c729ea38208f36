//! Pulling from a registry.

use std::fs;
use std::path::{Path, PathBuf};

use super::manifest::{ACCEPT, Configuration, Descriptor, Document, Kind, Platform, no_platform};
use crate::http::{Request, Response, header};
use crate::image::digest::Digest;
use crate::image::pull::{Making, check_lock, module_name};
use crate::image::reference::OciReference;
use crate::image::store::{ImageConfig, ImageRecord};
use crate::image::unpack::{self, MAX_TREE};

/// Manifests and configurations.
const MAX_DOCUMENT: u64 = 4 << 20;
/// How a registry names what it sends.
const CONTENT_DIGEST: &str = "docker-content-digest";
/// What layers may have together, compressed.
const MAX_LAYERS: u64 = 2 * MAX_TREE;

/// A repository at a host.
struct Repository<'a> {
    making: &'a Making<'a>,
    host: &'a str,
    name: &'a str,
}

impl Making<'_> {
    /// Pulls from the first of the registry's hosts that can.
    pub(in crate::image) async fn oci(
        &self,
        reference: &OciReference,
        locked: Option<&Digest>,
    ) -> Result<(ImageRecord, String), String> {
        let hosts = self.puller.registries.hosts(&reference.registry);
        let mut errors = Vec::new();
        for host in &hosts {
            let repository = Repository { making: self, host, name: &reference.repository };
            match repository.image(reference, locked).await {
                Ok(made) => return Ok(made),
                Err(error) => errors.push(error),
            }
        }
        Err(errors.join("; then: "))
    }
}

impl Repository<'_> {
    async fn image(
        &self,
        reference: &OciReference,
        locked: Option<&Digest>,
    ) -> Result<(ImageRecord, String), String> {
        let digest = locked.or(reference.digest.as_ref());
        let wanted = match (digest, &reference.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        };
        let store = &self.making.puller.store;
        if let Some((meaning, record)) = store.find(self.making.image)
            && self.still_is(&wanted, &meaning.exactly).await
        {
            check_lock(locked, &Digest::parse(&record.digest).ok_or("its record is damaged")?)?;
            return Ok((record, meaning.exactly));
        }
        let (mut document, mut id) = self.document(&wanted, digest).await?;
        let exactly = id.to_string();
        if document.is_index() {
            id = document.choose()?;
            document = self.document(&id.to_string(), Some(&id)).await?.0;
            if document.is_index() {
                return Err("its index leads to another index".to_owned());
            }
        }
        check_lock(locked, &id)?;
        if let Some(record) = store.image(&id) {
            return Ok((record, exactly));
        }
        let source = format!("oci:{}/{}@{id}", reference.registry, self.name);
        let record = match document.kind()? {
            Kind::Artifact => self.artifact(&document, &id, &source).await?,
            Kind::Container => self.container(&document, &id, &source).await?,
        };
        Ok((record, exactly))
    }

    /// Whether a tag still means what it did, as far as the registry tells for the asking.
    async fn still_is(&self, wanted: &str, known: &str) -> bool {
        let what = format!("manifests/{wanted}");
        let request = self.request(&what, Request::head).await;
        let Ok(request) = request else { return false };
        let answer = self.making.puller.client.fetch(&request).await;
        answer.is_ok_and(|answer| answer.header(CONTENT_DIGEST) == Some(known))
    }

    async fn request(
        &self,
        what: &str,
        make: impl FnOnce(String) -> Request,
    ) -> Result<Request, String> {
        let registries = &self.making.puller.registries;
        let request = registries.request(self.host, self.name, what, make).await?;
        Ok(request.header(header::ACCEPT, ACCEPT))
    }

    async fn fetch(&self, what: &str, size: Option<u64>) -> Result<Response, String> {
        let make = |url| {
            let request = Request::get(url, MAX_DOCUMENT);
            size.map_or(request.clone(), |size| request.expect_size(size))
        };
        let request = self.request(what, make).await?;
        let answer = self.making.puller.client.fetch(&request).await;
        answer.map_err(|error| match error.status() {
            Some(401 | 403) => format!(
                "the registry {} refuses it: {error}; log in with `docker login {0}`, or set \
                 DOCKER_AUTH_CONFIG",
                self.host
            ),
            Some(404) => format!(
                "the registry {} has no such image: {error}; check its name and tag",
                self.host
            ),
            _ => format!("it cannot be pulled: {error}"),
        })
    }

    /// An index or a manifest, with its digest.
    async fn document(
        &self,
        wanted: &str,
        digest: Option<&Digest>,
    ) -> Result<(Document, Digest), String> {
        let answer = self.fetch(&format!("manifests/{wanted}"), None).await?;
        let found = match digest {
            Some(digest) => {
                let mut hasher = digest.hasher();
                hasher.update(&answer.body);
                hasher.finish()
            }
            None => Digest::sha256(&answer.body),
        };
        let promised = answer.header(CONTENT_DIGEST).and_then(Digest::parse);
        for expected in digest.into_iter().chain(&promised) {
            // A SHA-512 is not compared with a SHA-256.
            let same_kind = expected.to_string().len() == found.to_string().len();
            if same_kind && *expected != found {
                return Err(format!(
                    "its manifest is not what it should be: its digest is {found}, and should be \
                     {expected}"
                ));
            }
        }
        let document = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("its manifest cannot be read: {error}"))?;
        Ok((document, found))
    }

    async fn configuration(&self, document: &Document) -> Result<Configuration, String> {
        let config = document.config.as_ref().ok_or("its manifest has no configuration")?;
        let digest = digest(config)?;
        if config.size > MAX_DOCUMENT {
            return Err(format!("its configuration has {} bytes", config.size));
        }
        let answer = self.fetch(&format!("blobs/{digest}"), Some(config.size)).await?;
        let mut hasher = digest.hasher();
        hasher.update(&answer.body);
        if hasher.finish() != digest {
            return Err("its configuration is not what its manifest says: wrong digest".to_owned());
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| format!("its configuration cannot be read: {error}"))
    }

    async fn artifact(
        &self,
        document: &Document,
        id: &Digest,
        source: &str,
    ) -> Result<ImageRecord, String> {
        // Older layouts have an empty configuration.
        let layer = document.layers.first().ok_or("it has no layer")?;
        let has_platform = document
            .config
            .as_ref()
            .is_some_and(|config| config.media_type == "application/vnd.wasm.config.v0+json");
        let platform =
            if has_platform { Some(self.configuration(document).await?.platform) } else { None };
        let place = self.making.place()?;
        let file = place.path().join("module");
        self.blob(layer, &file).await?;
        check_module(&file, platform.as_ref())?;
        let title = layer.annotations.get("org.opencontainers.image.title");
        let last = self.name.rsplit('/').next().unwrap_or(self.name);
        let name = module_name(title.map_or(last, String::as_str));
        let tree = self.making.tree(&place)?;
        fs::rename(&file, tree.join(&name)).map_err(|error| error.to_string())?;
        let config = ImageConfig { module: Some(name), ..ImageConfig::default() };
        self.making.publish(&tree, id, source, config, Vec::new())
    }

    async fn container(
        &self,
        document: &Document,
        id: &Digest,
        source: &str,
    ) -> Result<ImageRecord, String> {
        let configuration = self.configuration(document).await?;
        if !configuration.platform.is_wasm() && !document.is_marked_as_wasm() {
            return Err(no_platform(&[configuration.platform.shown()]));
        }
        let total = document.layers.iter().fold(0_u64, |sum, l| sum.saturating_add(l.size));
        if total > MAX_LAYERS {
            let limit = MAX_LAYERS >> 30;
            return Err(format!(
                "its layers have {total} bytes together, more than the limit of {limit} GiB"
            ));
        }
        let place = self.making.place()?;
        let tree = self.making.tree(&place)?;
        let mut blobs = Vec::new();
        for (index, layer) in document.layers.iter().enumerate() {
            let digest = digest(layer)?;
            let path = self.layer(layer, &digest, &place.path().join(index.to_string())).await?;
            self.making
                .unpack(&path, unpack::Kind::Layer, &tree)
                .await
                .map_err(|reason| format!("its layer {}: {reason}", digest.short()))?;
            blobs.push(digest.to_string());
        }
        let run = configuration.config.unwrap_or_default();
        let config = ImageConfig {
            entrypoint: run.entrypoint.unwrap_or_default(),
            command: run.cmd.unwrap_or_default(),
            environment: run.env.unwrap_or_default(),
            module: None,
        };
        self.making.publish(&tree, id, source, config, blobs)
    }

    /// A layer's file, which is downloaded unless another image has it, too.
    async fn layer(
        &self,
        layer: &Descriptor,
        digest: &Digest,
        path: &Path,
    ) -> Result<PathBuf, String> {
        let store = &self.making.puller.store;
        if store.blob(digest).is_none() {
            self.blob(layer, path).await?;
            store.keep_blob(path, digest).map_err(|error| {
                format!("a layer cannot be kept: {error}{}", crate::image::store::advice(&error))
            })?;
        }
        Ok(store.blob_path(digest))
    }

    async fn blob(&self, layer: &Descriptor, path: &Path) -> Result<(), String> {
        let digest = digest(layer)?;
        let make = |url| Request::get(url, layer.size).expect_size(layer.size);
        let request = self.request(&format!("blobs/{digest}"), make).await?;
        self.making.download(&request, &digest, path).await
    }
}

fn digest(descriptor: &Descriptor) -> Result<Digest, String> {
    Digest::parse(&descriptor.digest)
        .ok_or_else(|| format!("{:?} is not a digest that is known", descriptor.digest))
}

/// Holds a module against what the configuration says it is: the header of a component has another
/// layer than a core module's (bytes 4 to 7).
fn check_module(file: &Path, platform: Option<&Platform>) -> Result<(), String> {
    use std::io::Read;
    let mut start = [0; 8];
    let mut open = fs::File::open(file).map_err(|error| format!("it cannot be read: {error}"))?;
    let read = open.read_exact(&mut start);
    let is_component = match &start {
        _ if read.is_err() => None,
        b"\0asm\x01\0\0\0" => Some(false),
        [0, b'a', b's', b'm', _, _, 1, 0] => Some(true),
        _ => None,
    };
    let Some(is_component) = is_component else {
        return Err("its layer is not a WebAssembly module".to_owned());
    };
    let Some(platform) = platform else { return Ok(()) };
    match (platform.is_component(), is_component) {
        (false, true) => Err(format!(
            "its configuration says {} and its layer is a component (wasip2); whoever publishes it \
             has to build it for wasip1, or say wasip2",
            platform.shown()
        )),
        (true, false) => Err(format!(
            "its configuration says {} and its layer is a core module (wasip1); whoever publishes it \
             has to correct that",
            platform.shown()
        )),
        _ => Ok(()),
    }
}
