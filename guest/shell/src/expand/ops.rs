//! The operators of `${…}` that change a value.

use super::fields::Values;
use super::params::{Index, Place};
use super::{Expanded, quote};
use crate::bytes;
use crate::pattern::Pattern;
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{Arith, ReplaceKind, Target};

/// A change of one value, its words already expanded.
pub(super) enum Change {
    Remove { suffix: bool, longest: bool, pattern: Pattern },
    Replace { kind: ReplaceKind, pattern: Pattern, replacement: Vec<u8> },
    Case { upper: bool, all: bool, toggle: bool, pattern: Option<Pattern> },
}

impl Change {
    pub(super) fn apply(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Remove { suffix: false, longest, pattern } => {
                text[pattern.prefix(text, *longest).unwrap_or(0)..].to_vec()
            }
            Self::Remove { suffix: true, longest, pattern } => {
                text[..pattern.suffix(text, *longest).unwrap_or(text.len())].to_vec()
            }
            Self::Replace { kind, pattern, replacement } => {
                replace(text, *kind, pattern, replacement)
            }
            Self::Case { upper, all, toggle, pattern } => {
                change_case(text, *upper, *all, *toggle, pattern.as_ref())
            }
        }
    }
}

fn replace(text: &[u8], kind: ReplaceKind, pattern: &Pattern, replacement: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    match kind {
        ReplaceKind::Prefix => {
            let end = pattern.prefix(text, true);
            if let Some(end) = end {
                substitute(&mut out, replacement, &text[..end]);
            }
            out.extend_from_slice(&text[end.unwrap_or(0)..]);
        }
        ReplaceKind::Suffix => {
            let start = pattern.suffix(text, true);
            out.extend_from_slice(&text[..start.unwrap_or(text.len())]);
            if let Some(start) = start {
                substitute(&mut out, replacement, &text[start..]);
            }
        }
        ReplaceKind::First | ReplaceKind::All => {
            let mut at = 0;
            while at < text.len() || (at == 0 && text.is_empty()) {
                let Some((start, end)) = pattern.find(text, at) else { break };
                if start == end && (start == text.len() && !text.is_empty()) {
                    break;
                }
                out.extend_from_slice(&text[at..start]);
                if start == end {
                    // An empty match changes nothing.
                    break_or_copy(&mut out, text, start, &mut at);
                    if text.is_empty() {
                        break;
                    }
                    continue;
                }
                substitute(&mut out, replacement, &text[start..end]);
                at = end;
                if kind == ReplaceKind::First {
                    break;
                }
            }
            out.extend_from_slice(&text[at.min(text.len())..]);
        }
    }
    out
}

fn break_or_copy(out: &mut Vec<u8>, text: &[u8], start: usize, at: &mut usize) {
    let length = bytes::char_len(&text[start..]);
    out.extend_from_slice(&text[start..start + length]);
    *at = start + length;
}

fn substitute(out: &mut Vec<u8>, replacement: &[u8], matched: &[u8]) {
    let mut bytes = replacement.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'&' => out.extend_from_slice(matched),
            b'\\' => match bytes.as_slice().first() {
                Some(&next @ (b'&' | b'\\')) => {
                    bytes.next();
                    out.push(next);
                }
                _ => out.push(b'\\'),
            },
            _ => out.push(byte),
        }
    }
}

fn change_case(
    text: &[u8],
    upper: bool,
    all: bool,
    toggle: bool,
    pattern: Option<&Pattern>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (index, part) in bytes::chars(text).enumerate() {
        let chosen = (all || index == 0) && pattern.is_none_or(|p| p.matches(part));
        match bytes::first_char(part).filter(|_| chosen) {
            None => out.extend_from_slice(part),
            Some(c) => {
                let to_upper = if toggle { c.is_lowercase() } else { upper };
                push_case(&mut out, c, to_upper);
            }
        }
    }
    out
}

