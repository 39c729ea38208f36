//! Packages of npm registries.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::digest::Digest;
use super::npm_config::NpmConfig;
use super::reference::NpmReference;
use crate::http::header::{ACCEPT, AUTHORIZATION};
use crate::http::{Client, Request};

/// What a registry may say about a package.
const MAX_METADATA: u64 = 64 << 20;
/// The largest package.
const MAX_PACKAGE: u64 = 1 << 30;
/// The form with what is needed to install only.
const METADATA: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/// A package's version that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) version: String,
    pub(super) digest: Digest,
    tarball: String,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(rename = "dist-tags", default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, Published>,
}

#[derive(Debug, Deserialize)]
struct Published {
    dist: Dist,
}

#[derive(Debug, Deserialize)]
struct Dist {
    tarball: String,
    integrity: Option<String>,
}

/// Asks the registry which version is meant.
pub(super) async fn choose(
    client: &Client,
    config: &NpmConfig,
    reference: &NpmReference,
) -> Result<Chosen, String> {
    let registry = config.registry(&reference.name).ok_or_else(|| {
        format!(
            "no npm registry is configured for {}; write `registry=URL` into ~/.npmrc (with npm: \
             `npm config set registry \"$(npm config get registry)\"`)",
            reference.name
        )
    })?;
    let name = reference.name.replace('/', "%2f");
    let url = format!("{}/{name}", registry.trim_end_matches('/'));
    let request = authorised(Request::get(&url, MAX_METADATA).header(ACCEPT, METADATA), config);
    let response = client.fetch(&request).await.map_err(|error| match error.status() {
        Some(404) => format!(
            "the npm registry has no package {}: {error}; check its name, or name its registry in \
             .npmrc",
            reference.name
        ),
        Some(401 | 403) => format!(
            "the npm registry refuses {}: {error}; log in with `npm login`, which puts a token \
             into ~/.npmrc",
            reference.name
        ),
        _ => format!("the npm registry cannot be asked for {}: {error}", reference.name),
    })?;
    let metadata: Metadata = serde_json::from_slice(&response.body)
        .map_err(|error| format!("what {url} says is no package's metadata: {error}"))?;
    let version = select(&metadata, &reference.version).ok_or_else(|| {
        let known: Vec<&str> = newest(&metadata).take(5).collect();
        format!(
            "the package {} has no version {}; it has {}",
            reference.name,
            reference.version,
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )
    })?;
    let dist = &metadata.versions[&version].dist;
    let digest = dist.integrity.as_deref().and_then(Digest::of_integrity).ok_or_else(|| {
        format!(
            "the registry gives no SHA-512 for {}@{version}, so it cannot be checked; choose a \
             newer version, or another registry",
            reference.name
        )
    })?;
    Ok(Chosen { version, digest, tarball: dist.tarball.clone() })
}

impl Chosen {
    /// The request for the package itself.
    pub(super) fn request(&self, config: &NpmConfig) -> Request {
        authorised(Request::get(&self.tarball, MAX_PACKAGE), config)
    }
}

fn authorised(request: Request, config: &NpmConfig) -> Request {
    match config.authorization(request.url()) {
        Some(value) => request.header(AUTHORIZATION, value),
        None => request,
    }
}

/// The version that is meant: itself, by a tag, or the newest in a range.
fn select(metadata: &Metadata, wanted: &str) -> Option<String> {
    if metadata.versions.contains_key(wanted) {
        return Some(wanted.to_owned());
    }
    if let Some(version) = metadata.tags.get(wanted) {
        return metadata.versions.contains_key(version).then(|| version.clone());
    }
    let ranges: Vec<VersionReq> = wanted.split("||").filter_map(range).collect();
    let fits = |version: &&str| {
        Version::parse(version).is_ok_and(|version| ranges.iter().any(|r| r.matches(&version)))
    };
    newest(metadata).find(fits).map(str::to_owned)
}

/// A range as npm writes it; unlike Cargo's, a bare version is that version.
fn range(text: &str) -> Option<VersionReq> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let is_bare = text.starts_with(|c: char| c.is_ascii_digit());
    let has_wildcard = text.contains(['x', 'X', '*']);
    let text = if is_bare && !has_wildcard { format!("={text}") } else { text.to_owned() };
    // `>=1.2<2` has two conditions.
    let mut conditions = String::new();
    for (at, c) in text.char_indices() {
        if at > 0 && matches!(c, '<' | '>') {
            conditions.push(',');
        }
        conditions.push(c);
    }
    VersionReq::parse(&conditions).ok()
}

fn newest(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let mut versions: Vec<(Version, &str)> = metadata
        .versions
        .keys()
        .filter_map(|text| Some((Version::parse(text).ok()?, text.as_str())))
        .collect();
    versions.sort_by(|a, b| b.0.cmp(&a.0));
    versions.into_iter().map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_tags_and_ranges() {
        let published = |_| {
            let dist = Dist { tarball: String::new(), integrity: None };
            Published { dist }
        };
        let versions = ["1.0.0", "1.2.0", "1.2.9", "1.10.0", "2.0.0", "3.0.0-beta.1"];
        let metadata = Metadata {
            tags: BTreeMap::from(
                [("latest", "2.0.0"), ("next", "3.0.0-beta.1"), ("gone", "9.9.9")]
                    .map(|(tag, version)| (tag.to_owned(), version.to_owned())),
            ),
            versions: versions.map(|version| (version.to_owned(), published(version))).into(),
        };
        for (wanted, expected) in [
            ("1.2.0", Some("1.2.0")),
            ("latest", Some("2.0.0")),
            ("next", Some("3.0.0-beta.1")),
            ("gone", None),
            ("nothing", None),
            ("1.2", Some("1.2.9")),
            ("1", Some("1.10.0")),
            ("1.x", Some("1.10.0")),
            ("*", Some("2.0.0")),
            ("^1.2.0", Some("1.10.0")),
            ("~1.2.0", Some("1.2.9")),
            (">=1.2.0<1.10.0", Some("1.2.9")),
            ("^4||~1.0", Some("1.0.0")),
            ("1.2.3", None),
        ] {
            assert_eq!(select(&metadata, wanted).as_deref(), expected, "{wanted}");
        }
    }
}
