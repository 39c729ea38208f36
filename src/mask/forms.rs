//! The forms in which a secret turns up: as it is, and as everyday tools encode it.

use std::collections::HashSet;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::SHORTEST;

/// The shortest line of a secret of several lines that is looked for by itself: JSON and keys have
/// lines that say nothing, like `{`.
const SHORTEST_LINE: usize = 8;

/// Where tools break the lines of base64: `base64` of coreutils, and openssl.
const WIDTHS: [usize; 2] = [76, 64];

/// Every form of a secret, each once.
pub(super) fn of(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = Forms::default();
    // `$(…)` and editors take and give line ends.
    let core = secret.trim_end_matches(['\n', '\r']);
    let core = if core.len() < SHORTEST { secret } else { core };
    forms.add(core.as_bytes().to_vec());
    if core.contains('\n') {
        for line in core.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE) {
            forms.add(line.as_bytes().to_vec());
        }
    }
    for upper in [true, false] {
        forms.add(percent(core, upper, "%20"));
        forms.add(percent(core, upper, "+"));
    }
    forms.add(json(core));
    // What `set -x` and shells' quoting make of it.
    forms.add(core.replace('\'', r"'\''").into_bytes());
    for offset in 0..3 {
        forms.add(base64(&STANDARD_NO_PAD, core, offset));
        forms.add(base64(&URL_SAFE_NO_PAD, core, offset));
    }
    let whole = base64(&STANDARD_NO_PAD, core, 0);
    for width in WIDTHS {
        if whole.len() > width {
            for piece in whole.chunks(width).filter(|piece| piece.len() >= SHORTEST_LINE) {
                forms.add(piece.to_vec());
            }
        }
    }
    forms.list
}

#[derive(Default)]
struct Forms {
    list: Vec<Vec<u8>>,
    seen: HashSet<Vec<u8>>,
}

impl Forms {
    fn add(&mut self, form: Vec<u8>) {
        if form.len() >= SHORTEST && self.seen.insert(form.clone()) {
            self.list.push(form);
        }
    }
}

/// As in an address or a form: everything but letters, digits and `-_.~` as `%XX`.
fn percent(text: &str, upper: bool, blank: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push_str(blank),
            _ if upper => drop(write!(out, "%{byte:02X}")),
            _ => drop(write!(out, "%{byte:02x}")),
        }
    }
    out.into_bytes()
}

/// As in a JSON string, without the quotes.
fn json(text: &str) -> Vec<u8> {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().as_bytes().to_vec()
}

/// What base64 makes of the text after `offset` other bytes (modulo three), without the digits that
/// depend on what stands before and after it.
fn base64(engine: &impl Engine, text: &str, offset: usize) -> Vec<u8> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(text.as_bytes());
    let code = engine.encode(&bytes).into_bytes();
    // Each digit has six bits: the first that holds nothing of the bytes before, and the last that
    // is full.
    let first = (offset * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    code.get(first..last).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(secret: &str) -> Vec<String> {
        of(secret).into_iter().map(|form| String::from_utf8(form).expect("text")).collect()
    }

    #[test]
    fn forms_are_those_of_everyday_tools() {
        let forms = texts("p@ss/wörd 1\"\n");
        for expected in [
            "p@ss/wörd 1\"",
            "p%40ss%2Fw%C3%B6rd%201%22",
            "p%40ss%2fw%c3%b6rd+1%22",
            "p@ss/wörd 1\\\"",
        ] {
            assert!(forms.iter().any(|form| form == expected), "{expected}: {forms:?}");
        }
        assert_eq!(texts("abcd").iter().filter(|form| *form == "abcd").count(), 1);
        assert!(texts("it's me").iter().any(|form| form == r"it'\''s me"));
    }

    #[test]
    fn lines_of_a_long_secret_count_by_themselves() {
        let forms = texts("{\n  \"key\": \"0123456789\"\n}\n");
        assert!(forms.iter().any(|form| form == "\"key\": \"0123456789\""), "{forms:?}");
        assert!(forms.iter().all(|form| form != "{"));
    }
}
