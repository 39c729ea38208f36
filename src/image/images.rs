//! All images of a run.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::alias::{Aliases, Resolved};
use super::content::Image;
use super::digest::Digest;
use super::error::ImageError;
use super::lock_file::LockFile;
use super::npm_config::NpmConfig;
use super::oci::{Artifact, DockerConfig, Registries};
use super::path;
use super::progress::Progress;
use super::pull::Puller;
use super::reference::{OciReference, Reference};
use super::store::{ImageRecord, InUse, Store};
use super::stored::Tree;
use super::wrapper;
use crate::http;
use crate::pipeline::PullPolicy;
use crate::sandbox::{HostDirectory, Sandbox};
use crate::settings::Settings;

/// What pulling needs.
pub struct Sources {
    /// The directory of the store of images.
    pub store: PathBuf,
    /// The user's npm configuration.
    pub npm: NpmConfig,
    /// The user's credentials for registries.
    pub docker: DockerConfig,
    /// Where archives are unpacked.
    pub sandbox: Sandbox,
    /// What references have to mean.
    pub lock: LockFile,
    /// Whether what the lock does not have is refused.
    pub locked: bool,
    /// The policies that the command line names: before all others.
    pub pull_policy: Option<Vec<PullPolicy>>,
}

/// Opens images as the settings say.
pub struct Images {
    settings: Settings,
    aliases: Aliases,
    sources: Option<Pulling>,
}

impl std::fmt::Debug for Images {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let store = self.store().map(Store::root);
        f.debug_struct("Images").field("store", &store).finish_non_exhaustive()
    }
}

struct Pulling {
    puller: Puller,
    lock: LockFile,
    locked: bool,
    pull_policy: Option<Vec<PullPolicy>>,
    /// From the first image on: none is removed while jobs use it.
    in_use: Mutex<Option<Arc<InUse>>>,
}

