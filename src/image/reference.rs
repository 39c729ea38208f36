//! What stands behind `image:`, told apart by its form.

use std::fmt;

use super::digest::Digest;

/// Where an image comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// A path of the project: a module, a directory of modules, or a tree.
    Path(String),
    /// A package of an npm registry.
    Npm(NpmReference),
    /// A module or an archive at an address.
    Url(UrlReference),
    /// An image or artifact of an OCI registry that is named.
    Oci(OciReference),
    /// A short name, as of an image of Docker Hub: nothing says where it should come from.
    Short(String),
}

/// `npm:NAME[@VERSION][/PATH]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NpmReference {
    /// The package, with its scope: `@scope/name`.
    pub name: String,
    /// A version, a range of versions, or a tag. `latest` if there is none.
    pub version: String,
    /// A module or a directory of the package; the whole package if there is none.
    pub path: Option<String>,
}

/// `https://HOST/PATH#sha256=HEX[&path=PATH]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UrlReference {
    /// The address, without the fragment.
    pub url: String,
    /// What its bytes must be.
    pub digest: Digest,
    /// A module or a directory of the archive.
    pub path: Option<String>,
}

/// `[oci:]HOST/REPOSITORY[:TAG][@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OciReference {
    /// `host[:port]`.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tag; `latest` if neither it nor a digest is given.
    pub tag: Option<String>,
    /// The manifest's digest.
    pub digest: Option<Digest>,
}

/// A reference that cannot be read: why, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReferenceError(pub(super) String);

/// Longer ones are refused.
const MAX_LENGTH: usize = 1024;

impl Reference {
    /// Reads a reference. Whether a name without any sign of its kind is a path is for the caller
    /// to know: `exists` is asked whether the project has it.
    ///
    /// # Errors
    /// If its form is that of a package, an address or an image, and wrong.
    pub fn parse(text: &str, exists: impl Fn(&str) -> bool) -> Result<Self, ReferenceError> {
        let wrong = |reason: &str| Err(ReferenceError(reason.to_owned()));
        if text.len() > MAX_LENGTH || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("it has blanks or control characters, or more than 1024 bytes");
        }
        if let Some(package) = text.strip_prefix("npm:") {
            return NpmReference::parse(package).map(Self::Npm);
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return UrlReference::parse(text).map(Self::Url);
        }
        if let Some(image) = text.strip_prefix("oci:") {
            let image = image.strip_prefix("//").unwrap_or(image);
            return OciReference::parse(image).map(Self::Oci);
        }
        if is_clearly_a_path(text) || exists(text) {
            return Ok(Self::Path(text.to_owned()));
        }
        match text.split_once('/') {
            Some((host, _)) if names_a_host(host) => OciReference::parse(text).map(Self::Oci),
            _ => Ok(Self::Short(text.to_owned())),
        }
    }

    /// What it is called in the store and in greenroom.lock: without a path inside the image.
    pub fn key(&self) -> String {
        match self {
            Self::Npm(npm) => NpmReference { path: None, ..npm.clone() }.to_string(),
            Self::Url(url) => UrlReference { path: None, ..url.clone() }.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether its form says what it is, so that it cannot be meant as a mere name.
    pub fn is_explicit(text: &str) -> bool {
        let schemes = ["npm:", "oci:", "https://", "http://"];
        schemes.iter().any(|scheme| text.starts_with(scheme)) || is_clearly_a_path(text)
    }
}

fn is_clearly_a_path(text: &str) -> bool {
    text.starts_with('.') || text.starts_with('/') || text.ends_with(".wasm")
}

/// As Docker tells a registry from the first part of a repository's name.
fn names_a_host(text: &str) -> bool {
    text == "localhost" || text.contains('.') || text.contains(':')
}

/// A path below a package or archive: relative, and never upwards.
fn inner_path(path: &str) -> Result<Option<String>, ReferenceError> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Ok(None);
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(ReferenceError(format!("the path {path:?} has `.`, `..` or an empty part")));
    }
    Ok(Some(path.to_owned()))
}

impl NpmReference {
    fn parse(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |reason: &str| {
            ReferenceError(format!(
                "{reason}; write npm:NAME@VERSION or npm:@SCOPE/NAME@VERSION/PATH.wasm"
            ))
        };
        let after_scope = match text.strip_prefix('@') {
            Some(rest) => 1 + rest.find('/').ok_or_else(|| wrong("its scope has no package"))? + 1,
            None => 0,
        };
        let rest = &text[after_scope..];
        let end = rest.find(['@', '/']).unwrap_or(rest.len());
        let name = &text[..after_scope + end];
        let rest = &rest[end..];
        let (version, path) = match rest.strip_prefix('@') {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("latest", rest),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let parts: Vec<&str> = name.strip_prefix('@').unwrap_or(name).split('/').collect();
        if parts.iter().any(|p| p.is_empty() || p.starts_with('.') || !p.chars().all(fits)) {
            return Err(wrong("its name is not one of a package"));
        }
        let in_version = |c: char| c.is_ascii_alphanumeric() || "-._~^<>=+*|".contains(c);
        if version.is_empty() || !version.chars().all(in_version) {
            return Err(wrong("its version is not a version, a range or a tag"));
        }
        Ok(Self { name: name.to_owned(), version: version.to_owned(), path: inner_path(path)? })
    }
}

impl UrlReference {
    fn parse(text: &str) -> Result<Self, ReferenceError> {
        let (url, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (mut digest, mut path) = (None, None);
        for part in fragment.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("sha256" | "sha512", _)) => {
                    digest = Digest::parse(&part.replacen('=', ":", 1));
                    if digest.is_none() {
                        return Err(ReferenceError(format!("`{part}` is not a digest")));
                    }
                }
                Some(("path", inner)) => path = inner_path(inner)?,
                _ => {
                    let reason = format!("`{part}` after `#` is neither `sha256=…` nor `path=…`");
                    return Err(ReferenceError(reason));
                }
            }
        }
        let Some(digest) = digest else {
            return Err(ReferenceError(
                "an address needs a digest, for what is there can change: add #sha256=… \
                 (`sha256sum FILE` tells it)"
                    .to_owned(),
            ));
        };
        Ok(Self { url: url.to_owned(), digest, path })
    }
}

