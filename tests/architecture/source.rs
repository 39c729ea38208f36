//! The paths that a source file names, read from its tokens.
//!
//! Tokens rather than text, so that comments and strings do not count and the insides of macros do;
//! tokens rather than a syntax tree, so that what stands in `select!` counts as well. What is only
//! there for tests, `#[cfg(test)]` and files named for it, is left out.

use std::path::Path;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A source file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path, for messages.
    pub(crate) file: String,
    /// The module of the crate's root that it belongs to: `yaml` for `src/yaml/node.rs`.
    pub(crate) module: String,
    /// The modules of the crate's root that it uses, without its own.
    pub(crate) uses: Vec<Use>,
    paths: Vec<NamedPath>,
}

/// A module that is used, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use {
    pub(crate) module: String,
    pub(crate) line: usize,
}

#[derive(Debug)]
struct NamedPath {
    segments: Vec<String>,
    line: usize,
    /// How many modules lie between the crate's root and this place.
    depth: usize,
}

/// Every Rust file below `src`, but those of tests.
pub(crate) fn read_all(src: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut directories = vec![src.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.file_stem().is_some_and(|name| name == "tests") {
                continue;
            }
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(read(src, &path));
            }
        }
    }
    sources.sort_by(|a, b| a.file.cmp(&b.file));
    sources
}

fn read(src: &Path, path: &Path) -> Source {
    let relative = path.strip_prefix(src).unwrap().with_extension("");
    let parts: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
    let is_root = parts == ["lib"] || parts == ["main"];
    let depth = match parts.last() {
        _ if is_root => 0,
        Some(&"mod") => parts.len() - 1,
        _ => parts.len(),
    };
    let file = format!("src/{}", path.strip_prefix(src).unwrap().display());
    let text = std::fs::read_to_string(path).unwrap();
    Source::parse(&file, parts[0], depth, &text).unwrap_or_else(|error| panic!("{error}"))
}

impl Source {
    /// Reads a file's text; `depth` is the number of modules above its items.
    pub(crate) fn parse(
        file: &str,
        module: &str,
        depth: usize,
        text: &str,
    ) -> Result<Self, String> {
        let tokens: TokenStream = text.parse().map_err(|error| format!("{file}: {error}"))?;
        let mut paths = Vec::new();
        walk(tokens, depth, &mut paths);
        let mut uses = Vec::new();
        for path in &paths {
            if let Some(used) = path.root_module()
                && used != module
            {
                uses.push(Use { module: used.to_owned(), line: path.line });
            }
        }
        Ok(Self { file: file.to_owned(), module: module.to_owned(), uses, paths })
    }

    /// The lines that contain a name: a path's beginning if it has `::`, any part of one if not.
    pub(crate) fn lines_naming(&self, name: &str) -> Vec<usize> {
        let wanted: Vec<&str> = name.split("::").collect();
        let names = |path: &&NamedPath| match wanted[..] {
            [single] => path.segments.iter().any(|segment| segment == single),
            _ => path.segments.iter().map(String::as_str).take(wanted.len()).eq(wanted.clone()),
        };
        let mut lines: Vec<usize> = self.paths.iter().filter(names).map(|p| p.line).collect();
        lines.dedup();
        lines
    }
}

impl NamedPath {
    /// The module of the crate's root that the path leads to.
    fn root_module(&self) -> Option<&str> {
        let first = self.segments.first()?;
        let supers = self.segments.iter().take_while(|segment| *segment == "super").count();
        let rest = match first.as_str() {
            "crate" | "greenroom" => 1,
            "super" if supers >= self.depth => supers,
            _ => return None,
        };
        self.segments.get(rest).map(String::as_str)
    }
}