fn push_case(out: &mut Vec<u8>, c: char, upper: bool) {
    // As in C, a character maps to one character or stays as it is.
    let mapped = if upper {
        let mut all = c.to_uppercase();
        all.next().filter(|_| all.next().is_none())
    } else {
        let mut all = c.to_lowercase();
        all.next().filter(|_| all.next().is_none())
    };
    out.extend_from_slice(mapped.unwrap_or(c).encode_utf8(&mut [0; 4]).as_bytes());
}

/// All of `text` in upper or lower case.
pub(crate) fn convert_case(text: &[u8], upper: bool) -> Vec<u8> {
    change_case(text, upper, true, false, None)
}

impl Shell {
    pub(super) fn substring(
        &mut self,
        place: &Place,
        values: Values,
        offset: &Arith,
        length: Option<&Arith>,
    ) -> Expanded<Values> {
        let offset = self.arith(offset)?;
        let length = match length {
            Some(arith) => Some(self.arith(arith)?),
            None => None,
        };
        match values {
            Values::Unset => Ok(Values::Unset),
            Values::One(text) => {
                let count = bytes::count_chars(&text) as i64;
                let start = if offset < 0 { count + offset } else { offset };
                if start < 0 || start > count {
                    return Ok(Values::One(Vec::new()));
                }
                let end = match length {
                    None => count,
                    Some(n) if n < 0 => {
                        if count + n < start {
                            return self.substring_error(n);
                        }
                        count + n
                    }
                    Some(n) => start.saturating_add(n).min(count),
                };
                let from = bytes::char_offset(&text, start as usize);
                let to = bytes::char_offset(&text, end as usize);
                Ok(Values::One(text[from..to].to_vec()))
            }
            Values::Many { items, star } => {
                if let Some(n) = length.filter(|n| *n < 0) {
                    return self.substring_error(n);
                }
                let positional = matches!(place.target, Target::Special(_));
                let items = if positional {
                    let mut all = vec![self.name.clone()];
                    all.extend(items);
                    slice(all, offset, length, offset < 0)
                } else if let Target::Name(name) = &place.target {
                    self.slice_array(name, items, offset, length)
                } else {
                    items
                };
                Ok(Values::Many { items, star })
            }
        }
    }

    fn substring_error(&mut self, length: i64) -> Expanded<Values> {
        self.error(&format!("{length}: substring expression < 0"));
        Err(Unwind::Discard(1))
    }

    /// Elements from an index on; the offset counts indices, the length counts elements.
    fn slice_array(
        &mut self,
        name: &[u8],
        items: Vec<Vec<u8>>,
        offset: i64,
        length: Option<i64>,
    ) -> Vec<Vec<u8>> {
        let name = self.resolve(name);
        if let Some(crate::vars::Value::Indexed(map)) = self.vars.get(&name).map(|v| &v.value) {
            let next = map.keys().next_back().map_or(0, |k| *k as i64 + 1);
            let start = if offset < 0 { next + offset } else { offset };
            if start < 0 {
                return Vec::new();
            }
            let count = length.map_or(usize::MAX, |n| n as usize);
            return map.range(start as u64..).take(count).map(|(_, v)| v.clone()).collect();
        }
        slice(items, offset, length, false)
    }

