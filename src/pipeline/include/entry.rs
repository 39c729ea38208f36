//! An entry of `include:` — which files it means.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::pipeline::inputs::{self, Arguments};
use crate::pipeline::keywords::{self, Place};
use crate::yaml::{Mapping, Node};

/// The keywords that say where a file comes from.
const SOURCES: [&str; 5] = ["local", "remote", "template", "component", "project"];

/// An entry, its names not expanded.
pub(super) struct Entry<'n> {
    pub(super) files: Vec<(File, Span)>,
    pub(super) rules: Option<&'n Node>,
    pub(super) inputs: Arguments,
    pub(super) span: Span,
}

/// Where a file comes from.
#[derive(Clone, Debug)]
pub(super) enum File {
    /// A path without a keyword: of the project, or an address.
    Plain(String),
    Local(String),
    Remote {
        url: String,
        integrity: Option<String>,
    },
    Template(String),
    Component(String),
    Project {
        project: String,
        reference: Option<String>,
        path: String,
    },
}

/// Reads an entry; `None` if it is not one, which is told.
pub(super) fn read<'n>(node: &'n Node, diagnostics: &mut Diagnostics) -> Option<Entry<'n>> {
    let mut reader = Reader { diagnostics };
    match node.as_mapping() {
        Some(mapping) => reader.mapping(mapping, node.span),
        None => {
            let path = reader.text("an include", node)?;
            let files = vec![(File::Plain(path), node.span)];
            Some(Entry { files, rules: None, inputs: Arguments::new(), span: node.span })
        }
    }
}

