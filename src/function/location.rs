//! Where a function is: what stands behind `func:`.

use std::fmt;

use super::place::Problem;

/// Where a function is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// A directory, or a `.yml` file in one: relative to the project for a job's steps and to the
    /// directory of the `func.yml` for the steps in it.
    Local(String),
    /// Something that is fetched and kept by the store of images, and where in it the function is.
    Image {
        /// `registry/repository:tag`, `npm:name@version`, `https://…#sha256=…`.
        reference: String,
        /// The directory in it, empty for its root.
        directory: String,
        /// The file's name, if it is not `func.yml`.
        file: Option<String>,
    },
}

impl Location {
    /// Reads what stands behind `func:`.
    ///
    /// # Errors
    /// If it is empty, or of a kind that cannot run here.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::new("the place of the function is empty").help(HELP));
        }
        for scheme in ["builtin://", "dist://"] {
            if let Some(name) = text.strip_prefix(scheme) {
                return Err(Problem::new(format!(
                    "`{scheme}{name}` is a program of GitLab's step runner, which is not here"
                ))
                .help(match name {
                    name if name.starts_with("function/oci/") => {
                        "publish a step with `greenroom step publish`"
                    }
                    _ => HELP,
                }));
            }
        }
        if text.starts_with('.') || text.starts_with('/') {
            return Ok(Self::Local(text.to_owned()));
        }
        if let Some(address) = text.strip_prefix("http://") {
            return Err(Problem::new(
                "a function is not fetched over http, where anybody could change it",
            )
            .help(format!("write `https://{address}`")));
        }
        let remote = ["https://", "npm:", "oci:"].iter().any(|scheme| text.starts_with(scheme));
        if !remote && is_git(text) {
            return Err(Problem::new(
                "functions are not fetched from Git repositories, which GitLab has given up as well",
            )
            .help("put the function into the project, or publish it to an OCI registry"));
        }
        let (reference, within) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        Self::image(reference, within.trim())
    }

    /// A function of an image, and the path of its directory or `.yml` file in it.
    ///
    /// # Errors
    /// If the path leads out of the image.
    pub fn image(reference: &str, within: &str) -> Result<Self, Problem> {
        if within.split('/').any(|name| name == "..") {
            return Err(Problem::new(format!("`{within}` leads out of the function's image")));
        }
        let within = within.trim_matches('/');
        let within = within.strip_prefix("./").unwrap_or(within);
        let is_file = within.ends_with(".yml") || within.ends_with(".yaml");
        let (directory, file) = match within.rsplit_once('/') {
            Some((directory, file)) if is_file => (directory, Some(file)),
            None if is_file => ("", Some(within)),
            _ => (within, None),
        };
        Ok(Self::Image {
            reference: reference.to_owned(),
            directory: directory.to_owned(),
            file: file.map(str::to_owned),
        })
    }
}

const HELP: &str = "write a path (`./steps/lint`), an OCI reference (`registry.example.com/lint:1`), \
                    `npm:name@version` or `https://…` with a digest";

/// `host/path@revision`, or what ends in `.git`. An `@` before a digest is an OCI reference's.
fn is_git(text: &str) -> bool {
    let revision = text.rsplit_once('@').map(|(_, revision)| revision);
    let digest = revision.is_some_and(|r| r.starts_with("sha256:") || r.starts_with("sha512:"));
    text.starts_with("git@") || text.ends_with(".git") || (revision.is_some() && !digest)
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => f.write_str(path),
            Self::Image { reference, directory, file } => {
                f.write_str(reference)?;
                match (directory.as_str(), file) {
                    ("", None) => Ok(()),
                    ("", Some(file)) => write!(f, " {file}"),
                    (directory, None) => write!(f, " {directory}"),
                    (directory, Some(file)) => write!(f, " {directory}/{file}"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_func() {
        for (text, expected) in [
            ("./steps/lint", "Local: ./steps/lint"),
            ("../lint", "Local: ../lint"),
            ("/abs", "Local: /abs"),
            ("registry.example.com/org/lint:1.0", "Image: registry.example.com/org/lint:1.0"),
            ("registry.example.com:5000/lint", "Image: registry.example.com:5000/lint"),
            ("r.example.com/lint@sha256:abc", "Image: r.example.com/lint@sha256:abc"),
            ("r.example.com/lint:1 sub/dir", "Image: r.example.com/lint:1 sub/dir"),
            ("r.example.com/lint:1  /sub/x.yml", "Image: r.example.com/lint:1 sub/x.yml"),
            ("r.example.com/lint:1 my.yml", "Image: r.example.com/lint:1 my.yml"),
            ("npm:@scope/lint@1.2.3", "Image: npm:@scope/lint@1.2.3"),
            ("https://example.com/x.wasm#sha256=00", "Image: https://example.com/x.wasm#sha256=00"),
            ("r.example.com/lint:1 ../x", "leads out"),
            ("gitlab.com/components/echo@v1.0.0", "Git repositories"),
            ("https://gitlab.com/x.git", "Image: https://gitlab.com/x.git"),
            ("builtin://function/oci/build", "step runner"),
            ("dist://x", "step runner"),
            ("http://example.com/x", "over http"),
            ("  ", "is empty"),
        ] {
            let found = match Location::parse(text) {
                Ok(location @ Location::Local(_)) => format!("Local: {location}"),
                Ok(location) => format!("Image: {location}"),
                Err(problem) => problem.to_string(),
            };
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}