    pub(super) fn transform(&mut self, place: &Place, values: Values, op: u8) -> Expanded<Values> {
        if op == b'a' {
            return Ok(match &place.target {
                Target::Name(name) => {
                    let letters = self.attribute_letters(name);
                    match values {
                        Values::Many { items, star } => {
                            Values::Many { items: vec![letters; items.len()], star }
                        }
                        _ => Values::One(letters),
                    }
                }
                _ => Values::One(Vec::new()),
            });
        }
        if let (b'A', Target::Name(name)) = (op, &place.target) {
            return Ok(match (&place.index, values) {
                (_, Values::Unset) => Values::Unset,
                (Index::All { .. }, _) => {
                    Values::One(self.declaration(name).trim_ascii_end().to_vec())
                }
                (_, Values::One(text)) => {
                    let mut out = Vec::new();
                    let letters = self.attribute_letters(name);
                    if !letters.is_empty() {
                        out.extend_from_slice(b"declare -");
                        out.extend_from_slice(&letters);
                        out.push(b' ');
                    }
                    out.extend_from_slice(name);
                    out.push(b'=');
                    out.extend_from_slice(&quote::single(&text));
                    Values::One(out)
                }
                (_, values) => values,
            });
        }
        if let (b'K' | b'k', Target::Name(name), Index::All { .. }) =
            (op, &place.target, &place.index)
        {
            let keys = self.keys(name);
            let elements = self.elements(name);
            let mut items = Vec::new();
            for (key, value) in keys.into_iter().zip(elements) {
                items.push(key);
                items.push(if op == b'K' { quote::double(&value) } else { value });
            }
            return Ok(if op == b'K' {
                let mut text = items.join(&b' ');
                if self
                    .vars
                    .get(name)
                    .is_some_and(|v| matches!(v.value, crate::vars::Value::Assoc(_)))
                {
                    // As bash prints associative arrays everywhere.
                    text.push(b' ');
                }
                Values::One(text)
            } else {
                Values::Many { items, star: false }
            });
        }
        Ok(match values {
            Values::Unset => Values::Unset,
            Values::One(text) => Values::One(self.transform_one(&text, op)?),
            Values::Many { items, star } => {
                let items: Expanded<Vec<_>> =
                    items.iter().map(|item| self.transform_one(item, op)).collect();
                Values::Many { items: items?, star }
            }
        })
    }

    fn transform_one(&mut self, text: &[u8], op: u8) -> Expanded<Vec<u8>> {
        Ok(match op {
            b'Q' | b'K' | b'k' | b'A' => quote::single(text),
            b'U' => convert_case(text, true),
            b'L' => convert_case(text, false),
            b'u' => change_case(text, true, false, false, None),
            b'E' => crate::syntax::ansi_c::decode_quoted(text),
            b'P' => self.prompt(text)?,
            _ => text.to_vec(),
        })
    }
}

fn slice(items: Vec<Vec<u8>>, offset: i64, length: Option<i64>, _: bool) -> Vec<Vec<u8>> {
    let count = items.len() as i64;
    let start = if offset < 0 { count + offset } else { offset };
    if start < 0 || start > count {
        return Vec::new();
    }
    let take = length.map_or(usize::MAX, |n| n as usize);
    items.into_iter().skip(start as usize).take(take).collect()
}

#[cfg(test)]
mod tests {
    use super::{Change, ReplaceKind};
    use crate::pattern::Pattern;

    fn replaced(text: &str, kind: ReplaceKind, pattern: &str, replacement: &str) -> String {
        let change = Change::Replace {
            kind,
            pattern: Pattern::new(pattern.as_bytes(), false, false),
            replacement: replacement.into(),
        };
        String::from_utf8(change.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn replacement() {
        assert_eq!(replaced("banana", ReplaceKind::First, "a", "o"), "bonana");
        assert_eq!(replaced("banana", ReplaceKind::All, "a", "<&>"), "b<a>n<a>n<a>");
        assert_eq!(replaced("banana", ReplaceKind::All, "a", "\\&"), "b&n&n&");
        assert_eq!(replaced("banana", ReplaceKind::Prefix, "b*n", "X"), "Xa");
        assert_eq!(replaced("banana", ReplaceKind::Suffix, "n?", "X"), "banaX");
        assert_eq!(replaced("", ReplaceKind::All, "*", "x"), "");
        assert_eq!(replaced("a.b", ReplaceKind::All, "*", "x"), "x");
    }

    #[test]
    fn case() {
        let all = Change::Case { upper: true, all: true, toggle: false, pattern: None };
        assert_eq!(all.apply("straße é".as_bytes()), "STRAßE É".as_bytes());
        let some = Change::Case {
            upper: true,
            all: true,
            toggle: false,
            pattern: Some(Pattern::new(b"[ac]", false, false)),
        };
        assert_eq!(some.apply(b"abc"), b"AbC");
    }
}
