//! Byte strings that are mostly UTF-8.

use std::borrow::Cow;

thread_local! {
    static SINGLE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// In the locale `C` every byte is a character.
pub(crate) fn set_single_bytes(on: bool) {
    SINGLE.set(on);
}

/// For messages that must be text.
pub(crate) fn display(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The length of the character at the start of `text`: a well-formed UTF-8 sequence, or one byte.
pub(crate) fn char_len(text: &[u8]) -> usize {
    let Some(&first) = text.first() else { return 0 };
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return 1,
    };
    if SINGLE.get() {
        return 1;
    }
    match text.get(..length) {
        Some(sequence) if std::str::from_utf8(sequence).is_ok() => length,
        _ => 1,
    }
}

/// The character at the start of `text`, if it is well-formed.
pub(crate) fn first_char(text: &[u8]) -> Option<char> {
    std::str::from_utf8(text.get(..char_len(text))?).ok()?.chars().next()
}

pub(crate) fn count_chars(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    chars(text).count()
}

/// The characters of `text` as slices.
pub(crate) fn chars(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let (first, rest) = text.split_at(char_len(text));
        text = rest;
        Some(first)
    })
}

/// The byte offset of the character with index `n`, at most the length of the text.
pub(crate) fn char_offset(text: &[u8], n: usize) -> usize {
    if text.is_ascii() {
        return n.min(text.len());
    }
    chars(text).take(n).map(<[u8]>::len).sum()
}

/// Reads an integer as `atoi` with complete consumption: optional blanks and sign, digits.
pub(crate) fn parse_int(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    text.strip_prefix('+').filter(|t| !t.starts_with('-')).unwrap_or(text).parse().ok()
}

pub(crate) fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    if what.is_empty() {
        return Some(0);
    }
    text.windows(what.len()).position(|window| window == what)
}
