//! What looks at the store and needs no network.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::store;
use crate::cli::environment::Environment;
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::value::{Format, span};
use crate::cli::{print, tell};
use crate::diagnostic::printable;
use crate::image::store::{ImageRecord, RefRecord, Store, Verified};
use crate::workspace::readable_size;

/// List the images of the store.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Show what is known about an image.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The image, as it was pulled.
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

/// Check that images are what was downloaded.
///
/// Every file is read and compared with its digest. The exit code is 1 if one is not what it was.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The images, as they were pulled; all if there is none.
    #[arg(value_name = "REFERENCE")]
    references: Vec<String>,
}

/// Remove images.
#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// The images, as they were pulled.
    #[arg(value_name = "REFERENCE", required = true)]
    references: Vec<String>,
}

/// Remove what no reference needs any more, and what was left of downloads that broke off.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Remove images that were not used for so long, too, e.g. 30d.
    #[arg(long, value_name = "TIME", value_parser = span)]
    unused: Option<Duration>,

    /// Remove all images.
    #[arg(long, conflicts_with = "unused")]
    all: bool,
}

pub(super) fn list(args: &ListArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = store(environment)?;
    let all = references(&store)?;
    if args.format == Format::Json {
        let list: Vec<_> = all.iter().map(|(reference, image)| to_json(reference, image)).collect();
        print(&format!("{:#}\n", json!(list)))?;
        return Ok(Exit::Success);
    }
    if all.is_empty() {
        tell("no images; `greenroom image pull REFERENCE` downloads one\n");
        return Ok(Exit::Success);
    }
    let width = all.iter().map(|(reference, _)| reference.reference.chars().count()).max();
    let width = width.unwrap_or(0);
    let mut text = String::new();
    for (reference, image) in &all {
        let (digest, size) = match image {
            Some(image) => (short(&image.digest), readable_size(image.size)),
            None => (short(&reference.image), "missing".to_owned()),
        };
        text += &format!("{:width$}  {digest}  {size:>10}\n", reference.reference);
    }
    print(&printable(&text))?;
    Ok(Exit::Success)
}

pub(super) fn inspect(args: &InspectArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = store(environment)?;
    let (reference, image) = find(&store, &args.reference)?;
    print(&format!("{:#}\n", to_json(&reference, &image)))?;
    Ok(Exit::Success)
}

pub(super) fn verify(args: &VerifyArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = store(environment)?;
    let _in_use = store.use_images().map_err(Failure::unable)?;
    let all = if args.references.is_empty() {
        references(&store)?
    } else {
        let wanted = args.references.iter();
        wanted.map(|reference| find(&store, reference)).collect::<Result<_, _>>()?
    };
    let mut exit = Exit::Success;
    for (reference, image) in &all {
        let name = &reference.reference;
        let Some(image) = image else {
            exit = Exit::JobsFailed;
            print(&printable(&format!("{name}: its files are missing; pull it again\n")))?;
            continue;
        };
        let verified = store
            .verify(image)
            .map_err(|error| Failure::unable(format!("{name}: cannot be read: {error}")))?;
        let text = match verified {
            Verified::Whole => format!("{name}: whole, {} files\n", image.files),
            Verified::Differs(lines) => {
                exit = Exit::JobsFailed;
                format!(
                    "{name}: damaged: {}; remove it with `greenroom image rm {name}` and pull it \
                     again\n",
                    lines.join(", ")
                )
            }
        };
        print(&printable(&text))?;
    }
    Ok(exit)
}

pub(super) fn rm(args: &RmArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = store(environment)?;
    for reference in &args.references {
        let (record, _) = find(&store, reference)?;
        let name = &record.reference;
        let removed = store.remove(name).map_err(Failure::unable)?.unwrap_or_default();
        print(&printable(&format!("{name}: removed, {} free\n", readable_size(removed.bytes))))?;
    }
    Ok(Exit::Success)
}

pub(super) fn prune(args: &PruneArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = store(environment)?;
    let unused = if args.all { Some(Duration::ZERO) } else { args.unused };
    let pruned = store.prune(unused).map_err(Failure::unable)?;
    print(&format!(
        "removed {} references and {} images, {} free\n",
        pruned.references,
        pruned.images,
        readable_size(pruned.bytes)
    ))?;
    Ok(Exit::Success)
}

fn references(store: &Store) -> Result<Vec<(RefRecord, Option<ImageRecord>)>, Failure> {
    store.references().map_err(|error| {
        Failure::unable(format!("cannot read the images in {}: {error}", store.root().display()))
    })
}

/// An image by its reference, or by the beginning of its digest.
fn find(store: &Store, wanted: &str) -> Result<(RefRecord, Option<ImageRecord>), Failure> {
    let all = references(store)?;
    let names: Vec<String> = all.iter().map(|(record, _)| record.reference.clone()).collect();
    let is_wanted = |record: &RefRecord| {
        record.reference == wanted
            || record.reference.strip_prefix("oci:") == Some(wanted)
            || (wanted.len() >= 8 && record.image.starts_with(wanted))
    };
    all.into_iter().find(|(record, _)| is_wanted(record)).ok_or_else(|| {
        let similar = crate::diagnostic::similar(wanted, names.iter().map(String::as_str));
        Failure::usage(format!("there is no image {wanted} in the store")).help(match similar {
            Some(name) => format!("did you mean {name}?"),
            None => "`greenroom image list` shows them all".to_owned(),
        })
    })
}

fn to_json(reference: &RefRecord, image: &Option<ImageRecord>) -> serde_json::Value {
    let config = image.as_ref().map(|image| &image.config);
    json!({
        "reference": reference.reference,
        "digest": reference.image,
        "exactly": reference.exactly,
        "asked": time(reference.asked),
        "size": image.as_ref().map(|image| image.size),
        "files": image.as_ref().map(|image| image.files),
        "stored": image.as_ref().map(|image| time(image.stored)),
        "entrypoint": config.map(|config| &config.entrypoint),
        "command": config.map(|config| &config.command),
        "environment": config.map(|config| &config.environment),
        "module": config.and_then(|config| config.module.as_ref()),
    })
}

fn time(seconds: u64) -> String {
    let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}

fn short(digest: &str) -> String {
    digest.chars().take(19).collect()
}
