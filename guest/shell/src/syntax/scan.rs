//! Finding the end of a bracketed text without parsing it.

use super::parser::Parser;

impl Parser<'_> {
    /// The length of the text from `open` at offset `at` to its matching `close`, both included.
    /// Quotes, expansions and nested brackets are skipped.
    pub(super) fn scan_balanced(&mut self, at: usize, open: u8, close: u8) -> Option<usize> {
        let mut depth = 0u32;
        let mut i = at;
        loop {
            let byte = self.peek_at(i)?;
            match byte {
                b'\n' if open == b'[' => return None,
                _ if byte == open => depth += 1,
                _ if byte == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(i + 1 - at);
                    }
                }
                _ => {
                    i = self.scan_item(i)?;
                    continue;
                }
            }
            i += 1;
        }
    }

    /// The length of `((` … `))` at offset `at`; `None` when the parentheses close separately.
    pub(super) fn scan_double_parens(&mut self, at: usize) -> Option<usize> {
        let mut depth = 0u32;
        let mut i = at;
        loop {
            match self.peek_at(i)? {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 1 {
                        return (self.peek_at(i + 1) == Some(b')')).then_some(i + 2 - at);
                    }
                }
                _ => {
                    i = self.scan_item(i)?;
                    continue;
                }
            }
            i += 1;
        }
    }

    /// The offset after the byte, quotation or expansion at offset `i`.
    pub(super) fn scan_item(&mut self, i: usize) -> Option<usize> {
        match self.peek_at(i)? {
            b'\\' => {
                self.peek_at(i + 1)?;
                Some(i + 2)
            }
            b'\'' => self.scan_to(i + 1, b'\'', false),
            b'"' => self.scan_to(i + 1, b'"', true),
            b'`' => self.scan_to(i + 1, b'`', true),
            b'$' => match self.peek_at(i + 1) {
                Some(b'(') => Some(i + 1 + self.scan_balanced(i + 1, b'(', b')')?),
                Some(b'{') => Some(i + 1 + self.scan_balanced(i + 1, b'{', b'}')?),
                _ => Some(i + 1),
            },
            _ => Some(i + 1),
        }
    }

    fn scan_to(&mut self, mut i: usize, end: u8, escapes: bool) -> Option<usize> {
        loop {
            let byte = self.peek_at(i)?;
            if byte == end {
                return Some(i + 1);
            }
            i = if !escapes {
                i + 1
            } else if byte == b'$' || byte == b'\\' {
                self.scan_item(i)?
            } else {
                i + 1
            };
        }
    }
}

/// Splits the text of `for (( ))` at its semicolons.
pub(super) fn split_semicolons(text: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut quote) = (0u32, 0, 0u8);
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\'' if quote == 0 => quote = byte,
            _ if quote == byte => quote = 0,
            _ if quote != 0 => {}
            b'(' | b'{' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => {
                parts.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
