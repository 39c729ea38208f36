//! POSIX regular expressions with GNU's extensions, translated for the `regex` and `fancy-regex`
//! crates.
//!
//! One known difference remains: of several alternatives that match at the same place POSIX takes
//! the longest, these engines the first.

mod translate;

use regex::bytes::{Regex, RegexBuilder};

pub(crate) use translate::translate;

/// Which operators a pattern has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// `grep`, `sed`: `\(`, `\{`, `\|`, `\+`, `\?`.
    Basic,
    /// `grep -E`: `(`, `{`, `|`, `+`, `?`.
    Extended,
    /// `find -regex`: `\(`, `\|`, but `+` and `?`.
    Emacs,
    /// As extended, with awk's escapes, in brackets too.
    Awk,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    /// Upper and lower case are the same.
    pub(crate) fold: bool,
    /// The whole text has to match.
    pub(crate) whole: bool,
    /// The match begins and ends at word boundaries.
    pub(crate) word: bool,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Plain(Regex),
    /// With back-references or look-around; works on text only.
    Fancy(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// The first match at or after `from`.
    pub(crate) fn find_at(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        match self {
            Self::Plain(regex) => regex.find_at(text, from).map(|m| (m.start(), m.end())),
            Self::Fancy(regex) => {
                let text = std::str::from_utf8(text).ok()?;
                let found = regex.find_from_pos(text, from).ok()??;
                Some((found.start(), found.end()))
            }
        }
    }
}

/// Compiles a translated pattern, with the engine that it needs.
pub(crate) fn compile(translated: &str, flags: Flags) -> Result<Pattern, String> {
    if !needs_fancy(translated) {
        return compile_plain(translated, flags).map(Pattern::Plain);
    }
    let case = if flags.fold { "(?i)" } else { "" };
    let regex = fancy_regex::RegexBuilder::new(&format!("{case}{}", framed(translated, flags)))
        .build()
        .map_err(|e| e.to_string())?;
    Ok(Pattern::Fancy(Box::new(regex)))
}

/// Compiles a translated pattern without back-references.
pub(crate) fn compile_plain(translated: &str, flags: Flags) -> Result<Regex, String> {
    RegexBuilder::new(&framed(translated, flags))
        .case_insensitive(flags.fold)
        .dot_matches_new_line(true)
        .size_limit(64 << 20)
        .build()
        .map_err(|e| match e {
            regex::Error::CompiledTooBig(_) => "Regular expression too big".to_owned(),
            other => other.to_string().lines().last().unwrap_or_default().to_owned(),
        })
}

fn framed(translated: &str, flags: Flags) -> String {
    match (flags.whole, flags.word) {
        (true, _) => format!("^(?:{translated})$"),
        (false, true) => format!(r"(?:\b{{start-half}})(?:{translated})(?:\b{{end-half}})"),
        (false, false) => translated.to_owned(),
    }
}

/// Whether a translated pattern has a back-reference or look-around.
fn needs_fancy(translated: &str) -> bool {
    let bytes = translated.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1).is_some_and(|b| (b'1'..=b'9').contains(b)) => return true,
            b'\\' => at += 1,
            b'(' if bytes[at..].starts_with(b"(?=")
                || bytes[at..].starts_with(b"(?!")
                || bytes[at..].starts_with(b"(?<=")
                || bytes[at..].starts_with(b"(?<!")
                || bytes[at..].starts_with(b"(?>") =>
            {
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

/// A pattern without any operators.
pub(crate) fn literal(text: &str) -> String {
    regex::escape(text)
}

#[cfg(test)]
mod tests {
    use super::{Flags, Syntax, compile, translate};

    fn found(pattern: &str, syntax: Syntax, text: &str) -> Option<String> {
        let pattern = compile(&translate(pattern.as_bytes(), syntax).unwrap(), Flags::default());
        let (start, end) = pattern.unwrap().find_at(text.as_bytes(), 0)?;
        Some(text[start..end].to_owned())
    }

    #[test]
    fn basic_and_extended_patterns() {
        use Syntax::{Awk, Basic, Emacs, Extended};
        for (pattern, syntax, text, expected) in [
            ("a+b", Basic, "aab a+b", Some("a+b")),
            (r"a\+b", Basic, "aab", Some("aab")),
            ("a+b", Extended, "aab", Some("aab")),
            ("*a", Basic, "x*a", Some("*a")),
            (r"^*a", Basic, "*a", Some("*a")),
            (r"\(ab\)*c", Basic, "ababc", Some("ababc")),
            (r"\(a\)\1", Basic, "abaa", Some("aa")),
            (r"(.)\1", Extended, "abccd", Some("cc")),
            (r"a\{2,3\}", Basic, "aaaa", Some("aaa")),
            ("a{2}", Extended, "aaaa", Some("aa")),
            ("a{,2}b", Extended, "aaab", Some("aab")),
            ("a{x", Extended, "a{x", Some("a{x")),
            ("a{2}", Basic, "a{2}", Some("a{2}")),
            ("[]x]", Basic, "a]", Some("]")),
            ("[^]x]", Basic, "]xa", Some("a")),
            (r"[\n]", Basic, "n", Some("n")),
            (r"[\n]", Awk, "a\n", Some("\n")),
            ("[[:digit:]]+", Extended, "ab12", Some("12")),
            ("[[:upper:]]", Basic, "aÄ", Some("Ä")),
            (r"\bfoo\b", Basic, "a foo b", Some("foo")),
            (r"\<foo\>", Basic, "foobar foo", Some("foo")),
            ("a^b", Basic, "a^b", Some("a^b")),
            ("a$b", Basic, "a$b", Some("a$b")),
            (r"a\|b", Basic, "xb", Some("b")),
            ("a|b", Basic, "a|b", Some("a|b")),
            ("(a+)?b", Extended, "b", Some("b")),
            ("a+?b", Extended, "aab", Some("aab")),
            (r".*\.\(c\|h\)", Emacs, "x.h", Some("x.h")),
            (".+x?", Emacs, "ab", Some("ab")),
            (r"\/x", Awk, "/x", Some("/x")),
            ("a-b#c&&d~", Extended, "a-b#c&&d~", Some("a-b#c&&d~")),
            ("[a&&b-]", Extended, "-", Some("-")),
            ("()", Extended, "x", Some("")),
            ("^a", Basic, "ba", None),
        ] {
            assert_eq!(found(pattern, syntax, text).as_deref(), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn wrong_patterns_say_what_is_wrong() {
        for (pattern, syntax, message) in [
            (r"\(a", Syntax::Basic, "Unmatched ( or \\("),
            ("(a", Syntax::Extended, "Unmatched ( or \\("),
            ("[a", Syntax::Basic, "Unmatched [, [^, [:, [., or [="),
            (r"a\{1", Syntax::Basic, "Unmatched \\{"),
            (r"\(a\)\2", Syntax::Basic, "Invalid back reference"),
            ("[[:foo:]]", Syntax::Basic, "Invalid character class name"),
            ("[z-a]", Syntax::Basic, "Invalid range end"),
        ] {
            assert_eq!(translate(pattern.as_bytes(), syntax).unwrap_err(), message, "{pattern}");
        }
    }
}
