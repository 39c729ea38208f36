//! Before a job: its directory, the artifacts and variables that it gets, its caches.

use std::fs::File;
use std::sync::{Arc, PoisonError};

use cap_std::fs::Dir;

use super::{RunData, Workspace, blocking, count, patterns};
use crate::event::Level;
use crate::plan::{CacheKey, CachePolicy, PlannedJob};
use crate::sandbox::{HostDirectory, Scratch};
use crate::schedule::JobLog;
use crate::workspace::{
    Copied, CopyError, CopyLimits, Filter, Patterns, copy, first_contents, is_anything_there,
};

/// How much a job's checkout may take.
const CHECKOUT_LIMITS: CopyLimits = CopyLimits { bytes: 20 << 30, files: 1_000_000 };

/// What a job was given.
pub(in crate::executor) struct Given {
    pub(in crate::executor) workspace: HostDirectory,
    pub(in crate::executor) own: Option<Scratch>,
    pub(in crate::executor) reported: Vec<(String, String)>,
    pub(in crate::executor) keys: Vec<String>,
}

impl RunData {
    /// Makes a job's workspace ready. `shared` is the one that jobs share, if they do.
    pub(in crate::executor) async fn prepare(
        self: &Arc<Self>,
        job: &PlannedJob,
        shared: &HostDirectory,
        log: &JobLog,
    ) -> Result<Given, String> {
        let (workspace, own) = match &self.workspace {
            Workspace::Shared { .. } => (shared.clone(), None),
            Workspace::Strict { template, directory } => {
                let (template, directory) = (template.clone(), directory.clone());
                let own = blocking(move || {
                    let own = Scratch::new_in(&directory).map_err(|error| error.to_string())?;
                    let open = |path: &std::path::Path| {
                        File::open(path).map_err(|error| error.to_string())
                    };
                    copy(open(&template)?, open(own.path())?, &Filter::All, CHECKOUT_LIMITS)
                        .map_err(|error: CopyError| error.to_string())?;
                    Ok::<_, String>(own)
                });
                let own = own.await.map_err(|error| format!("cannot check out: {error}"))?;
                let workspace: HostDirectory = own.path().to_owned().into();
                (workspace.open().map_err(|error| error.to_string())?, Some(own))
            }
        };
        let dir = workspace.dir().map_err(|error| error.to_string())?;
        let keys = self.restore_caches(job, &dir, log).await;
        let reported = self.hand_over(job, &dir, log).await?;
        Ok(Given { workspace, own, reported, keys })
    }

    /// Gives a job the artifacts that it gets, and returns the variables.
    async fn hand_over(
        self: &Arc<Self>,
        job: &PlannedJob,
        dir: &Dir,
        log: &JobLog,
    ) -> Result<Vec<(String, String)>, String> {
        let mut reported: Vec<(String, String)> = Vec::new();
        let fixed = {
            let pipelines = self.pipelines.read().unwrap_or_else(PoisonError::into_inner);
            pipelines.of(&job.name).map(|own| Arc::clone(&own.fixed)).unwrap_or_default()
        };
        for entry in self.sources(job)? {
            for (name, value) in &entry.manifest.variables {
                if !fixed.contains(name) {
                    reported.retain(|(other, _)| other != name);
                    reported.push((name.clone(), value.clone()));
                }
            }
            // In a shared workspace the files are where the other job has left them.
            if !self.is_strict() || entry.manifest.files == 0 {
                continue;
            }
            let data = Arc::clone(self);
            let to = dir.try_clone().map_err(|error| error.to_string())?;
            let from = entry.manifest.job.clone();
            let restored = blocking(move || {
                let _lock = data.artifacts.reading().map_err(|error| error.to_string())?;
                entry.restore(&to).map_err(|error| error.to_string())
            });
            let Copied { files, .. } =
                restored.await.map_err(|error| format!("the artifacts of {from}: {error}"))?;
            log.notice(Level::Info, format!("artifacts of {from}: {}", count(files))).await;
        }
        Ok(reported)
    }

    /// Restores a job's caches and returns their keys. That a cache cannot be restored is told and
    /// fails no job, as on GitLab.
    async fn restore_caches(
        self: &Arc<Self>,
        job: &PlannedJob,
        dir: &Dir,
        log: &JobLog,
    ) -> Vec<String> {
        let mut keys = Vec::new();
        for cache in &job.settings.caches {
            let key = match &cache.key {
                CacheKey::Name(name) => name.clone(),
                CacheKey::Files { files, prefix } => {
                    let patterns = patterns("cache:key:files", files, log).await;
                    key_of(dir, patterns, prefix.as_deref()).await
                }
            };
            keys.push(key.clone());
            if cache.policy == CachePolicy::Push {
                continue;
            }
            if self.stays() {
                let include = patterns("cache:paths", &cache.paths, log).await;
                let Ok(dir) = dir.try_clone() else { continue };
                // What is there is newer than any cache.
                if blocking(move || is_anything_there(&dir, &include)).await {
                    continue;
                }
            }
            let fallback = job.variables.get("CACHE_FALLBACK_KEY").map(str::to_owned);
            let fallback = fallback.filter(|key| !key.is_empty());
            let mut found = false;
            for key in [key].into_iter().chain(cache.fallback_keys.clone()).chain(fallback) {
                let Ok(to) = dir.try_clone() else { break };
                let (data, wanted) = (Arc::clone(self), key.clone());
                match blocking(move || data.caches.restore(&wanted, &to)).await {
                    Ok(Some(entry)) => {
                        let text = format!("cache `{key}`: {} restored", count(entry.files));
                        log.notice(Level::Info, text).await;
                        found = true;
                        break;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        let text = format!("cache `{key}` cannot be restored: {error}");
                        log.notice(Level::Warning, text).await;
                    }
                }
            }
            if !found && !self.stays() {
                log.notice(Level::Info, "cache: nothing is stored under its keys yet").await;
            }
        }
        keys
    }
}

/// The key that files make: a digest of their contents, or `default` if there are none of them.
async fn key_of(dir: &Dir, files: Patterns, prefix: Option<&str>) -> String {
    let digest = match dir.try_clone() {
        Ok(dir) => blocking(move || first_contents(&dir, &files)).await,
        Err(_) => None,
    };
    let digest = digest.unwrap_or_else(|| "default".to_owned());
    match prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}-{digest}"),
        _ => digest,
    }
}