/// Collects the paths of some tokens.
fn walk(tokens: TokenStream, depth: usize, paths: &mut Vec<NamedPath>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Punct(punct) if punct.as_char() == '#' && is_cfg_test(&tokens[at..]) => {
                at = after_item(&tokens, at);
            }
            TokenTree::Ident(ident) if ident == "mod" => {
                // An inline module's insides are one module deeper.
                if let Some(TokenTree::Group(group)) = tokens.get(at + 2)
                    && group.delimiter() == Delimiter::Brace
                {
                    walk(group.stream(), depth + 1, paths);
                    at += 3;
                } else {
                    at += 1;
                }
            }
            TokenTree::Ident(_) => at = path(&tokens, at, &[], depth, paths),
            TokenTree::Group(group) => {
                walk(group.stream(), depth, paths);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads a path, or a tree of them, and returns the place after it.
fn path(
    tokens: &[TokenTree],
    mut at: usize,
    prefix: &[String],
    depth: usize,
    paths: &mut Vec<NamedPath>,
) -> usize {
    let mut segments = prefix.to_vec();
    let mut line = 0;
    while let Some(token) = tokens.get(at) {
        line = token.span().start().line;
        match token {
            TokenTree::Ident(ident) => {
                segments.push(ident.to_string().trim_start_matches("r#").to_owned());
                at += 1;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                tree(group.stream(), &segments, depth, paths);
                return at + 1;
            }
            _ => break,
        }
        if !is_path_separator(tokens, at) {
            break;
        }
        at += 2;
    }
    paths.push(NamedPath { segments, line, depth });
    at
}

/// Reads the branches of a `use` tree.
fn tree(tokens: TokenStream, prefix: &[String], depth: usize, paths: &mut Vec<NamedPath>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    for branch in tokens.split(is_comma).filter(|branch| !branch.is_empty()) {
        path(branch, 0, prefix, depth, paths);
    }
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |token: Option<&TokenTree>, joint: bool| {
        matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':'
            && (!joint || punct.spacing() == Spacing::Joint))
    };
    colon(tokens.get(at), true) && colon(tokens.get(at + 1), false)
}

/// Whether an attribute keeps what follows for tests.
fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(1) else { return false };
    group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// The place after the item that an attribute belongs to: after its block or its semicolon.
fn after_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    tokens[from..].iter().position(ends).map_or(tokens.len(), |length| from + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(depth: usize, text: &str) -> Vec<String> {
        let source = Source::parse("x.rs", "own", depth, text).unwrap();
        source.uses.iter().map(|used| format!("{}:{}", used.line, used.module)).collect()
    }

    #[test]
    fn paths_into_the_crate_are_found() {
        for (text, expected) in [
            ("use crate::a;", &["1:a"][..]),
            ("use crate::a::b::C;", &["1:a"]),
            ("use crate::{a, b::{C, D}, own::E};", &["1:a", "1:b", "1:b"]),
            ("use crate::a as b;", &["1:a"]),
            ("fn f() -> crate::a::T {\n  crate::b::f(crate::c::X)\n}", &["1:a", "2:b", "2:c"]),
            ("select! { x = crate::a::f() => {} }", &["1:a"]),
            ("pub(crate) fn f() {}", &[]),
            ("pub(in crate::a) fn f() {}", &["1:a"]),
            ("use greenroom::a;", &["1:a"]),
            ("use crate::own::x;", &[]),
            ("use other::crate_::a;", &[]),
            ("// use crate::a;\n/* crate::b */ fn f() { \"crate::c\"; }", &[]),
            ("/// [`crate::a`]\nstruct S;", &[]),
        ] {
            assert_eq!(uses(1, text), expected, "{text}");
        }
    }

    #[test]
    fn the_way_over_super_is_found() {
        assert_eq!(uses(1, "use super::a;"), ["1:a"]);
        assert_eq!(uses(2, "use super::sibling;"), [""; 0]);
        assert_eq!(uses(2, "use super::super::a;"), ["1:a"]);
        assert_eq!(uses(1, "mod inner { use super::x; }"), [""; 0]);
        assert_eq!(uses(1, "mod inner { use super::super::a; }"), ["1:a"]);
    }

    #[test]
    fn what_is_for_tests_is_left_out() {
        assert_eq!(uses(1, "#[cfg(test)]\nmod tests { use crate::a; }\nuse crate::b;"), ["3:b"]);
        assert_eq!(uses(1, "#[cfg(test)]\nmod tests;\nuse crate::b;"), ["3:b"]);
        assert_eq!(uses(1, "#[cfg(test)]\nuse crate::a;\nuse crate::b;"), ["3:b"]);
        assert_eq!(uses(1, "#[cfg(unix)]\nuse crate::a;"), ["2:a"]);
    }

    #[test]
    fn names_are_found_wherever_they_stand() {
        let text = "use std::{fs, io::Read};\nuse std::time;\nfn f() { time::Instant::now() }\n\
                    fn g() { x.instant() }";
        let source = Source::parse("x.rs", "own", 1, text).unwrap();
        assert_eq!(source.lines_naming("std::fs"), [1]);
        assert_eq!(source.lines_naming("std::io"), [1]);
        assert_eq!(source.lines_naming("Instant"), [3]);
        assert_eq!(source.lines_naming("std::net"), [0; 0]);
        assert_eq!(source.lines_naming("fs::io"), [0; 0]);
    }

    #[test]
    fn a_file_that_is_not_rust_is_refused() {
        let error = Source::parse("x.rs", "own", 1, "fn f( {").unwrap_err();
        assert!(error.starts_with("x.rs: "), "{error}");
    }
}
