//! Writing jq's results.

use super::options::Settings;
use crate::io::Out;
use jaq_all::json::Val;
use jaq_all::json::write::{Pp, Styles, write as write_json};

/// Writes one result as the options say.
pub(super) fn write(out: &mut Out, s: &Settings, value: &Val) {
    match value {
        Val::TStr(text) | Val::BStr(text) if s.raw => out.put(&***text),
        _ => {
            let printer = Pp {
                indent: (!s.compact).then(|| s.indent.clone()),
                sort_keys: s.sort_keys,
                styles: if s.color { Styles::ansi() } else { Styles::default() },
                sep_space: !s.compact,
            };
            if s.ascii {
                let mut text = Vec::new();
                // Writing to memory does not fail.
                let _ = write_json(&mut text, &printer, 0, value);
                out.put(escaped(&text));
            } else {
                let _ = write_json(out, &printer, 0, value);
            }
        }
    }
    if s.raw_null {
        out.put([0]);
    } else if !s.join {
        out.put("\n");
    }
    if s.unbuffered {
        out.flush();
    }
}

/// `-a`: everything beyond ASCII as `\uXXXX`, in UTF-16.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in String::from_utf8_lossy(text).chars() {
        if c.is_ascii() {
            out.extend(c.to_string().bytes());
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend(format!("\\u{unit:04x}").bytes());
            }
        }
    }
    out
}
