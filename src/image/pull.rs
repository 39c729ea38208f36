//! From a reference to an image in the store.

use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::block_in_place;

use super::digest::Digest;
use super::download::download;
use super::error::ImageError;
use super::npm;
use super::npm_config::NpmConfig;
use super::oci::Registries;
use super::progress::{Event, Progress};
use super::reference::{NpmReference, Reference, UrlReference};
use super::store::{ImageConfig, ImageRecord, RefRecord, Store};
use super::unpack::{Kind, unpack};
use crate::http::{Client, Request};
use crate::sandbox::Sandbox;

/// The largest module or archive at an address.
const MAX_URL: u64 = 2 << 30;

/// Pulls images.
pub(super) struct Puller {
    pub(super) store: Store,
    pub(super) client: Client,
    pub(super) npm: NpmConfig,
    pub(super) registries: Registries,
    pub(super) sandbox: Sandbox,
}

/// An image that is about to be made.
pub(super) struct Making<'a> {
    pub(super) puller: &'a Puller,
    /// The reference, for messages.
    pub(super) image: &'a str,
    pub(super) progress: &'a dyn Progress,
}

impl Puller {
    /// Asks what a reference means, and downloads what of it is not in the store. If it means
    /// another image than `locked`, it is refused.
    pub(super) async fn pull(
        &self,
        reference: &Reference,
        locked: Option<&Digest>,
        progress: &dyn Progress,
    ) -> Result<ImageRecord, ImageError> {
        let key = reference.key();
        let failed = |cause: String| ImageError::new(&key, cause);
        let making = Making { puller: self, image: &key, progress };
        // Waiting for another process blocks.
        let waiting = || progress.event(Event::Waiting { image: &key });
        let _turn = block_in_place(|| self.store.turn(&key, waiting)).map_err(failed)?;
        progress.event(Event::Asking { image: &key });
        let (record, exactly) = match reference {
            Reference::Npm(npm) => making.npm(npm, locked).await,
            Reference::Url(url) => making.url(url, locked).await,
            Reference::Oci(oci) => making.oci(oci, locked).await,
            Reference::Path(_) | Reference::Short(_) => {
                Err("it names nothing that could be pulled".to_owned())
            }
        }
        .map_err(failed)?;
        let meaning = RefRecord {
            reference: key.clone(),
            image: record.digest.clone(),
            exactly,
            asked: now(),
        };
        self.store.remember(&meaning).map_err(|error| {
            failed(format!("it cannot be kept: {error}{}", super::store::advice(&error)))
        })?;
        progress.event(Event::Stored { image: &key });
        Ok(record)
    }
}

impl Making<'_> {
    async fn npm(
        &self,
        reference: &NpmReference,
        locked: Option<&Digest>,
    ) -> Result<(ImageRecord, String), String> {
        let Puller { client, npm: config, .. } = self.puller;
        let chosen = npm::choose(client, config, reference).await?;
        let exactly = format!("npm:{}@{}", reference.name, chosen.version);
        check_lock(locked, &chosen.digest)?;
        if let Some(record) = self.puller.store.image(&chosen.digest) {
            return Ok((record, exactly));
        }
        let place = self.place()?;
        let archive = place.path().join("package");
        self.download(&chosen.request(config), &chosen.digest, &archive).await?;
        let tree = self.tree(&place)?;
        self.unpack(&archive, Kind::Package, &tree).await?;
        let record =
            self.publish(&tree, &chosen.digest, &exactly, ImageConfig::default(), vec![])?;
        Ok((record, exactly))
    }

    async fn url(
        &self,
        reference: &UrlReference,
        locked: Option<&Digest>,
    ) -> Result<(ImageRecord, String), String> {
        let digest = &reference.digest;
        check_lock(locked, digest)?;
        let exactly = reference.url.clone();
        if let Some(record) = self.puller.store.image(digest) {
            return Ok((record, exactly));
        }
        let place = self.place()?;
        let file = place.path().join("file");
        self.download(&Request::get(&reference.url, MAX_URL), digest, &file).await?;
        let tree = self.tree(&place)?;
        let mut config = ImageConfig::default();
        if is_module(&file)? {
            let path = reference.url.split(['?', '#']).next().unwrap_or("");
            let name = module_name(path.rsplit('/').next().unwrap_or(""));
            std::fs::rename(&file, tree.join(&name)).map_err(|error| error.to_string())?;
            config.module = Some(name);
        } else {
            self.unpack(&file, Kind::Archive, &tree).await?;
        }
        let record = self.publish(&tree, digest, &exactly, config, vec![])?;
        Ok((record, exactly))
    }

    /// A directory for everything that is made on the way.
    pub(super) fn place(&self) -> Result<tempfile::TempDir, String> {
        let root = self.puller.store.root().display();
        let made = self.puller.store.temporary();
        made.map_err(|error| {
            format!(
                "the image store {root} cannot be written to: {error}{}",
                super::store::advice(&error)
            )
        })
    }

    pub(super) fn tree(&self, place: &tempfile::TempDir) -> Result<std::path::PathBuf, String> {
        let tree = place.path().join("tree");
        std::fs::create_dir(&tree).map_err(|error| format!("it cannot be unpacked: {error}"))?;
        Ok(tree)
    }

    pub(super) async fn download(
        &self,
        request: &Request,
        digest: &Digest,
        path: &Path,
    ) -> Result<(), String> {
        let client = &self.puller.client;
        download(client, request, digest, path, self.image, self.progress)
            .await
            .map_err(|failure| failure.text())
    }

    pub(super) async fn unpack(
        &self,
        archive: &Path,
        kind: Kind,
        tree: &Path,
    ) -> Result<(), String> {
        self.progress.event(Event::Unpacking { image: self.image });
        let file = File::open(archive).map_err(|error| format!("it cannot be read: {error}"))?;
        unpack(&self.puller.sandbox, file, kind, tree).await
    }

    pub(super) fn publish(
        &self,
        tree: &Path,
        digest: &Digest,
        source: &str,
        config: ImageConfig,
        blobs: Vec<String>,
    ) -> Result<ImageRecord, String> {
        let record = ImageRecord {
            digest: digest.to_string(),
            source: source.to_owned(),
            size: 0,
            files: 0,
            blobs,
            list: String::new(),
            stored: now(),
            config,
        };
        let store = &self.puller.store;
        block_in_place(|| store.publish(tree, &record))?;
        store.image(digest).ok_or_else(|| {
            format!("the image store {} lost what was written to it", store.root().display())
        })
    }
}

pub(super) fn check_lock(locked: Option<&Digest>, found: &Digest) -> Result<(), String> {
    match locked {
        Some(locked) if locked != found => Err(format!(
            "it is {found} now, and greenroom.lock has {locked}; if that is meant, write the lock \
             anew with `greenroom image lock`"
        )),
        _ => Ok(()),
    }
}

/// Whether a file is WebAssembly.
pub(super) fn is_module(path: &Path) -> Result<bool, String> {
    use std::io::Read;
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4).read_to_end(&mut start));
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    Ok(start == b"\0asm")
}

/// A file's name that makes a good command: what is odd in it is replaced.
pub(super) fn module_name(name: &str) -> String {
    let stem = name.strip_suffix(".wasm").unwrap_or(name);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let stem: String = stem.chars().map(|c| if fits(c) { c } else { '-' }).take(100).collect();
    let stem = stem.trim_start_matches(['.', '-']);
    format!("{}.wasm", if stem.is_empty() { "module" } else { stem })
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
