//! `echo`.

use crate::state::{Flow, Shell};
use crate::syntax::ansi_c::{Escape, EscapeStyle, unescape};

pub(super) fn echo(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut newline = true;
    let mut escapes = sh.shopts.xpg_echo;
    let mut index = 1;
    while let Some(option) = arguments.get(index) {
        let letters = match option.strip_prefix(b"-") {
            Some(letters) if !letters.is_empty() && letters.iter().all(|b| b"neE".contains(b)) => {
                letters
            }
            _ => break,
        };
        for letter in letters {
            match letter {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        index += 1;
    }
    let mut out = arguments[index..].join(&b' ');
    if escapes {
        let (text, stopped) = expand_escapes(&out, EscapeStyle::Echo);
        out = text;
        newline &= !stopped;
    }
    if newline {
        out.push(b'\n');
    }
    sh.print("echo", &out)
}

/// Expands backslash escapes; the flag tells whether `\c` ended the text.
pub(super) fn expand_escapes(text: &[u8], style: EscapeStyle) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        if text[i] != b'\\' {
            out.push(text[i]);
            i += 1;
            continue;
        }
        match unescape(&text[i + 1..], style, &mut out) {
            Escape::Bytes(n) => i += 1 + n,
            Escape::Stop => return (out, true),
            Escape::Unknown => {
                out.push(b'\\');
                i += 1;
            }
        }
    }
    (out, false)
}
