//! Brace expansion, which sees only the unquoted text of a word.

use std::cell::Cell;
use std::rc::Rc;

use crate::syntax::ast::{Param, ParamOp, Part, Target, Word};
use crate::syntax::is_name_char;

/// One element of a word while braces are looked for.
#[derive(Clone)]
enum Item {
    Byte(u8),
    Opaque(Part),
}

/// The most words that one word may become.
pub(super) const MAX_WORDS: usize = 1_000_000;

/// The words that a word stands for, in order; `None` when there are more than [`MAX_WORDS`].
pub(super) fn expand(word: &Word) -> Option<Vec<Word>> {
    let mut items = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text) => items.extend(text.iter().map(|&b| Item::Byte(b))),
            other => items.push(Item::Opaque(other.clone())),
        }
    }
    let over = Cell::new(false);
    let all = alternatives(&items, 0, &over);
    (!over.get()).then(|| all.iter().map(|items| rebuild(items)).collect())
}

fn rebuild(items: &[Item]) -> Word {
    let mut word = Word::default();
    let mut literal = Vec::new();
    for item in items {
        match item {
            Item::Byte(byte) => {
                // Brace expansion comes first: `{$x,y}z` is `$xz yz`.
                if literal.is_empty()
                    && is_name_char(*byte)
                    && let Some(Part::Param(param)) = word.parts.last()
                    && let Some(longer) = extended(param, *byte)
                {
                    word.parts.pop();
                    word.parts.push(longer);
                    continue;
                }
                literal.push(*byte);
            }
            Item::Opaque(part) => {
                if !literal.is_empty() {
                    word.parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                }
                word.parts.push(part.clone());
            }
        }
    }
    if !literal.is_empty() {
        word.parts.push(Part::Literal(literal.into()));
    }
    tilde_prefix(&mut word);
    word
}

/// What brace expansion put at the beginning may be a tilde with a user's name.
fn tilde_prefix(word: &mut Word) {
    let Some(Part::Literal(text)) = word.parts.first() else { return };
    if text.first() != Some(&b'~') {
        return;
    }
    let end = text.iter().position(|&b| b == b'/').unwrap_or(text.len());
    if end == text.len() && word.parts.len() > 1
        || !text[1..end].iter().all(|&b| is_name_char(b) || matches!(b, b'+' | b'-' | b'.'))
    {
        return;
    }
    let (prefix, rest) = (Rc::from(&text[..end]), Rc::<[u8]>::from(&text[end..]));
    word.parts[0] = Part::Literal(rest);
    word.parts.insert(0, Part::Tilde(prefix));
}

/// `$name` with one more character in its name; `${name}` and `$1` take none.
fn extended(param: &Param, byte: u8) -> Option<Part> {
    let Target::Name(name) = &param.target else { return None };
    if param.text.get(1) == Some(&b'{') {
        return None;
    }
    Some(Part::Param(Rc::new(Param {
        target: Target::Name([&name[..], &[byte]].concat().into()),
        subscript: None,
        indirect: false,
        op: ParamOp::None,
        text: [&param.text[..], &[byte]].concat().into(),
    })))
}

fn byte(items: &[Item], index: usize) -> Option<u8> {
    match items.get(index) {
        Some(Item::Byte(byte)) => Some(*byte),
        _ => None,
    }
}

/// Sets `over`, and stops, when there are too many.
fn alternatives(items: &[Item], depth: u32, over: &Cell<bool>) -> Vec<Vec<Item>> {
    if depth < 50 {
        for open in 0..items.len() {
            if byte(items, open) != Some(b'{') {
                continue;
            }
            if let Some((choices, end)) = group(items, open, depth, over) {
                let tails = alternatives(&items[end..], depth, over);
                let mut all = Vec::new();
                for choice in &choices {
                    for tail in &tails {
                        if all.len() >= MAX_WORDS {
                            over.set(true);
                            return all;
                        }
                        all.push([&items[..open], choice, tail].concat());
                    }
                }
                return all;
            }
        }
    }
    vec![items.to_vec()]
}

