//! File patterns as GitLab reads them (Ruby's `fnmatch` with path names, dot files and braces).
//!
//! `*` and `?` stay within a directory, `**/` stands for any directories, `[a-z]` for one character
//! and `{a,b}` for alternatives. A leading dot needs no special mention.

use regex::{Regex, RegexBuilder};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob(Regex);

impl Glob {
    /// Compiles a pattern; `None` if it is too large to.
    pub fn new(pattern: &str) -> Option<Self> {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let mut regex = String::from("^");
        let mut chars = pattern.chars().peekable();
        let mut braces = 0usize;
        let mut at_start = true;
        while let Some(c) = chars.next() {
            let starts_part = std::mem::replace(&mut at_start, c == '/');
            match c {
                '*' if chars.peek() == Some(&'*') => {
                    chars.next();
                    if starts_part && chars.peek() == Some(&'/') {
                        chars.next();
                        at_start = true;
                        regex.push_str("(?:[^/]+/)*");
                    } else {
                        regex.push_str("[^/]*");
                    }
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' => class(&mut chars, &mut regex),
                '{' => {
                    braces += 1;
                    at_start = starts_part;
                    regex.push_str("(?:");
                }
                '}' if braces > 0 => {
                    braces -= 1;
                    regex.push(')');
                }
                ',' if braces > 0 => regex.push('|'),
                '\\' => {
                    let c = chars.next().unwrap_or('\\');
                    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                }
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        regex.push_str(&")".repeat(braces));
        regex.push('$');
        RegexBuilder::new(&regex).size_limit(1024 * 1024).build().ok().map(Self)
    }

    /// Whether a path, relative to the project's root, fits.
    pub fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// A character class, up to its `]`. Without one the bracket is an ordinary character.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &mut String) {
    let ahead: String = chars.clone().take_while(|c| *c != ']').collect();
    let members = ahead.strip_prefix(['!', '^']).unwrap_or(&ahead);
    let closed = chars.clone().nth(ahead.chars().count()) == Some(']');
    if !closed || members.is_empty() {
        regex.push_str("\\[");
        return;
    }
    chars.by_ref().take(ahead.chars().count() + 1).for_each(drop);
    regex.push_str(if members.len() < ahead.len() { "[^/" } else { "[" });
    for c in members.chars() {
        if "[]\\&~^".contains(c) {
            regex.push('\\');
        }
        regex.push(c);
    }
    regex.push(']');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Glob;

    fn fits(pattern: &str, path: &str) -> bool {
        Glob::new(pattern).is_some_and(|glob| glob.is_match(path))
    }

    #[test]
    fn patterns_fit_paths() {
        for (pattern, path, expected) in [
            ("Dockerfile", "Dockerfile", true),
            ("Dockerfile", "sub/Dockerfile", false),
            ("*.rs", "main.rs", true),
            ("*.rs", "src/main.rs", false),
            ("**/*.rs", "main.rs", true),
            ("**/*.rs", "src/deep/main.rs", true),
            ("src/**/*", "src/a/b", true),
            ("src/**/*", "src/a", true),
            ("src/**", "src/a", true),
            ("src/**", "src/a/b", false),
            ("*.{md,txt}", "a.txt", true),
            ("*.{md,txt}", "a.rs", false),
            ("{a,b}/**/c", "b/x/c", true),
            ("?.md", "a.md", true),
            ("?.md", "ab.md", false),
            ("[ab]*", "bat", true),
            ("[!ab]*", "bat", false),
            ("[a-c]x", "cx", true),
            (".gitlab/*", ".gitlab/ci.yml", true),
            ("*", ".hidden", true),
            ("./a", "a", true),
            ("a+b", "a+b", true),
            ("a\\*", "a*", true),
            ("[", "[", true),
            ("{a", "a", true),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in "[a-c*?{},!\\\\/^&~é\\[\\]-]{0,16}", path in "[a-c/]{0,8}") {
            let _ = fits(&pattern, &path);
        }
    }
}
