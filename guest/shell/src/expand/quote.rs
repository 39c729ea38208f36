//! Quoting text so that the shell reads it back.

/// As `printf %q`: with backslashes, or as `$'…'` when control characters are in it.
pub(crate) fn backslash(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if needs_ansi_c(text) {
        return ansi_c(text);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    for (index, &byte) in text.iter().enumerate() {
        let special = match byte {
            b'~' => index == 0 || matches!(text[index - 1], b'=' | b':'),
            b'#' => index == 0,
            _ => b" !\"$&'()*,;<>?[\\]^`{|}".contains(&byte),
        };
        if special {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// As `${x@Q}`: in single quotes.
pub(crate) fn single(text: &[u8]) -> Vec<u8> {
    if needs_ansi_c(text) {
        return ansi_c(text);
    }
    plain_single(text)
}

/// In single quotes, whatever the text is.
pub(crate) fn plain_single(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'\'');
    for &byte in text {
        if byte == b'\'' {
            out.extend_from_slice(b"'\\''");
        } else {
            out.push(byte);
        }
    }
    out.push(b'\'');
    out
}

/// As `declare -p` prints values: in double quotes.
pub(crate) fn double(text: &[u8]) -> Vec<u8> {
    if needs_ansi_c(text) {
        return ansi_c(text);
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'$' | b'`' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

/// As `set` and `set -x` print words: quoted only where that is needed.
pub(crate) fn minimal(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if needs_ansi_c(text) {
        return ansi_c(text);
    }
    let special = text.iter().enumerate().any(|(i, &b)| match b {
        b'~' => i == 0 || matches!(text[i - 1], b'=' | b':'),
        b'#' => i == 0,
        _ => b" \t\n!\"$&'()*;<>?[\\]^`{|}".contains(&b),
    });
    if special { single(text) } else { text.to_vec() }
}

/// As `set -x` prints words: blanks and quoting characters come before control characters.
pub(crate) fn traced(text: &[u8]) -> Vec<u8> {
    match text {
        b"'" => return b"\\'".to_vec(),
        _ if text.iter().any(|b| b" \t\n".contains(b)) => return plain_single(text),
        _ => {}
    }
    let quoted = minimal(text);
    if quoted.starts_with(b"$'") && minimal_is_needed(text) { plain_single(text) } else { quoted }
}

fn minimal_is_needed(text: &[u8]) -> bool {
    text.iter().any(|b| b"!\"$&'()*;<>?[\\]^`{|}".contains(b))
}

fn needs_ansi_c(text: &[u8]) -> bool {
    std::str::from_utf8(text).map_or(true, |t| t.chars().any(char::is_control))
}

/// As `$'…'`.
pub(crate) fn ansi_c(text: &[u8]) -> Vec<u8> {
    let mut out = b"$'".to_vec();
    for c in crate::bytes::chars(text) {
        let letter = match c[0] {
            7 => b'a',
            8 => b'b',
            9 => b't',
            10 => b'n',
            11 => b'v',
            12 => b'f',
            13 => b'r',
            27 => b'E',
            b'\\' => b'\\',
            b'\'' => b'\'',
            _ => {
                if crate::bytes::first_char(c).is_none_or(char::is_control) {
                    out.extend(c.iter().flat_map(|b| format!("\\{b:03o}").into_bytes()));
                } else {
                    out.extend_from_slice(c);
                }
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', letter]);
    }
    out.push(b'\'');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn quoting_is_bashs() {
        assert_eq!(super::backslash(b"a b$c"), b"a\\ b\\$c");
        assert_eq!(super::backslash(b"a\nb"), b"$'a\\nb'");
        assert_eq!(super::backslash(b""), b"''");
        assert_eq!(super::single(b"it's"), b"'it'\\''s'");
        assert_eq!(super::double(b"a\"$b"), b"\"a\\\"\\$b\"");
        assert_eq!(super::minimal(b"plain-word/x.y"), b"plain-word/x.y");
        assert_eq!(super::minimal(b"a b"), b"'a b'");
        assert_eq!(super::traced(b"a\nb"), b"'a\nb'");
        assert_eq!(super::traced(b"\x01"), b"$'\\001'");
        assert_eq!(super::traced(b"'"), b"\\'");
    }
}
