//! `include`: other files, merged below the file that names them.
//!
//! Included files are merged in their order, mappings deeply and lists replaced, and the including
//! file comes last, so that it has the last word. Each file is read with the values that its own
//! inputs are given.

mod entry;

use std::collections::HashMap;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use self::entry::{Entry, File};
use super::budget::Budget;
use super::condition::{Applies, Changes, Facts};
use super::extends::deep_merge;
use super::glob::Glob;
use super::inputs::{self, Arguments, Contexts};
use super::loader::{Fetched, LoadError, Source};
use super::model::{Rule, When};
use super::{Child, ChildFile, Loader, Request, read, references, unreadable};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::{self, Mapping, Node, Value};

/// The most files that GitLab lets a pipeline include.
const MAX_FILES: usize = 150;

/// Where a file is from, which is where its own `local` files are.
#[derive(Clone, Debug)]
enum Origin {
    /// The project itself.
    Here,
    /// Another project, at a commit.
    Project { project: String, commit: Option<String> },
    /// An address: nothing is local there.
    Address,
}

/// A file's content and what is known of it.
struct Text {
    name: String,
    bytes: Vec<u8>,
    origin: Origin,
    component: Vec<(String, String)>,
}

/// Reads a file and everything that it includes.
pub(super) struct Includer<'a> {
    loader: &'a dyn Loader,
    variables: IndexMap<&'a str, &'a str>,
    /// The files that are being read, outermost first.
    open: Vec<String>,
    /// How many files were included so far.
    count: usize,
    /// The project's files, asked for once.
    files: Option<Option<Vec<String>>>,
    changes: Changes,
    /// What was fetched already.
    fetched: HashMap<Source, Fetched>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Includer<'a> {
    pub(super) fn new(
        request: &'a Request<'_>,
        loader: &'a dyn Loader,
        budget: &'a mut Budget,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            loader,
            variables: request.variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            open: match request.child {
                Some(_) => vec![],
                None => vec![normal(request.file)],
            },
            count: 0,
            files: None,
            changes: Changes::default(),
            fetched: HashMap::new(),
            budget,
            diagnostics,
        }
    }

    /// The pipeline file itself, with what it includes, and its place.
    pub(super) fn main(&mut self, name: &str, inputs: &Arguments) -> Option<(Mapping, Span)> {
        let bytes = match self.loader.load(name, yaml::limits::MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.diagnostics.push(unreadable(name, &error));
                return None;
            }
        };
        let documents = yaml::parse(name, &bytes, self.diagnostics)?;
        let Some(content) = documents.content else {
            self.diagnostics.push(
                Diagnostic::error(Code::EmptyFile, format!("`{name}` has no content"))
                    .label(documents.file, "")
                    .help("add a job: a name with a `script`"),
            );
            return None;
        };
        let root = self.root(content, None)?;
        let origin = Origin::Here;
        let root = self.filled(root, documents.header.as_ref(), inputs, None, &[], &origin)?;
        Some((self.expand(root, &origin)?, documents.file))
    }

    /// The files of a child pipeline, merged, and where they are named.
    pub(super) fn child(&mut self, child: Child<'_>) -> Option<(Mapping, Span)> {
        let mut merged = Mapping::new();
        let mut artifacts = child.artifacts.iter();
        for file in child.files {
            let (sources, inputs, span): (Vec<File>, &Arguments, Span) = match file {
                ChildFile::Local { path, inputs } => {
                    (vec![File::Local(path.value.clone())], inputs, path.span)
                }
                ChildFile::Artifact { path, inputs, .. } => {
                    let Some(made) = artifacts.next() else { continue };
                    let text = Text {
                        name: made.name.clone(),
                        bytes: made.bytes.clone(),
                        origin: Origin::Here,
                        component: vec![],
                    };
                    if let Some(content) = self.file(text, path.span, inputs)? {
                        deep_merge(&mut merged, &content);
                    }
                    continue;
                }
                ChildFile::Elsewhere { keyword, source, files, reference, inputs } => {
                    let address = source.value.clone();
                    let sources = match *keyword {
                        "remote" => vec![File::Remote { url: address, integrity: None }],
                        "template" => vec![File::Template(address)],
                        "component" => vec![File::Component(address)],
                        _ => files
                            .iter()
                            .map(|path| File::Project {
                                project: address.clone(),
                                reference: reference.clone(),
                                path: path.clone(),
                            })
                            .collect(),
                    };
                    (sources, inputs, source.span)
                }
            };
            for source in &sources {
                for text in self.texts(source, span, &Origin::Here) {
                    if let Some(content) = self.file(text, span, inputs)? {
                        deep_merge(&mut merged, &content);
                    }
                }
            }
        }
        Some((merged, child.span))
    }

    /// A file's top level, which must be a mapping.
    fn root(&mut self, content: Node, at: Option<Span>) -> Option<Mapping> {
        let kind = content.kind();
        if let Value::Mapping(root) = content.value {
            return Some(root);
        }
        let finding = Diagnostic::error(Code::NotAMapping, "a pipeline file is a mapping of names")
            .label(content.span, format!("this is {kind}"))
            .help("write jobs as `name:` with a `script` below");
        self.diagnostics.push(match at {
            Some(at) => finding.label(at, "included here"),
            None => finding,
        });
        None
    }

    /// A file with its inputs filled in.
    fn filled(
        &mut self,
        root: Mapping,
        header: Option<&Node>,
        arguments: &Arguments,
        at: Option<Span>,
        component: &[(String, String)],
        origin: &Origin,
    ) -> Option<Mapping> {
        let Some(header) = header else {
            // What a file does not declare it cannot be given.
            inputs::resolve(&inputs::Header::default(), arguments, at, self.diagnostics)?;
            return Some(root);
        };
        let before = self.diagnostics.error_count();
        let mut header = inputs::header(header, self.diagnostics);
        if let Some(node) = header.include.take() {
            self.header_includes(&node, &mut header, origin);
        }
        if self.diagnostics.error_count() > before {
            return None;
        }
        let values = inputs::resolve(&header, arguments, at, self.diagnostics)?;
        let component = header.component_facts(component);
        let variables = &self.variables;
        let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        let contexts = Contexts { inputs: &values, component: &component, variables: &lookup };
        inputs::interpolate(root, &contexts, self.diagnostics)
    }

    /// `spec:include`: files that declare further inputs.
    fn header_includes(&mut self, node: &Node, header: &mut inputs::Header, origin: &Origin) {
        for node in entries(node) {
            let Some(entry) = entry::read(node, self.diagnostics) else { continue };
            if !entry.inputs.is_empty() || entry.rules.is_some() {
                self.diagnostics.push(
                    Diagnostic::error(Code::IncludeInvalid, "`spec:include` names files only")
                        .label(entry.span, "`inputs` and `rules` have no place here"),
                );
                continue;
            }
            for (file, span) in &entry.files {
                if let File::Template(_) | File::Component(_) = file {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::IncludeInvalid,
                            "`spec:include` takes local, remote and project files",
                        )
                        .label(*span, "not one of them"),
                    );
                    continue;
                }
                for text in self.texts(file, *span, origin) {
                    let Some(documents) = yaml::parse(&text.name, &text.bytes, self.diagnostics)
                    else {
                        continue;
                    };
                    let root = documents.content.and_then(|node| self.root(node, Some(*span)));
                    if let Some(root) = root {
                        header.include(inputs::included(&root, self.diagnostics));
                    }
                }
            }
        }
    }

    /// Puts what a file includes below its own entries. `None` if there are too many files.
    fn expand(&mut self, root: Mapping, origin: &Origin) -> Option<Mapping> {
        let mut own = root;
        let Some(include) = own.shift_remove("include") else { return Some(own) };
        let mut merged = Mapping::new();
        for node in entries(&include.value) {
            let Some(entry) = entry::read(node, self.diagnostics) else { continue };
            if !self.wanted(&entry) {
                continue;
            }
            for (file, span) in &entry.files {
                for text in self.texts(file, *span, origin) {
                    if let Some(content) = self.file(text, *span, &entry.inputs)? {
                        deep_merge(&mut merged, &content);
                    }
                }
            }
        }
        deep_merge(&mut merged, &own);
        Some(merged)
    }

    /// Whether the rules of an entry want it.
    fn wanted(&mut self, entry: &Entry<'_>) -> bool {
        let Some(node) = entry.rules else { return true };
        let rules = read::include_rules(node, self.diagnostics);
        self.look_up(&rules);
        let files = self.files.as_ref().and_then(|files| files.as_deref());
        let facts = Facts::new(files, &self.changes);
        let variables = &self.variables;
        match facts.first(&rules, &|name| variables.get(name).copied()) {
            Applies::Rule(rule) => rule.when.as_ref().is_none_or(|when| when.value != When::Never),
            Applies::None => false,
            Applies::Unknown(keyword) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::IncludeUnavailable,
                        format!("whether the file is included cannot be decided: `{keyword}`"),
                    )
                    .label(entry.span, "the files that it asks about are not known"),
                );
                self.diagnostics.assume_incomplete();
                false
            }
        }
    }

    /// Makes known what rules ask about.
    fn look_up(&mut self, rules: &[Rule]) {
        if rules.iter().any(|rule| rule.exists.is_some()) {
            self.project_files();
        }
        let variables = &self.variables;
        let value = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        for changes in rules.iter().filter_map(|rule| rule.changes.as_ref()) {
            super::compare(changes, &value, self.loader, &mut self.changes, self.diagnostics);
        }
    }

    fn project_files(&mut self) -> Option<&[String]> {
        let loader = self.loader;
        self.files.get_or_insert_with(|| loader.files()).as_deref()
    }

    /// The content of an included file, with what it includes itself. The outer `None` ends the
    /// whole reading.
    #[expect(clippy::option_option, reason = "two different ends")]
    fn file(&mut self, text: Text, span: Span, arguments: &Arguments) -> Option<Option<Mapping>> {
        let Text { name, bytes, origin, component } = text;
        if let Some(start) = self.open.iter().position(|open| *open == name) {
            let mut circle: Vec<&str> = self.open[start..].iter().map(String::as_str).collect();
            circle.push(&name);
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
        let Some(documents) = yaml::parse(&name, &bytes, self.diagnostics) else {
            return Some(None);
        };
        let Some(content) = documents.content else { return Some(None) };
        self.budget.spend(&content, span, self.diagnostics)?;
        let Some(root) = self.root(content, Some(span)) else { return Some(None) };
        let header = documents.header.as_ref();
        let at = Some(span);
        let Some(root) = self.filled(root, header, arguments, at, &component, &origin) else {
            return Some(None);
        };
        self.open.push(name);
        let expanded = self.expand(root, &origin)?;
        self.open.pop();
        Some(Some(expanded))
    }

    /// The files that an entry names.
    fn texts(&mut self, file: &File, span: Span, origin: &Origin) -> Vec<Text> {
        let variables = &self.variables;
        let value = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        let expand = |text: &str| references::all(text, &value);
        let source = match file {
            File::Plain(path) => {
                let path = expand(path);
                match path.starts_with("http://") || path.starts_with("https://") {
                    true => Source::Remote { url: path, integrity: None },
                    false => return self.local(&path, span, origin),
                }
            }
            File::Local(path) => {
                let path = expand(path);
                return self.local(&path, span, origin);
            }
            File::Remote { url, integrity } => {
                Source::Remote { url: expand(url), integrity: integrity.clone() }
            }
            File::Template(path) => Source::Template { path: expand(path) },
            File::Component(address) => Source::Component { address: expand(address) },
            File::Project { project, reference, path } => Source::Project {
                project: expand(project),
                reference: reference.as_deref().map(expand),
                path: normal(&expand(path)),
            },
        };
        self.fetch(source, span).into_iter().collect()
    }

    fn local(&mut self, path: &str, span: Span, origin: &Origin) -> Vec<Text> {
        if !is_yaml(path) {
            self.not_yaml(path, span);
            return vec![];
        }
        match origin {
            Origin::Here if path.contains('*') => self
                .matching(path, span)
                .into_iter()
                .filter_map(|path| self.load(&path, span))
                .collect(),
            Origin::Here => self.load(path, span).into_iter().collect(),
            Origin::Project { .. } if path.contains('*') => {
                self.unavailable(
                    format!("the files that `{path}` means are not known"),
                    "wildcards need the files of the other project",
                    "name each file",
                    span,
                );
                vec![]
            }
            Origin::Project { project, commit } => {
                let (project, reference) = (project.clone(), commit.clone());
                let source = Source::Project { project, reference, path: normal(path) };
                self.fetch(source, span).into_iter().collect()
            }
            Origin::Address => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::IncludeInvalid,
                        format!("`{path}` cannot be included from a file at an address"),
                    )
                    .label(span, "nothing is local there")
                    .help("include it with `remote` or `project`"),
                );
                vec![]
            }
        }
    }

    fn not_yaml(&mut self, path: &str, span: Span) {
        self.diagnostics.push(
            Diagnostic::error(Code::IncludeInvalid, format!("`{path}` cannot be included"))
                .label(span, "its name does not end with `.yml` or `.yaml`")
                .help("GitLab includes YAML files only"),
        );
    }

    /// A file of the project.
    fn load(&mut self, path: &str, span: Span) -> Option<Text> {
        let name = normal(path);
        match self.loader.load(&name, yaml::limits::MAX_FILE_BYTES) {
            Ok(bytes) => Some(Text { name, bytes, origin: Origin::Here, component: vec![] }),
            Err(error) => {
                let finding = unreadable(&name, &error).label(span, "included here");
                self.diagnostics.push(finding.help("paths start at the project's directory"));
                None
            }
        }
    }

    /// A file from elsewhere.
    fn fetch(&mut self, source: Source, span: Span) -> Option<Text> {
        let named = match &source {
            Source::Remote { url, .. } => url.split(['?', '#']).next().unwrap_or_default(),
            Source::Template { path } | Source::Project { path, .. } => path,
            // A component's file has a name of its own.
            Source::Component { .. } => "component.yml",
        };
        if !is_yaml(named) {
            let named = named.to_owned();
            self.not_yaml(&named, span);
            return None;
        }
        let fetched = match self.fetched.get(&source) {
            Some(fetched) => fetched.clone(),
            None => match self.loader.fetch(&source, yaml::limits::MAX_FILE_BYTES) {
                Ok(fetched) => fetched,
                Err(error) => {
                    let help = match &error {
                        LoadError::Unavailable { help, .. } => help.clone(),
                        _ => {
                            "copy the file into the project and include it with `local`".to_owned()
                        }
                    };
                    let message = format!("{} cannot be included", shown(&source));
                    self.unavailable(message, &error.to_string(), &help, span);
                    return None;
                }
            },
        };
        if let Source::Remote { integrity: Some(wanted), .. } = &source {
            use base64::Engine as _;
            let engine = base64::engine::general_purpose::STANDARD;
            let found = engine.encode(Sha256::digest(&fetched.bytes));
            if found != *wanted {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::IncludeInvalid,
                        format!("{} is not the file that was meant", shown(&source)),
                    )
                    .label(span, format!("its digest is sha256-{found}"))
                    .help("read the file, and then put its digest into `integrity`"),
                );
                return None;
            }
        }
        let origin = match (&source, &fetched.project) {
            (Source::Remote { .. }, _) => Origin::Address,
            (Source::Template { .. }, _) => Origin::Here,
            (Source::Project { project, .. }, None) => {
                Origin::Project { project: project.clone(), commit: fetched.commit.clone() }
            }
            (_, Some(project)) => {
                Origin::Project { project: project.clone(), commit: fetched.commit.clone() }
            }
            (Source::Component { .. }, None) => Origin::Address,
        };
        let text = Text {
            name: fetched.name.clone(),
            bytes: fetched.bytes.clone(),
            origin,
            component: fetched.component.clone(),
        };
        self.fetched.insert(source, fetched);
        Some(text)
    }

    fn unavailable(&mut self, message: String, reason: &str, help: &str, span: Span) {
        self.diagnostics.push(
            Diagnostic::error(Code::IncludeUnavailable, message).label(span, reason).help(help),
        );
        self.diagnostics.assume_incomplete();
    }

    /// The files of the project that fit a pattern, in the order of their names.
    fn matching(&mut self, pattern: &str, span: Span) -> Vec<String> {
        // GitLab's `**` goes into directories wherever it stands.
        let normal = normal(pattern).replace("**.", "**/*.");
        let glob = Glob::new(&normal);
        let Some(files) = self.project_files() else {
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
        let fits = |file: &&String| glob.as_ref().is_some_and(|glob| glob.is_match(file));
        let mut found: Vec<String> = files.iter().filter(fits).cloned().collect();
        found.sort();
        if found.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::FileNotFound, format!("no file fits `{pattern}`"))
                    .label(span, "included here"),
            );
        }
        found
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

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yml") || path.ends_with(".yaml")
}

/// How messages name a source.
fn shown(source: &Source) -> String {
    match source {
        Source::Remote { url, .. } => {
            format!("`{}`", url.split(['?', '#']).next().unwrap_or_default())
        }
        Source::Project { project, path, .. } => format!("`{path}` of the project `{project}`"),
        Source::Template { path } => format!("GitLab's template `{path}`"),
        Source::Component { address } => format!("the component `{address}`"),
    }
}
