//! Patterns of paths as `artifacts` and `cache` have them, followed name by name while a tree is
//! walked, so that directories that cannot fit are never looked into.
//!
//! The language is that of GitLab's runner (Go's doublestar): `*`, `?` and `[…]` stay within a
//! name, `**` stands for any directories, `{a,b}` for alternatives. A path that fits is taken with
//! all that is below it.

use std::ffi::OsStr;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

/// More patterns than these come of no file that a person wrote.
const MAX_PATTERNS: usize = 1000;

/// Compiled patterns.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    patterns: Vec<Vec<Part>>,
}

#[derive(Clone, Debug)]
enum Part {
    AnyDirectories,
    Literal(String),
    Glob(Box<GlobMatcher>),
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It names something outside of the project.
    #[error("`{0}` does not lie in the project directory")]
    Outside(String),
    /// It cannot be compiled.
    #[error("`{0}` is not a pattern of paths: {1}")]
    Invalid(String, String),
    /// There are too many, alternatives included.
    #[error("there are more than {MAX_PATTERNS} patterns, alternatives included")]
    TooMany,
}

/// Where in the patterns a path is: which parts the next name has to fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Position(Vec<(usize, usize)>);

impl Position {
    /// Whether no path below can fit.
    pub(super) fn is_dead(&self) -> bool {
        self.0.is_empty()
    }
}

impl Patterns {
    /// Compiles patterns. `project` is where jobs see the project: absolute paths below it are
    /// taken for relative ones.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn new(texts: &[String], project: &str) -> Result<Self, PatternError> {
        let mut patterns = Vec::new();
        for text in texts {
            for alternative in alternatives(text).ok_or(PatternError::TooMany)? {
                if patterns.len() >= MAX_PATTERNS {
                    return Err(PatternError::TooMany);
                }
                patterns.push(parts(text, &alternative, project)?);
            }
        }
        Ok(Self { patterns })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The position of the project directory itself, and whether that fits.
    pub(super) fn start(&self) -> (Position, bool) {
        let all = (0..self.patterns.len()).map(|pattern| (pattern, 0)).collect();
        self.settle(all)
    }

    /// The position one name further, and whether the path that ends there fits.
    pub(super) fn step(&self, from: &Position, name: &OsStr) -> (Position, bool) {
        let mut next = Vec::new();
        for &(pattern, part) in &from.0 {
            match &self.patterns[pattern][part..] {
                [Part::AnyDirectories, ..] => next.push((pattern, part)),
                [Part::Literal(literal), ..] if OsStr::new(literal) == name => {
                    next.push((pattern, part + 1));
                }
                [Part::Glob(glob), ..] if glob.is_match(Path::new(name)) => {
                    next.push((pattern, part + 1));
                }
                _ => {}
            }
        }
        self.settle(next)
    }

    /// `**` may also stand for nothing.
    fn settle(&self, mut open: Vec<(usize, usize)>) -> (Position, bool) {
        let mut settled = Vec::new();
        let mut fits = false;
        while let Some((pattern, part)) = open.pop() {
            if settled.contains(&(pattern, part)) {
                continue;
            }
            match self.patterns[pattern].get(part) {
                None => fits = true,
                Some(Part::AnyDirectories) => {
                    settled.push((pattern, part));
                    open.push((pattern, part + 1));
                }
                Some(_) => settled.push((pattern, part)),
            }
        }
        (Position(settled), fits)
    }
}

fn parts(written: &str, text: &str, project: &str) -> Result<Vec<Part>, PatternError> {
    let outside = || PatternError::Outside(written.to_owned());
    let inside = match text.strip_prefix(project) {
        Some("") => "",
        Some(rest) if rest.starts_with('/') => rest,
        _ if text.starts_with('/') => return Err(outside()),
        _ => text,
    };
    let mut parts = Vec::new();
    for name in inside.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                // `a/../b` is `b`; what leads out of the project is refused.
                if parts.pop().is_none() {
                    return Err(outside());
                }
            }
            "**" => parts.push(Part::AnyDirectories),
            name if !name.contains(['*', '?', '[', '\\']) => {
                parts.push(Part::Literal(name.to_owned()));
            }
            name => {
                let glob = GlobBuilder::new(name).literal_separator(true).build();
                let glob = glob.map_err(|error| {
                    PatternError::Invalid(written.to_owned(), error.kind().to_string())
                })?;
                parts.push(Part::Glob(Box::new(glob.compile_matcher())));
            }
        }
    }
    Ok(parts)
}

/// The texts that a pattern with `{a,b}` stands for; `None` if there are too many.
fn alternatives(text: &str) -> Option<Vec<String>> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        if open.len() + done.len() > MAX_PATTERNS {
            return None;
        }
        match braces(&text) {
            Some((start, commas, end)) => {
                let mut from = start + 1;
                for to in commas.into_iter().chain([end]) {
                    open.push(format!("{}{}{}", &text[..start], &text[from..to], &text[end + 1..]));
                    from = to + 1;
                }
            }
            None => done.push(text),
        }
    }
    Some(done)
}

/// The first pair of braces: where it begins, its commas and where it ends.
fn braces(text: &str) -> Option<(usize, Vec<usize>, usize)> {
    let start = text.find('{')?;
    let mut depth = 0;
    let mut commas = Vec::new();
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < start) {
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, commas, at));
                }
            }
            ',' if depth == 1 => commas.push(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a path, or a directory above it, fits.
    fn takes(pattern: &str, path: &str) -> bool {
        let patterns = Patterns::new(&[pattern.to_owned()], "/workspace").expect(pattern);
        let (mut position, mut fits) = patterns.start();
        for name in path.split('/') {
            if fits {
                return true;
            }
            (position, fits) = patterns.step(&position, OsStr::new(name));
        }
        fits
    }

    #[test]
    fn patterns_take_what_the_runner_takes() {
        for (pattern, path, expected) in [
            ("public", "public/a/b", true),
            ("public/", "public/a", true),
            ("./public//a/", "public/a/b", true),
            ("public", "publication", false),
            ("*.log", "a.log", true),
            ("*.log", "a/b.log", false),
            ("**/*.log", "a.log", true),
            ("**/*.log", "x/y/a.log", true),
            ("a/**", "a/b/c", true),
            ("a/**", "b/a", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z/more", true),
            ("a/*", "a/b/c", true),
            ("a/?.t", "a/x.t", true),
            ("a/[xy].t", "a/z.t", false),
            ("{a,b/c}/d", "b/c/d", true),
            ("{a,b/c}/d", "b/d", false),
            ("/workspace/out", "out/x", true),
            ("/workspace", "anything", true),
            (".", "anything", true),
            ("a/../b", "b", true),
            (".hidden", ".hidden", true),
            ("*", ".hidden", true),
        ] {
            assert_eq!(takes(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_leads_out_of_the_project_is_refused() {
        for pattern in ["/etc/passwd", "../x", "a/../../x", "/workspace2/x", "/workspace/../x"] {
            let error = Patterns::new(&[pattern.to_owned()], "/workspace").expect_err(pattern);
            assert_eq!(error, PatternError::Outside(pattern.to_owned()));
        }
        let bomb = "{a,b}".repeat(40);
        assert_eq!(Patterns::new(&[bomb], "/w").expect_err("too many"), PatternError::TooMany);
        assert!(matches!(
            Patterns::new(&["[z-a]*".to_owned()], "/w"),
            Err(PatternError::Invalid(..))
        ));
    }
}