impl Images {
    /// The images that need nothing but the project: those of the store can be named, but not
    /// opened.
    ///
    /// # Errors
    /// If the settings' aliases or commands make no sense.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let aliases = Aliases::new(settings)?;
        wrapper::commands(settings)?;
        Ok(Self { settings: settings.clone(), aliases, sources: None })
    }

    /// The same with a store and with sources to fill it from.
    ///
    /// # Errors
    /// If the store cannot be used; why, as a sentence.
    pub fn with_sources(self, sources: Sources) -> Result<Self, String> {
        let store = Store::open(&sources.store)?;
        let registries = Registries::new(&self.settings, sources.docker);
        let mut config = http::Config::default();
        config.plain_hosts.extend(registries.plain_hosts());
        config.plain_hosts.extend(sources.npm.plain_hosts());
        config.certificates.extend(registries.certificates());
        config.certificates.extend(sources.npm.certificates().map(PathBuf::from));
        let client = http::Client::new(config);
        let puller =
            Puller { store, client, npm: sources.npm, registries, sandbox: sources.sandbox };
        let pulling = Pulling {
            puller,
            lock: sources.lock,
            locked: sources.locked,
            pull_policy: sources.pull_policy,
            in_use: Mutex::default(),
        };
        Ok(Self { sources: Some(pulling), ..self })
    }

    /// What a name stands for.
    ///
    /// # Errors
    /// If the settings lead nowhere.
    pub fn resolve(&self, name: &str) -> Result<Resolved, ImageError> {
        self.aliases.resolve(name).map_err(|reason| ImageError::new(name, reason))
    }

    /// What a name stands for, if it can be used at all: told without opening anything.
    ///
    /// # Errors
    /// As for [`Images::open`].
    pub fn check(
        &self,
        project: &HostDirectory,
        name: &str,
    ) -> Result<(Resolved, Vec<Reference>), ImageError> {
        let resolved = self.resolve(name)?;
        let references = resolved.parts.iter().map(|part| match reference(project, part)? {
            Reference::Short(short) => Err(no_alias(name, &short)),
            reference => Ok(reference),
        });
        let references = references.collect::<Result<_, _>>()?;
        Ok((resolved, references))
    }

    /// Opens the image of a job, with the commands that the settings add; only the latter if it has
    /// none. `policies` are the job's own.
    ///
    /// # Errors
    /// What is wrong, with the image's name and what to do next.
    pub async fn open(
        &self,
        project: &HostDirectory,
        name: Option<&str>,
        policies: &[PullPolicy],
        progress: &dyn Progress,
    ) -> Result<Image, ImageError> {
        let commands = wrapper::commands(&self.settings)
            .map_err(|reason| ImageError::new(name.unwrap_or("none"), reason))?;
        let mut image = Image { commands, ..Image::default() };
        let Some(name) = name else { return Ok(image) };
        let (resolved, references) = self.check(project, name)?;
        for (part, reference) in resolved.parts.iter().zip(&references) {
            let opened = match reference {
                Reference::Path(path) => path::open(project, path),
                reference => {
                    self.open_reference(project, reference, policies, progress).await?.image()
                }
            };
            // The message names the image.
            let cause = |text: String| {
                let prefix = format!("image `{part}`");
                let text = text.strip_prefix(&prefix).unwrap_or(&text);
                ImageError::new(part, text.trim_start_matches(':').trim_start())
            };
            image.add(opened.map_err(cause)?, part);
        }
        if let Some(entrypoint) = resolved.entrypoint {
            image.entrypoint = entrypoint;
        }
        Ok(image)
    }

    /// Opens the files that a reference names, pulling them if the policies say so. A path of the
    /// project is opened where it is: as a directory, or as a file in its directory.
    ///
    /// # Errors
    /// What is wrong, with the image's name and what to do next.
    pub async fn open_reference(
        &self,
        project: &HostDirectory,
        reference: &Reference,
        policies: &[PullPolicy],
        progress: &dyn Progress,
    ) -> Result<Tree, ImageError> {
        let name = reference.to_string();
        let inner = match reference {
            Reference::Npm(npm) => npm.path.clone(),
            Reference::Url(url) => url.path.clone(),
            Reference::Path(path) => {
                return path::tree(project, path).map_err(|cause| ImageError::new(&name, cause));
            }
            Reference::Short(_) | Reference::Oci(_) => None,
        };
        let record = self.obtain(reference, policies, progress).await?;
        let digest = Digest::parse(&record.digest);
        let sources = self.sources.as_ref().zip(digest.as_ref());
        let Some((sources, digest)) = sources else { return Err(ImageError::new(name, NO_STORE)) };
        let root = HostDirectory::from(sources.puller.store.tree_path(digest));
        let root = root
            .open()
            .map_err(|error| ImageError::new(&name, format!("it cannot be opened: {error}")))?;
        let (digest, config) = (Some(digest.clone()), record.config);
        Ok(Tree { name, root, path: inner, digest, config })
    }

    /// Publishes a module in a registry, and returns its manifest's digest.
    ///
    /// # Errors
    /// What is wrong, with the reference and what to do next.
    pub async fn publish(
        &self,
        reference: &OciReference,
        artifact: Artifact,
    ) -> Result<Digest, ImageError> {
        let name = Reference::Oci(reference.clone()).to_string();
        let failed = |cause: String| ImageError::new(&name, cause);
        let Some(sources) = &self.sources else { return Err(ImageError::new(&name, NO_STORE)) };
        let Some(tag) = &reference.tag else {
            return Err(failed("a digest cannot be published to; write a tag".to_owned()));
        };
        let registries = &sources.puller.registries;
        let OciReference { registry, repository, .. } = reference;
        registries.push(registry, repository, tag, artifact).await.map_err(failed)
    }

    /// An image in the store, pulled if the policies say so.
    ///
    /// # Errors
    /// What is wrong, with the image's name and what to do next.
    pub async fn obtain(
        &self,
        reference: &Reference,
        policies: &[PullPolicy],
        progress: &dyn Progress,
    ) -> Result<ImageRecord, ImageError> {
        let key = reference.key();
        let Some(sources) = &self.sources else { return Err(ImageError::new(key, NO_STORE)) };
        sources.keep().map_err(|reason| ImageError::new(&key, reason))?;
        let store = &sources.puller.store;
        let locked = sources.lock.get(&key);
        if sources.locked && locked.is_none() {
            return Err(ImageError::new(key, "greenroom.lock does not have it")
                .help("add it with `greenroom image lock`, or run without --locked"));
        }
        // What the lock names does not change, so there is nothing to ask.
        if let Some(record) = locked.and_then(|digest| store.image(digest)) {
            store.touch(&key);
            return Ok(record);
        }
        let policies = self.policies(&key, policies, sources.pull_policy.as_deref())?;
        let here = || {
            let (_, record) = store.find(&key)?;
            let fits = locked.is_none_or(|digest| digest.to_string() == record.digest);
            fits.then_some(record)
        };
        let mut errors: Vec<ImageError> = Vec::new();
        for policy in policies {
            if policy != PullPolicy::Always
                && let Some(record) = here()
            {
                store.touch(&key);
                return Ok(record);
            }
            let pulled = match policy {
                PullPolicy::Never => Err(ImageError::new(
                    &key,
                    "it is not in the store, and the pull \
                    policy is `never`",
                )
                .help(format!("pull it first: greenroom image pull {key}"))),
                _ => sources.puller.pull(reference, locked, progress).await,
            };
            match pulled {
                Ok(record) => return Ok(record),
                Err(error) => errors.push(error),
            }
        }
        // The first policy is the one that was meant; what else was tried says why it did not help.
        let mut errors = errors.into_iter();
        let first = errors.next().unwrap_or_else(|| ImageError::new(&key, "no policy is left"));
        Err(errors.fold(first, |mut all, next| {
            if next.cause != all.cause {
                all.cause = format!("{}; then: {}", all.cause, next.cause);
            }
            all.help = all.help.or(next.help);
            all
        }))
    }

    /// The policies that count: of the command line, the job, the settings, or the default, as far
    /// as they are allowed.
    fn policies(
        &self,
        image: &str,
        job: &[PullPolicy],
        given: Option<&[PullPolicy]>,
    ) -> Result<Vec<PullPolicy>, ImageError> {
        let job = (!job.is_empty()).then_some(job);
        let wanted = given
            .or(job)
            .or(self.settings.pull_policy.as_deref())
            .unwrap_or(&[PullPolicy::IfNotPresent]);
        let Some(allowed) = &self.settings.allowed_pull_policies else {
            return Ok(wanted.to_vec());
        };
        let left: Vec<PullPolicy> =
            wanted.iter().copied().filter(|p| allowed.contains(p)).collect();
        if left.is_empty() {
            let names = |policies: &[PullPolicy]| {
                policies.iter().map(|policy| policy.name()).collect::<Vec<_>>().join(", ")
            };
            let (wanted, allowed) = (names(wanted), names(allowed));
            return Err(ImageError::new(
                image,
                format!("its pull policy ({wanted}) is not one of the allowed ones ({allowed})"),
            )
            .help(
                "choose an allowed one, or change `allowed_pull_policies` in the user's settings",
            ));
        }
        Ok(left)
    }

    /// The store of images, if there is one.
    pub fn store(&self) -> Option<&Store> {
        self.sources.as_ref().map(|sources| &sources.puller.store)
    }
}

const NO_STORE: &str = "there is no directory to keep images in; set HOME, or GREENROOM_CACHE_DIR";

impl Pulling {
    /// Sees to it that no image is removed from now on.
    fn keep(&self) -> Result<(), String> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if in_use.is_none() {
            *in_use = Some(Arc::new(self.puller.store.use_images()?));
        }
        Ok(())
    }
}

fn reference(project: &HostDirectory, part: &str) -> Result<Reference, ImageError> {
    Reference::parse(part, |path| path::exists(project, path))
        .map_err(|error| ImageError::new(part, error.to_string()))
}

fn no_alias(name: &str, short: &str) -> ImageError {
    let through = if name == short { String::new() } else { format!(" (for `{name}`)") };
    let pattern = match name.split_once(':') {
        Some((repository, _)) => format!("{repository}:*"),
        None => name.to_owned(),
    };
    ImageError::new(
        short,
        format!(
            "this{through} is the name of a container image, and no alias says which WebAssembly \
             image to use instead"
        ),
    )
    .help(format!(
        "add one to greenroom.toml, [images] \"{pattern}\" = \"npm:…\" (or a path such as \
         \"./tools/php.wasm\"), or leave `image` out if the built-in commands are enough"
    ))
}
