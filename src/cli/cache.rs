use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand};
use serde_json::json;

use super::artifacts::aligned;
use super::environment::Environment;
use super::exit_code::Exit;
use super::failure::Failure;
use super::project::ProjectArgs;
use super::value::{Format, span};
use super::{print, tell, workspace};
use crate::diagnostic::printable;
use crate::workspace::{Caches, readable_size, seconds};

/// List and remove the caches that jobs have saved.
///
/// Jobs save and restore caches with `run --isolated` and `run --strict`; otherwise the workspace
/// stays between runs, and with it what a cache would hold.
#[derive(Debug, Args)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every cache, by its key.
    List {
        /// How the list is written.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Remove caches.
    Rm {
        /// Their keys.
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Remove caches that were not saved for a while.
    Prune {
        /// For how long, e.g. 7d.
        #[arg(long, value_name = "TIME", value_parser = span, default_value = "30d")]
        older_than: Duration,
    },
}

pub(super) fn cache(args: &CacheArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = args.project.file_or_default(None)?;
    let state = workspace::state(&project.root, environment).map_err(Failure::usage)?;
    let caches = Caches::new(state);
    let entries = caches.list();
    let remove = |key: &str| {
        caches.remove(key).map_err(|error| Failure::unable(format!("cache {key:?}: {error}")))
    };
    match &args.verb {
        Verb::List { format: Format::Json } => {
            let entry = |e: &crate::workspace::CacheEntry| json!({"key": e.key, "saved": e.saved, "files": e.files, "bytes": e.bytes});
            let all: Vec<_> = entries.iter().map(entry).collect();
            print(&format!("{:#}\n", serde_json::Value::from(all)))?;
        }
        Verb::List { format: Format::Human } => {
            let mut rows = vec![["KEY", "FILES", "SIZE"].map(String::from)];
            rows.extend(entries.iter().map(|entry| {
                let key = printable(&entry.key);
                [key, entry.files.to_string(), readable_size(entry.bytes)]
            }));
            print(&aligned(&rows))?;
        }
        Verb::Rm { keys } => {
            for key in keys {
                if !remove(key)? {
                    return Err(Failure::usage(format!("there is no cache with the key {key:?}"))
                        .help("`greenroom cache list` shows them all"));
                }
            }
        }
        Verb::Prune { older_than } => {
            let limit = seconds(SystemTime::now()).saturating_sub(older_than.as_secs());
            let old: Vec<_> = entries.iter().filter(|entry| entry.saved <= limit).collect();
            for entry in &old {
                remove(&entry.key)?;
            }
            let bytes: u64 = old.iter().map(|entry| entry.bytes).sum();
            tell(&format!("{} removed, {}\n", old.len(), readable_size(bytes)));
        }
    }
    Ok(Exit::Success)
}
