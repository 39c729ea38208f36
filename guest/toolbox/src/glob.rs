//! Shell patterns, as `fnmatch` matches them: `*`, `?`, `[…]` and backslash.

/// Whether `text` as a whole matches `pattern`; `*` and `?` match a slash too.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when a mismatch follows a star: after the star, one character further.
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            None if t == text.len() => return true,
            None => None,
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(b'?') => (t < text.len()).then(|| (p + 1, t + char_len(&text[t..]))),
            Some(b'[') => {
                match (bracket(&pattern[p..], text.get(t..).unwrap_or_default()), text.get(t)) {
                    (Some((len, true)), Some(_)) => Some((p + len, t + char_len(&text[t..]))),
                    (Some(_), _) => None,
                    (None, Some(b'[')) => Some((p + 1, t + 1)),
                    (None, _) => None,
                }
            }
            Some(b'\\') if p + 1 < pattern.len() => {
                (text.get(t) == Some(&pattern[p + 1])).then_some((p + 2, t + 1))
            }
            Some(byte) => (text.get(t) == Some(byte)).then_some((p + 1, t + 1)),
        };
        match (step, star) {
            (Some(next), _) => (p, t) = next,
            (None, Some((after, from))) if from < text.len() => {
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            (None, _) => return false,
        }
    }
}

fn char_len(text: &[u8]) -> usize {
    let wanted = match text.first() {
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf7) => 4,
        _ => 1,
    };
    if text.get(..wanted).is_some_and(|c| std::str::from_utf8(c).is_ok()) { wanted } else { 1 }
}

/// A bracket expression at the start of `pattern`: its length and whether it matches the first
/// character of `text`. `None` when it is not closed, and so means a plain `[`.
fn bracket(pattern: &[u8], text: &[u8]) -> Option<(usize, bool)> {
    let first = char_at(text);
    let mut at = 1;
    let negated = matches!(pattern.get(at), Some(b'!' | b'^'));
    at += usize::from(negated);
    let start = at;
    let mut found = false;
    loop {
        match pattern.get(at)? {
            b']' if at > start => return Some((at + 1, found != negated && first.is_some())),
            b'[' if pattern.get(at + 1) == Some(&b':') => {
                let end = at + 2 + pattern[at + 2..].windows(2).position(|w| w == b":]")?;
                found |= first.is_some_and(|c| class(&pattern[at + 2..end], c));
                at = end + 2;
            }
            _ => {
                let escaped = usize::from(pattern[at] == b'\\' && at + 1 < pattern.len());
                at += escaped;
                let low = char_at(&pattern[at..])?;
                at += low.len_utf8();
                let range = pattern.get(at) == Some(&b'-')
                    && pattern.get(at + 1).is_some_and(|&b| b != b']');
                let high = if range {
                    let high = char_at(&pattern[at + 1..])?;
                    at += 1 + high.len_utf8();
                    high
                } else {
                    low
                };
                found |= first.is_some_and(|c| (low..=high).contains(&c));
            }
        }
    }
}

fn char_at(text: &[u8]) -> Option<char> {
    let len = char_len(text);
    let bytes = text.get(..len)?;
    std::str::from_utf8(bytes).ok().and_then(|s| s.chars().next()).or(Some(char::from(bytes[0])))
}

fn class(name: &[u8], c: char) -> bool {
    match name {
        b"alpha" => c.is_alphabetic(),
        b"digit" => c.is_ascii_digit(),
        b"alnum" => c.is_alphanumeric(),
        b"upper" => c.is_uppercase(),
        b"lower" => c.is_lowercase(),
        b"space" => c.is_whitespace(),
        b"blank" => c == ' ' || c == '\t',
        b"punct" => c.is_ascii_punctuation(),
        b"cntrl" => c.is_control(),
        b"xdigit" => c.is_ascii_hexdigit(),
        b"print" => !c.is_control(),
        b"graph" => !c.is_control() && c != ' ',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        for (pattern, text, expected) in [
            ("*.rs", "main.rs", true),
            ("*.rs", "main.rs.bak", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("[[:digit:]]*", "7up", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a[", "a[", true),
            ("*a", "aaab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
