//! `include`: other files of the project, merged below the file that names them.
//!
//! Included files are merged in their order, mappings deeply and lists replaced, and the including
//! file comes last, so that it has the last word. Files from elsewhere are not supported yet; they
//! are errors, because the jobs that they bring would be missing.

use super::budget::Budget;
use super::extends::deep_merge;
use super::glob::Glob;
use super::keywords::{self, Place, Support};
use super::{Loader, unreadable};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::yaml::{self, Mapping, Node, Value};

/// The most files that GitLab lets a pipeline include.
const MAX_FILES: usize = 150;

/// Reads included files.
pub(super) struct Includer<'a> {
    loader: &'a dyn Loader,
    /// The files that are being read, outermost first.
    open: Vec<String>,
    /// How many files were included so far.
    count: usize,
    /// The project's files, asked for once.
    files: Option<Option<Vec<String>>>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Includer<'a> {
    pub(super) fn new(
        file_name: &str,
        loader: &'a dyn Loader,
        budget: &'a mut Budget,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let open = vec![normal(file_name)];
        Self { loader, open, count: 0, files: None, budget, diagnostics }
    }

    /// Puts what a file includes below its own entries. `None` if there are too many files.
    pub(super) fn expand(&mut self, root: Mapping) -> Option<Mapping> {
        let mut own = root;
        let Some(include) = own.shift_remove("include") else { return Some(own) };
        let mut merged = Mapping::new();
        for node in entries(&include.value) {
            for (path, span) in self.paths(node) {
                if let Some(content) = self.file(&path, span)? {
                    deep_merge(&mut merged, &content);
                }
            }
        }
        deep_merge(&mut merged, &own);
        Some(merged)
    }

    /// The content of an included file, with what it includes itself. The outer `None` ends the
    /// whole reading.
    fn file(&mut self, path: &str, span: Span) -> Option<Option<Mapping>> {
        let path = normal(path);
        if let Some(start) = self.open.iter().position(|open| *open == path) {
            let mut circle: Vec<&str> = self.open[start..].iter().map(String::as_str).collect();
            circle.push(&path);
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeLoop, "files include each other in a circle")
                    .label(span, circle.join(" → "))
                    .help("take one of these includes out"),
            );
            return Some(None);
        }
        self.count += 1;
        if self.count > MAX_FILES {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::IncludeLoop,
                    format!("the pipeline includes more than {MAX_FILES} files"),
                )
                .label(span, "this one is too many")
                .help("GitLab stops there too: put several files into one"),
            );
            return None;
        }
        let bytes = match self.loader.load(&path, yaml::limits::MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                let finding = unreadable(&path, &error).label(span, "included here");
                self.diagnostics.push(finding.help("paths start at the project's directory"));
                return Some(None);
            }
        };
        let Some(documents) = yaml::parse(&path, &bytes, self.diagnostics) else {
            return Some(None);
        };
        if let Some(header) = &documents.header {
            self.diagnostics.push(super::spec_not_supported(header.span));
        }
        let Some(content) = documents.content else { return Some(None) };
        let kind = content.kind();
        self.budget.spend(&content, span, self.diagnostics)?;
        let Value::Mapping(mapping) = content.value else {
            self.diagnostics.push(
                Diagnostic::error(Code::NotAMapping, "a pipeline file is a mapping of names")
                    .label(content.span, format!("this is {kind}"))
                    .label(span, "included here"),
            );
            return Some(None);
        };
        self.open.push(path);
        let expanded = self.expand(mapping)?;
        self.open.pop();
        Some(Some(expanded))
    }

    /// The local files that an entry names.
    fn paths(&mut self, node: &Node) -> Vec<(String, Span)> {
        let named = match node.as_mapping() {
            Some(mapping) => match self.keywords(mapping, node.span) {
                Some(local) => local,
                None => return vec![],
            },
            None => node,
        };
        let Some(path) = named.as_str() else {
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeInvalid, "an include names a file")
                    .label(named.span, format!("this is {}", named.kind()))
                    .help("write `include: path/to/file.yml` or `- local: path/to/file.yml`"),
            );
            return vec![];
        };
        if path.starts_with("http://") || path.starts_with("https://") {
            self.refuse("remote", named.span);
            return vec![];
        }
        if path.contains('$') {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::NotSupported,
                    "variables in `include` are not supported yet",
                )
                .label(named.span, "which file this is cannot be told")
                .help("write the path out"),
            );
            return vec![];
        }
        if !(path.ends_with(".yml") || path.ends_with(".yaml")) {
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeInvalid, format!("`{path}` cannot be included"))
                    .label(named.span, "its name does not end with `.yml` or `.yaml`")
                    .help("GitLab includes YAML files only"),
            );
            return vec![];
        }
        if path.contains('*') {
            return self.matching(path, named.span);
        }
        vec![(path.to_owned(), named.span)]
    }

    /// The value of `local`, if that is all that an entry has.
    fn keywords<'n>(&mut self, mapping: &'n Mapping, span: Span) -> Option<&'n Node> {
        let mut fine = true;
        for (name, entry) in mapping {
            match keywords::find(Place::Include, name).map(|keyword| keyword.support) {
                Some(Support::Yes) => {}
                // `project`, `file` and `ref` are one thing: telling one of them is enough.
                Some(_) if fine => {
                    self.refuse(name, entry.key);
                    fine = false;
                }
                Some(_) => {}
                None => {
                    fine = false;
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
                }
            }
        }
        if !fine {
            return None;
        }
        let local = mapping.get("local");
        if local.is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::IncludeInvalid, "an include names no file")
                    .label(span, "`local` is missing")
                    .help("write `- local: path/to/file.yml`"),
            );
        }
        local.map(|entry| &entry.value)
    }

    fn refuse(&mut self, name: &str, span: Span) {
        let support = keywords::find(Place::Include, name).map(|keyword| keyword.support);
        let meaning = match support {
            Some(Support::Refused(meaning)) => meaning,
            _ => "the file would be missing",
        };
        self.diagnostics.push(
            Diagnostic::error(
                Code::NotSupported,
                format!("`include:{name}` is not supported yet: {meaning}"),
            )
            .label(span, "not supported yet")
            .help("copy the file into the project and include it with `local`"),
        );
    }

    /// The files that fit a pattern, in the order of their names.
    fn matching(&mut self, pattern: &str, span: Span) -> Vec<(String, Span)> {
        let loader = self.loader;
        let files = self.files.get_or_insert_with(|| loader.files());
        let Some(files) = files else {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::IncludeInvalid,
                    format!("the files that `{pattern}` means are not known"),
                )
                .label(span, "the project cannot be listed")
                .help("name each file"),
            );
            return vec![];
        };
        // GitLab's `**` goes into directories wherever it stands.
        let normal = normal(pattern).replace("**.", "**/*.");
        let glob = Glob::new(&normal);
        let mut found: Vec<String> = files
            .iter()
            .filter(|file| glob.as_ref().is_some_and(|glob| glob.is_match(file)))
            .cloned()
            .collect();
        found.sort();
        if found.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::FileNotFound, format!("no file fits `{pattern}`"))
                    .label(span, "included here"),
            );
        }
        found.into_iter().map(|path| (path, span)).collect()
    }
}

/// The entries of an `include:`, which may be a single one.
fn entries(node: &Node) -> Vec<&Node> {
    match node.as_sequence() {
        Some(items) => items.iter().flat_map(entries).collect(),
        None if node.is_null() => vec![],
        None => vec![node],
    }
}

/// A path from the project's root, without what changes nothing.
fn normal(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}
