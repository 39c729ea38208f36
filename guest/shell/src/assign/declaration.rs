//! Attributes, and variables as `declare -p` prints them.

use crate::expand::quote;
use crate::state::Shell;
use crate::syntax::is_name;
use crate::vars::{Attributes, Value};

impl Shell {
    /// The letters of a variable's attributes.
    pub(crate) fn attribute_letters(&self, name: &[u8]) -> Vec<u8> {
        let Some(variable) = self.vars.get(name) else { return Vec::new() };
        let mut letters = Vec::new();
        match variable.value {
            Value::Indexed(_) => letters.push(b'a'),
            Value::Assoc(_) => letters.push(b'A'),
            _ => {}
        }
        for (attribute, letter) in [
            (Attributes::INTEGER, b'i'),
            (Attributes::LOWER, b'l'),
            (Attributes::NAMEREF, b'n'),
            (Attributes::READONLY, b'r'),
            (Attributes::TRACE, b't'),
            (Attributes::UPPER, b'u'),
            (Attributes::EXPORT, b'x'),
        ] {
            if variable.attributes.has(attribute) {
                letters.push(letter);
            }
        }
        letters
    }

    /// As `declare -p` prints a variable, with a newline.
    pub(crate) fn declaration(&self, name: &[u8]) -> Vec<u8> {
        let Some(variable) = self.vars.get(name) else { return Vec::new() };
        let letters = self.attribute_letters(name);
        let mut out = b"declare -".to_vec();
        out.extend_from_slice(if letters.is_empty() { b"-" } else { &letters });
        out.push(b' ');
        out.extend_from_slice(name);
        match &variable.value {
            Value::Unset => {}
            _ if !variable.is_set() => {}
            Value::Scalar(text) => {
                out.push(b'=');
                out.extend_from_slice(&quote::double(text));
            }
            Value::Indexed(items) => {
                let shown: Vec<Vec<u8>> = items
                    .iter()
                    .map(|(k, v)| [format!("[{k}]=").as_bytes(), &quote::double(v)].concat())
                    .collect();
                out.extend_from_slice(b"=(");
                out.extend_from_slice(&shown.join(&b' '));
                out.push(b')');
            }
            Value::Assoc(items) => {
                out.extend_from_slice(b"=(");
                for (key, value) in items.iter() {
                    let plain = is_name(key) || key.iter().all(u8::is_ascii_alphanumeric);
                    let key = if plain { key.clone() } else { quote::double(key) };
                    out.push(b'[');
                    out.extend_from_slice(&key);
                    out.extend_from_slice(b"]=");
                    out.extend_from_slice(&quote::double(value));
                    out.push(b' ');
                }
                out.push(b')');
            }
        }
        out.push(b'\n');
        out
    }
}
