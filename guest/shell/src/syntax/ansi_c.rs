//! Escapes of `$'…'`, `echo -e`, `printf` and `%b`.

use super::Parsed;
use super::parser::Parser;

/// Which escapes are known and how octal digits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EscapeStyle {
    /// `$'…'`
    Quote,
    /// `echo -e`: octal needs a leading zero, `\c` ends the output.
    Echo,
    /// `%b`: as `echo -e`, but octal digits also count without a leading zero.
    Argument,
    /// The format of `printf`.
    Format,
}

/// One decoded escape.
pub(crate) enum Escape {
    Bytes(usize),
    /// `\c`: nothing more is to be written.
    Stop,
    /// Not an escape: the backslash stands for itself.
    Unknown,
}

/// Decodes the escape whose text after the backslash is `text`, appending to `out`. The number
/// tells how many bytes of `text` belong to it.
pub(crate) fn unescape(text: &[u8], style: EscapeStyle, out: &mut Vec<u8>) -> Escape {
    let Some(&first) = text.first() else { return Escape::Unknown };
    let simple = match first {
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'\'' | b'"' | b'?' if style == EscapeStyle::Quote => first,
        b'"' if style == EscapeStyle::Format => first,
        b'\'' | b'?' if style == EscapeStyle::Format => first,
        b'c' if matches!(style, EscapeStyle::Echo | EscapeStyle::Argument) => return Escape::Stop,
        b'c' if style == EscapeStyle::Quote => {
            let Some(&control) = text.get(1) else { return Escape::Unknown };
            out.push(if control == b'?' { 0x7f } else { control & 0x1f });
            return Escape::Bytes(2);
        }
        b'1'..=b'7' if style == EscapeStyle::Echo => return Escape::Unknown,
        b'0'..=b'7' => return octal(text, style, out),
        b'x' => return hexadecimal(text, style, out),
        b'u' => return unicode(text, 4, out),
        b'U' => return unicode(text, 8, out),
        _ => return Escape::Unknown,
    };
    out.push(simple);
    Escape::Bytes(1)
}

fn octal(text: &[u8], style: EscapeStyle, out: &mut Vec<u8>) -> Escape {
    let zero = matches!(style, EscapeStyle::Echo | EscapeStyle::Argument) && text[0] == b'0';
    let start = usize::from(zero);
    let digits = text[start..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    let value = text[start..start + digits].iter().fold(0u32, |v, b| v * 8 + u32::from(b - b'0'));
    out.push(value as u8);
    Escape::Bytes(start + digits)
}

fn hexadecimal(text: &[u8], style: EscapeStyle, out: &mut Vec<u8>) -> Escape {
    let braced = style == EscapeStyle::Quote && text.get(1) == Some(&b'{');
    let start = 1 + usize::from(braced);
    let most = if braced { usize::MAX } else { 2 };
    let digits = hex_digits(&text[start..], most);
    if digits == 0 {
        return Escape::Unknown;
    }
    out.push(hex_value(&text[start..start + digits]) as u8);
    let closed = usize::from(braced && text.get(start + digits) == Some(&b'}'));
    Escape::Bytes(start + digits + closed)
}

fn unicode(text: &[u8], most: usize, out: &mut Vec<u8>) -> Escape {
    let digits = hex_digits(&text[1..], most);
    if digits == 0 {
        return Escape::Unknown;
    }
    let value = hex_value(&text[1..1 + digits]);
    match char::from_u32(value) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.push(value as u8),
    }
    Escape::Bytes(1 + digits)
}

fn hex_digits(text: &[u8], most: usize) -> usize {
    text.iter().take(most).take_while(|b| b.is_ascii_hexdigit()).count()
}

fn hex_value(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0u32, |value, &b| (value << 4) | char::from(b).to_digit(16).unwrap_or_default())
}

/// Decodes the text of `$'…'`.
pub(crate) fn decode_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        if text[i] == b'\\' {
            match unescape(&text[i + 1..], EscapeStyle::Quote, &mut out) {
                Escape::Bytes(n) => {
                    i += 1 + n;
                    continue;
                }
                Escape::Stop | Escape::Unknown => out.push(b'\\'),
            }
        } else {
            out.push(text[i]);
        }
        i += 1;
    }
    // A NUL ends the string, as it does in C.
    if let Some(end) = out.iter().position(|&b| b == 0) {
        out.truncate(end);
    }
    out
}

impl Parser<'_> {
    /// From after `$'` to after the closing quote, decoded.
    pub(super) fn ansi_c_quoted(&mut self) -> Parsed<Vec<u8>> {
        let line = self.line;
        let start = self.pos;
        loop {
            match self.peek() {
                None => return Err(self.unmatched('\'', line)),
                Some(b'\\') => {
                    self.bump();
                    if self.peek().is_some() {
                        self.bump();
                    }
                }
                Some(b'\'') => {
                    let text = decode_quoted(&self.text[start..self.pos]);
                    self.bump();
                    return Ok(text);
                }
                Some(_) => self.bump(),
            }
        }
    }
}