struct Reader<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn mapping<'n>(&mut self, mapping: &'n Mapping, span: Span) -> Option<Entry<'n>> {
        let before = self.diagnostics.error_count();
        let named: Vec<&str> =
            SOURCES.into_iter().filter(|source| mapping.contains_key(*source)).collect();
        for (name, entry) in mapping {
            if keywords::find(Place::Include, name).is_none() {
                let finding = Diagnostic::error(
                    Code::UnknownKeyword,
                    format!("`include` has no keyword `{name}`"),
                )
                .label(entry.key, "unknown keyword");
                let similar = similar(name, keywords::names(Place::Include));
                self.diagnostics.push(match similar {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding,
                });
            } else if !belongs(name, named.first().copied()) {
                let source = named.first().copied().unwrap_or_default();
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("`include:{source}` has no `{name}`"),
                    )
                    .label(entry.key, "does not belong here"),
                );
            }
        }
        let source = match named.as_slice() {
            [source] => *source,
            [] => {
                if self.diagnostics.error_count() == before {
                    self.diagnostics.push(
                        Diagnostic::error(Code::IncludeInvalid, "an include names no file")
                            .label(span, "none of local, project, remote, component, template")
                            .help("write `- local: path/to/file.yml`"),
                    );
                }
                return None;
            }
            [first, second, ..] => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("an include has either `{first}` or `{second}`"),
                    )
                    .label(mapping[*second].key, "the second source")
                    .label(mapping[*first].key, "the first source")
                    .help("make two entries of it"),
                );
                return None;
            }
        };
        let inputs = self.arguments(mapping);
        let files = self.files(source, mapping, span)?;
        let rules = mapping.get("rules").map(|entry| &entry.value).filter(|node| !node.is_null());
        if let Some(cache) = mapping.get("cache") {
            self.cache(&cache.value);
        }
        (self.diagnostics.error_count() == before).then_some(Entry { files, rules, inputs, span })
    }

    fn files(&mut self, source: &str, mapping: &Mapping, span: Span) -> Option<Vec<(File, Span)>> {
        let node = &mapping[source].value;
        let text = self.text(&format!("`include:{source}`"), node)?;
        let file = match source {
            "local" => File::Local(text),
            "template" => File::Template(text),
            "component" => File::Component(text),
            "remote" => {
                let integrity = mapping.get("integrity").map(|entry| &entry.value);
                let integrity = match integrity.filter(|node| !node.is_null()) {
                    Some(node) => Some(self.integrity(node)?),
                    None => None,
                };
                File::Remote { url: text, integrity }
            }
            _ => return self.project(text, node.span, mapping, span),
        };
        Some(vec![(file, node.span)])
    }

    /// The digest of `sha256-DIGEST`, in base64.
    fn integrity(&mut self, node: &Node) -> Option<String> {
        let text = self.text("`include:integrity`", node)?;
        let digest = text.strip_prefix("sha256-").filter(|digest| {
            digest.len() == 44
                && digest.ends_with('=')
                && digest[..43].bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
        });
        if digest.is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeInvalid, "`integrity` is no digest")
                    .label(node.span, "expected `sha256-` and 44 characters of base64")
                    .help("openssl dgst -sha256 -binary FILE | base64"),
            );
        }
        digest.map(str::to_owned)
    }

    fn project(
        &mut self,
        project: String,
        project_span: Span,
        mapping: &Mapping,
        span: Span,
    ) -> Option<Vec<(File, Span)>> {
        let parts: Vec<&str> = project.split('/').map(str::trim).collect();
        let holds_variable = project.split('$').skip(1).any(|rest| !rest.is_empty());
        if !holds_variable && (parts.len() < 2 || parts.iter().any(|part| part.is_empty())) {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::IncludeInvalid,
                    format!("`{project}` is no path of a project"),
                )
                .label(project_span, "expected `group/project`"),
            );
            return None;
        }
        let reference = match mapping.get("ref").map(|entry| &entry.value) {
            Some(node) if !node.is_null() => Some(self.text("`include:ref`", node)?),
            _ => None,
        };
        let Some(file) = mapping.get("file").filter(|entry| !entry.value.is_null()) else {
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeInvalid, "`include:project` names no file")
                    .label(span, "`file` is missing")
                    .help("name the file, or a list of files, of that project"),
            );
            return None;
        };
        let nodes = super::entries(&file.value);
        let mut files = Vec::new();
        for node in nodes {
            let path = self.text("`include:file`", node)?;
            let (project, reference) = (project.clone(), reference.clone());
            files.push((File::Project { project, reference, path }, node.span));
        }
        Some(files)
    }

    fn arguments(&mut self, mapping: &Mapping) -> Arguments {
        let Some(entry) = mapping.get("inputs").filter(|entry| !entry.value.is_null()) else {
            return Arguments::new();
        };
        match entry.value.as_mapping() {
            Some(given) => {
                let is_name = |name: &str| {
                    !name.is_empty()
                        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
                };
                for (name, given) in given.iter().filter(|(name, _)| !is_name(name)) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::InputInvalid,
                            format!("`{name}` cannot be the name of an input"),
                        )
                        .label(given.key, "use letters, digits, - and _"),
                    );
                }
            }
            None => self.diagnostics.push(
                Diagnostic::error(Code::WrongType, "`include:inputs` must be a mapping")
                    .label(entry.value.span, format!("this is {}", entry.value.kind())),
            ),
        }
        inputs::arguments(&entry.value)
    }

    /// How long GitLab keeps a remote file: a duration, or whether it does at all.
    fn cache(&mut self, node: &Node) {
        let fine = node.as_bool().is_some()
            || node.as_str().is_some_and(|text| crate::pipeline::duration::parse(text).is_ok());
        if !fine {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`include:cache` is a duration or a boolean")
                    .label(node.span, format!("this is {}", node.kind()))
                    .help("write `cache: true` or `cache: 2 hours`"),
            );
        }
    }

    fn text(&mut self, what: &str, node: &Node) -> Option<String> {
        match node.as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            Some(_) => {
                self.diagnostics.push(
                    Diagnostic::error(Code::IncludeInvalid, format!("{what} is empty"))
                        .label(node.span, "expected the name of a file"),
                );
                None
            }
            None => {
                self.diagnostics.push(
                    Diagnostic::error(Code::IncludeInvalid, format!("{what} names a file"))
                        .label(node.span, format!("this is {}", node.kind()))
                        .help("write `include: path/to/file.yml` or `- local: path/to/file.yml`"),
                );
                None
            }
        }
    }
}

/// Whether a keyword goes with a source.
fn belongs(name: &str, source: Option<&str>) -> bool {
    match name {
        "file" | "ref" => source == Some("project") || source.is_none(),
        "integrity" | "cache" => source == Some("remote") || source.is_none(),
        _ => true,
    }
}