impl OciReference {
    fn parse(text: &str) -> Result<Self, ReferenceError> {
        let wrong = |reason: String| ReferenceError(format!("it is no image: {reason}"));
        // The crate knows the grammar; what it fills in (Docker Hub) is not for us to assume.
        let parsed: oci_client::Reference = text.parse().map_err(|e| wrong(format!("{e}")))?;
        let host = text.split('/').next().unwrap_or("");
        if !names_a_host(host) {
            return Err(wrong("it names no registry; write HOST/REPOSITORY:TAG".to_owned()));
        }
        let digest = match parsed.digest() {
            Some(digest) => Some(
                Digest::parse(digest)
                    .ok_or_else(|| wrong(format!("{digest} is not a SHA-256 or SHA-512 digest")))?,
            ),
            None => None,
        };
        Ok(Self {
            registry: parsed.registry().to_owned(),
            repository: parsed.repository().to_owned(),
            tag: parsed.tag().filter(|_| has_tag(text) || digest.is_none()).map(str::to_owned),
            digest,
        })
    }
}

fn has_tag(text: &str) -> bool {
    let name = text.split('@').next().unwrap_or(text);
    name.rsplit('/').next().is_some_and(|last| last.contains(':'))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) | Self::Short(path) => f.write_str(path),
            Self::Npm(npm) => npm.fmt(f),
            Self::Url(url) => url.fmt(f),
            Self::Oci(oci) => oci.fmt(f),
        }
    }
}

impl fmt::Display for NpmReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "npm:{}@{}", self.name, self.version)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "/{path}"))
    }
}

impl fmt::Display for UrlReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.url, self.digest.to_string().replacen(':', "=", 1))?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "&path={path}"))
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci:{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        match Reference::parse(text, |path| path == "tools") {
            Ok(reference) => {
                let debug = format!("{reference:?}");
                let kind = debug.split('(').next().unwrap_or("").to_lowercase();
                format!("{kind} {reference}")
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn the_form_tells_the_kind() {
        let hex = "0123456789abcdef".repeat(4);
        let url = format!("https://example.org/a.wasm#sha256={hex}");
        let digest = format!("ghcr.example/x/y@sha256:{hex}");
        for (text, expected) in [
            ("./a", "path ./a"),
            ("../a", "path ../a"),
            ("/a", "path /a"),
            ("a/b.wasm", "path a/b.wasm"),
            ("tools", "path tools"),
            ("php:8.2", "short php:8.2"),
            ("library/php", "short library/php"),
            ("npm:python", "npm npm:python@latest"),
            ("npm:python/x", "npm npm:python@latest/x"),
            ("npm:@a/b@1.2.3", "npm npm:@a/b@1.2.3"),
            ("npm:@a/b@^1.2/dist/c.wasm", "npm npm:@a/b@^1.2/dist/c.wasm"),
            ("npm:@a/b/dist/", "npm npm:@a/b@latest/dist"),
            ("registry.example/a/b", "oci oci:registry.example/a/b:latest"),
            ("localhost:5000/a:1", "oci oci:localhost:5000/a:1"),
            ("oci://localhost:5000/a:1", "oci oci:localhost:5000/a:1"),
            (&url, &format!("url {url}")),
            (&digest, &format!("oci oci:{digest}")),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("npm:", "its name is not one of a package"),
            ("npm:@a", "its scope has no package"),
            ("npm:@a/", "its name is not one of a package"),
            ("npm:../x", "its name is not one of a package"),
            ("npm:a@", "its version is not a version"),
            ("npm:a@1/../../x", "the path \"../../x\" has"),
            ("https://example.org/a.wasm", "an address needs a digest"),
            ("https://example.org/a.wasm#sha256=12", "`sha256=12` is not a digest"),
            ("https://example.org/a.wasm#md5=12", "`md5=12` after `#` is neither"),
            ("oci:php", "it names no registry"),
            ("oci:localhost:5000/UPPER", "it is no image"),
            ("registry.example/a@sha256:12", "it is no image"),
            ("a b", "it has blanks"),
            ("a\u{1b}[31m", "it has blanks or control characters"),
        ] {
            let told = show(text);
            assert!(told.starts_with("error: ") && told.contains(expected), "{text}: {told}");
        }
        assert!(show(&"a".repeat(2000)).starts_with("error: "));
    }
}
