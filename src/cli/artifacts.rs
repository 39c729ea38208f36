use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Subcommand};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::environment::Environment;
use super::exit_code::Exit;
use super::failure::Failure;
use super::project::ProjectArgs;
use super::value::Format;
use super::{print, tell, workspace};
use crate::diagnostic::{printable, similar};
use crate::workspace::{Artifacts, Entry, readable_size, seconds};

/// List, fetch and remove what jobs have left: their artifacts and reports.
///
/// They are kept in GREENROOM_STATE_DIR, else in XDG_STATE_HOME/greenroom, else in
/// ~/.local/state/greenroom, until they expire (`expire_in`, 30 days without it); of each job the
/// newest three.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom artifacts list\n  \
    greenroom artifacts get build ./out        copy the files of a job's newest artifacts\n  \
    cd \"$(greenroom artifacts open build)\"     the same and its reports, in a new directory\n  \
    ls \"$(greenroom artifacts path build)\"\n  \
    greenroom artifacts list --format json | jq -r '.[] | [.job, .bytes] | @tsv'")]
pub(super) struct ArtifactsArgs {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every entry, the newest first.
    List {
        /// How the list is written.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Copy the files of a job's newest artifacts to a directory.
    Get {
        /// The job, or the identifier of an entry.
        job: String,
        /// Where to; it is made if it is not there.
        directory: PathBuf,
    },
    /// Copy the files and the reports of a job's newest artifacts to a new directory, and print its
    /// path.
    ///
    /// Each file has the path that it had in the job's workspace.
    Open {
        /// The job, or the identifier of an entry.
        job: String,
        /// A directory that is not there yet, or is empty [default: JOB-artifacts].
        directory: Option<PathBuf>,
    },
    /// Print the directory that the files of a job's newest artifacts are kept in.
    Path {
        /// The job, or the identifier of an entry.
        job: String,
    },
    /// Remove artifacts of jobs.
    Rm {
        /// The jobs, all of whose entries go, or identifiers of entries.
        #[arg(required = true)]
        jobs: Vec<String>,
    },
    /// Remove what has expired, and all but the newest three entries of each job.
    Prune {
        /// Remove everything.
        #[arg(long)]
        all: bool,
    },
}

pub(super) fn artifacts(args: &ArtifactsArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = args.project.file_or_default(None)?;
    let state = workspace::state(&project.root, environment).map_err(Failure::usage)?;
    let store = Artifacts::new(state);
    let entries = store.list();
    let unable = |error: &dyn std::fmt::Display| Failure::unable(format!("artifacts: {error}"));
    match &args.verb {
        Verb::List { format: Format::Json } => print(&format!("{:#}\n", as_json(&entries)))?,
        Verb::List { format: Format::Human } => print(&table(&entries))?,
        Verb::Path { job } => print(&format!("{}\n", find(&entries, job)?.files().display()))?,
        Verb::Get { job, directory } => {
            let entry = find(&entries, job)?;
            std::fs::create_dir_all(directory).map_err(|error| unable(&error))?;
            let to = File::open(directory).map_err(|error| unable(&error))?;
            let _reading = store.reading().map_err(|error| unable(&error))?;
            let copied = entry.restore(to).map_err(|error| unable(&error))?;
            tell(&format!("{} files\n", copied.files));
        }
        Verb::Open { job, directory } => {
            let entry = find(&entries, job)?;
            let _reading = store.reading().map_err(|error| unable(&error))?;
            let directory = open(entry, directory.as_deref())?;
            print(&format!("{}\n", directory.display()))?;
        }
        Verb::Rm { jobs } => {
            let mut chosen = Vec::new();
            for job in jobs {
                find(&entries, job)?;
                let named = entries.iter().filter(|e| e.id == *job || e.manifest.job == *job);
                chosen.extend(named.cloned());
            }
            remove(&store, &chosen)?;
        }
        Verb::Prune { all: true } => remove(&store, &entries)?,
        Verb::Prune { all: false } => remove(&store, &store.outdated(SystemTime::now()))?,
    }
    Ok(Exit::Success)
}

/// Copies all that an entry has to a new directory.
fn open(entry: &Entry, directory: Option<&Path>) -> Result<PathBuf, Failure> {
    let name: String = (entry.manifest.job.chars())
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let name = format!("{}-artifacts", name.trim_matches(['-', '.']));
    let directory = directory.map_or_else(|| PathBuf::from(name), Path::to_path_buf);
    let unable = |error: &dyn std::fmt::Display| {
        Failure::unable(format!("cannot copy to {}: {error}", directory.display()))
    };
    match std::fs::read_dir(&directory).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => {
            let text = format!("the directory {} is not empty", directory.display());
            return Err(Failure::usage(text).help("name another one after the job"));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(&directory).map_err(|error| unable(&error))?;
        }
        Err(error) => return Err(unable(&error)),
    }
    let to = File::open(&directory).map_err(|error| unable(&error))?;
    entry.restore(&to).map_err(|error| unable(&error))?;
    entry.restore_reports(&to).map_err(|error| unable(&error))?;
    std::path::absolute(&directory).map_err(|error| unable(&error))
}

