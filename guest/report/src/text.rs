//! From bytes to text that XML allows.

/// The text of a file, which is UTF-8, UTF-16 with a mark, or one of the encodings with a byte per
/// character that old tools declare.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Result<String, String> {
    let text = match bytes.as_slice() {
        [] => return Err("it is empty".to_owned()),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        start => {
            if start.starts_with(b"\xef\xbb\xbf") {
                bytes.drain(..3);
            }
            match declared(&bytes).as_deref() {
                None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => utf8(bytes)?,
                Some("iso-8859-1" | "latin1" | "latin-1" | "iso-8859-15" | "windows-1252") => {
                    // What differs between them are a few signs that no count depends on.
                    bytes.into_iter().map(char::from).map(printing).collect()
                }
                Some(other) => {
                    return Err(format!("its encoding is {}; write UTF-8", cut(other, 40)));
                }
            }
        }
    };
    match text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        Some((at, c)) => Err(format!(
            "line {}: the character U+{:04X} is not allowed in XML",
            line(&text, at),
            u32::from(c)
        )),
        None => Ok(text),
    }
}

/// Whether XML 1.0 allows a character.
pub(crate) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// The number of the line at an offset, from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    let until = offset.min(text.len());
    text.as_bytes()[..until].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// At most so many characters of a text, on one line.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let text = text.trim();
    let mut short: String =
        text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        format!("line {}: it is not UTF-8", before + 1)
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let decoded: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match decoded {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err("it is not UTF-16, though it begins like that".to_owned()),
    }
}

/// The encoding of the XML declaration, in small letters.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let end = head.windows(2).take(200).position(|pair| pair == b"?>")?;
    let head = std::str::from_utf8(&head[..end]).ok()?;
    let value = head.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.to_ascii_lowercase())
}

/// The controls of Latin-1 stand for signs in Windows' variant of it.
fn printing(c: char) -> char {
    if ('\u{80}'..='\u{9f}').contains(&c) { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_become_text() {
        let utf16 = |text: &str| {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect::<Vec<u8>>()
        };
        assert_eq!(decode(b"<a/>".to_vec()).as_deref(), Ok("<a/>"));
        assert_eq!(decode(b"\xef\xbb\xbf<a/>".to_vec()).as_deref(), Ok("<a/>"));
        assert_eq!(decode(utf16("<ä/>")).as_deref(), Ok("<ä/>"));
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe4'/>".to_vec();
        assert!(decode(latin).is_ok_and(|text| text.contains("b='ä'")));
    }

    #[test]
    fn what_is_no_text_of_xml_is_refused_with_its_line() {
        let refused = |bytes: &[u8]| decode(bytes.to_vec()).unwrap_err();
        assert_eq!(refused(b""), "it is empty");
        assert_eq!(refused(b"<a>\n\xff</a>"), "line 2: it is not UTF-8");
        assert!(refused(b"<a>\n\n\x1b[31m</a>").starts_with("line 3: the character U+001B"));
        assert!(refused(b"\xff\xfe\x00\xd8").contains("UTF-16"));
        assert!(refused(b"<?xml version='1.0' encoding='ebcdic'?>").contains("ebcdic"));
    }
}
