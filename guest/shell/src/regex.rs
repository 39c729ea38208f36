//! POSIX extended regular expressions, on the crate `regex-lite`.

use regex_lite::RegexBuilder;

/// The expression cannot be compiled.
#[derive(Debug)]
pub(crate) struct Invalid;

/// The groups of the leftmost match of `pattern` in `text`; a group that took no part is empty.
pub(crate) fn search(
    pattern: &[u8],
    text: &[u8],
    fold: bool,
) -> Result<Option<Vec<Vec<u8>>>, Invalid> {
    let pattern = translate(&decode(pattern));
    let regex = RegexBuilder::new(&pattern)
        .case_insensitive(fold)
        .dot_matches_new_line(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| Invalid)?;
    let text = decode(text);
    Ok(regex.captures(&text).map(|captures| {
        captures.iter().map(|group| group.map_or(Vec::new(), |m| encode(m.as_str()))).collect()
    }))
}

/// Bytes that are no UTF-8 become characters of a private range, and back.
const PRIVATE: u32 = 0x10_fe00;

fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => crate::bytes::chars(bytes)
            .map(|c| match std::str::from_utf8(c) {
                Ok(text) => text.to_owned(),
                Err(_) => {
                    char::from_u32(PRIVATE + u32::from(c[0])).map(String::from).unwrap_or_default()
                }
            })
            .collect(),
    }
}

fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (c as u32).checked_sub(PRIVATE).and_then(|b| u8::try_from(b).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// From POSIX syntax to the crate's.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut start = true;
    while let Some(c) = chars.next() {
        let at_start = std::mem::replace(&mut start, matches!(c, '(' | '|'));
        match c {
            '\\' => match chars.next() {
                Some('<') => out.push_str(r"\b"),
                Some('>') => out.push_str(r"\b"),
                Some(e @ ('w' | 'W' | 's' | 'S' | 'b' | 'B')) => {
                    out.push('\\');
                    out.push(e);
                }
                Some(e) if e.is_alphanumeric() => out.push(e),
                Some(e) if e.is_ascii() => {
                    out.push('\\');
                    out.push(e);
                }
                Some(e) => out.push(e),
                None => out.push_str(r"\\"),
            },
            '[' => bracket(&mut chars, &mut out),
            '*' | '+' | '?' if at_start => {
                out.push('\\');
                out.push(c);
            }
            '{' if at_start || !chars.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str(r"\{");
            }
            '}' => out.push('}'),
            // A second repetition repeats the first, it does not make it lazy.
            '*' | '+' | '?' => {
                out.push(c);
                while chars.next_if(|n| matches!(n, '*' | '+' | '?')).is_some() {}
            }
            _ => out.push(c),
        }
    }
    out
}

fn bracket(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        out.push_str(r"\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return;
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' if matches!(chars.peek(), Some('.' | '=')) => {
                chars.next();
                if let Some(c) = chars.next() {
                    if !c.is_alphanumeric() {
                        out.push('\\');
                    }
                    out.push(c);
                }
                chars.next();
                chars.next();
            }
            '-' => match chars.peek() {
                Some(']') => out.push_str(r"\-"),
                _ if out.ends_with(['[', '^']) => out.push_str(r"\-"),
                _ => out.push('-'),
            },
            '[' | '\\' | '&' | '~' | '^' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    fn groups(pattern: &str, text: &str) -> Option<Vec<String>> {
        super::search(pattern.as_bytes(), text.as_bytes(), false)
            .unwrap()
            .map(|g| g.into_iter().map(|b| String::from_utf8(b).unwrap()).collect())
    }

    #[test]
    fn posix_syntax() {
        assert_eq!(
            groups("^(v?)([0-9]+)\\.([0-9]+)$", "v12.34").unwrap(),
            ["v12.34", "v", "12", "34"]
        );
        assert_eq!(groups("[[:space:]]+([a-z]*)", "a  b").unwrap(), ["  b", "b"]);
        assert!(groups("[]a-]", "-").is_some() && groups("[]a-]", "]").is_some());
        assert!(groups("^a{2,3}$", "aaa").is_some() && groups("a{", "a{").is_some());
        assert!(groups("[\\d]", "d").is_some() && groups("[\\d]", "5").is_none());
        assert!(groups("a|b", "xb").is_some());
        assert_eq!(groups("(a)|(b)", "b").unwrap(), ["b", "", "b"]);
    }

    #[test]
    fn any_bytes() {
        let found = super::search(b"b(.)c", b"ab\xffc", false).unwrap().unwrap();
        assert_eq!(found[1], b"\xff");
        assert!(super::search(b"(", b"", false).is_err());
    }
}