/// The choices of the group that opens at `open`, and the index after it.
fn group(
    items: &[Item],
    open: usize,
    depth: u32,
    over: &Cell<bool>,
) -> Option<(Vec<Vec<Item>>, usize)> {
    let mut level = 0u32;
    let mut commas = Vec::new();
    let mut close = None;
    for index in open..items.len() {
        match byte(items, index) {
            Some(b'{') => level += 1,
            Some(b'}') => {
                level -= 1;
                if level == 0 {
                    close = Some(index);
                    break;
                }
            }
            Some(b',') if level == 1 => commas.push(index),
            _ => {}
        }
    }
    let close = close?;
    let inner = &items[open + 1..close];
    if commas.is_empty() {
        let text: Option<Vec<u8>> =
            inner.iter().map(|i| if let Item::Byte(b) = i { Some(*b) } else { None }).collect();
        let words = sequence(&text?, over)?;
        let choices = words.into_iter().map(|w| w.into_iter().map(Item::Byte).collect()).collect();
        return Some((choices, close + 1));
    }
    let mut choices = Vec::new();
    let mut start = open + 1;
    for end in commas.into_iter().chain([close]) {
        choices.extend(alternatives(&items[start..end], depth + 1, over));
        start = end + 1;
    }
    Some((choices, close + 1))
}

/// `a..b` and `a..b..step`.
fn sequence(text: &[u8], over: &Cell<bool>) -> Option<Vec<Vec<u8>>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut parts = text.split("..");
    let (first, last, step) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let step: i64 = step.map_or(Some(1), |s| s.parse().ok())?;
    let step = if step == 0 { 1 } else { step.unsigned_abs() as i64 };
    if let (Ok(a), Ok(b)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let padded = |t: &str| {
            let digits = t.trim_start_matches(['-', '+']);
            digits.len() > 1 && digits.starts_with('0')
        };
        let width = if padded(first) || padded(last) { first.len().max(last.len()) } else { 0 };
        let count = b.abs_diff(a) / step.unsigned_abs();
        if count >= MAX_WORDS as u64 {
            over.set(true);
            return Some(Vec::new());
        }
        let count = count as i64;
        let sign = if b < a { -1 } else { 1 };
        let words = (0..=count)
            .map(|i| a.wrapping_add(step.wrapping_mul(i).wrapping_mul(sign)))
            .map(|n| {
                let sign = if n < 0 { "-" } else { "" };
                let digits = width.saturating_sub(sign.len());
                format!("{sign}{:0digits$}", n.unsigned_abs()).into_bytes()
            })
            .collect();
        return Some(words);
    }
    let (&[a], &[b]) = (first.as_bytes(), last.as_bytes()) else { return None };
    if !a.is_ascii_alphabetic() || !b.is_ascii_alphabetic() {
        return None;
    }
    let step = u8::try_from(step).ok()?;
    let mut words = Vec::new();
    let mut at = a;
    loop {
        words.push(vec![at]);
        let next = if a <= b { at.checked_add(step) } else { at.checked_sub(step) };
        match next {
            Some(next) if (a <= b && next <= b) || (a > b && next >= b) => at = next,
            _ => return Some(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::ast::Word;

    fn words(text: &str) -> String {
        let expanded = super::expand(&Word::literal(text.as_bytes())).expect("not too many");
        let texts: Vec<_> = expanded
            .iter()
            .map(|w| String::from_utf8_lossy(w.as_literal().unwrap_or_default()).into_owned())
            .collect();
        texts.join(" ")
    }

    #[test]
    fn as_in_bash() {
        assert_eq!(words("a{b,c}d{e,f}"), "abde abdf acde acdf");
        assert_eq!(words("{a,b{1,2}}x"), "ax b1x b2x");
        assert_eq!(words("{1..3}{x,}"), "1x 1 2x 2 3x 3");
        assert_eq!(words("{01..3}"), "01 02 03");
        assert_eq!(words("{a..e..2}"), "a c e");
        assert_eq!(words("{3..1}"), "3 2 1");
        assert_eq!(words("{-1..1}"), "-1 0 1");
        assert_eq!(words("{a}"), "{a}");
        assert_eq!(words("{a,b"), "{a,b");
        assert_eq!(words("a{}b"), "a{}b");
        assert_eq!(words("{{a,b}"), "{a {b");
        assert_eq!(
            words("{-9223372036854775808..9223372036854775807..9223372036854775807}"),
            "-9223372036854775808 -1 9223372036854775806"
        );
    }

    #[test]
    fn too_many_are_refused() {
        let many = |text: &str| super::expand(&Word::literal(text.as_bytes())).is_none();
        assert!(many("{1..1000001}") && many("x{1..1000001}y{a,b}"));
        assert!(!many("{1..1000}"));
    }
}