fn remove(store: &Artifacts, entries: &[Entry]) -> Result<(), Failure> {
    store.remove(entries).map_err(|error| Failure::unable(format!("artifacts: {error}")))?;
    let bytes: u64 = entries.iter().map(|entry| entry.manifest.bytes).sum();
    tell(&format!("{} removed, {}\n", entries.len(), readable_size(bytes)));
    Ok(())
}

/// The newest entry of a job, or the one with an identifier.
fn find<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry, Failure> {
    let found = entries.iter().find(|entry| entry.id == name || entry.manifest.job == name);
    found.ok_or_else(|| {
        let failure = Failure::usage(format!("there are no artifacts of {name:?}"));
        let names = entries.iter().map(|entry| entry.manifest.job.as_str());
        match similar(name, names) {
            Some(similar) => failure.help(format!("did you mean {similar:?}?")),
            None => failure.help("`greenroom artifacts list` shows what there is"),
        }
    })
}

fn table(entries: &[Entry]) -> String {
    let now = seconds(SystemTime::now());
    let mut rows =
        vec![["JOB", "PIPELINE", "FILES", "SIZE", "EXPIRES", "REPORTS"].map(String::from)];
    for Entry { manifest, .. } in entries {
        let expires = match manifest.expires {
            None => "never".to_owned(),
            Some(at) if at <= now => "expired".to_owned(),
            Some(at) => format!("in {}", rough(at - now)),
        };
        let kinds: Vec<&str> = manifest.reports.iter().map(|(kind, _)| kind.as_str()).collect();
        rows.push([
            printable(&manifest.job),
            manifest.pipeline.to_string(),
            manifest.files.to_string(),
            readable_size(manifest.bytes),
            expires,
            kinds.join(", "),
        ]);
    }
    aligned(&rows)
}

/// Rows with columns of the same width.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += cell;
            line += &" ".repeat(width.saturating_sub(cell.width()) + 2);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// A span of time in its largest unit, to the nearest.
fn rough(seconds: u64) -> String {
    let rounded = |unit: u64| (seconds + unit / 2) / unit;
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (rounded(60), "minute"),
        7_200..172_800 => (rounded(3_600), "hour"),
        _ => (rounded(86_400), "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

fn as_json(entries: &[Entry]) -> serde_json::Value {
    let entry = |entry: &Entry| {
        let m = &entry.manifest;
        json!({
            "id": entry.id, "job": m.job, "stage": m.stage, "pipeline": m.pipeline,
            "ref": m.ref_name, "name": m.name, "created": m.created, "expires": m.expires,
            "succeeded": m.succeeded, "files": m.files, "bytes": m.bytes,
            "reports": m.reports.iter().map(|(kind, files)| json!({"type": kind, "files": files}))
                .collect::<Vec<_>>(),
            "tests": m.tests, "coverage": m.coverage,
            "path": entry.files(),
        })
    };
    entries.iter().map(entry).collect()
}
