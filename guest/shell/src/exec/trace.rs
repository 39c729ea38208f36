//! `set -x`.

use crate::state::{Shell, Unwind};
use crate::syntax::ast::{Part, Word};

impl Shell {
    /// Writes a line of the trace: `PS4`, its first character repeated by depth, and `text`.
    pub(crate) fn trace(&mut self, text: &[u8]) -> Result<(), Unwind> {
        let mut line = self.trace_prefix()?;
        line.extend_from_slice(text);
        line.push(b'\n');
        self.write_error(&line);
        Ok(())
    }

    fn trace_prefix(&mut self) -> Result<Vec<u8>, Unwind> {
        let Some(ps4) = self.get(b"PS4") else { return Ok(b"+ ".to_vec()) };
        if ps4 == b"+ " {
            return Ok([&vec![b'+'; self.trace_depth as usize][..], b"+ "].concat());
        }
        // What is traced must not be traced while it is expanded.
        self.options.xtrace = false;
        let status = self.status;
        let expanded = self.expand_prompt(&ps4);
        self.options.xtrace = true;
        self.status = status;
        let text = expanded?;
        let first = text.get(..crate::bytes::char_len(&text)).unwrap_or_default().to_vec();
        Ok([&first.repeat(self.trace_depth as usize)[..], &text].concat())
    }

    fn expand_prompt(&mut self, text: &[u8]) -> Result<Vec<u8>, Unwind> {
        let word = crate::syntax::here_text(text, self.line, self.syntax());
        self.expand_here(&word)
    }
}

/// A word in source form, as far as messages need it.
pub(super) fn source(word: &Word) -> Vec<u8> {
    let mut out = Vec::new();
    parts(&word.parts, &mut out);
    out
}

fn parts(parts_of: &[Part], out: &mut Vec<u8>) {
    for part in parts_of {
        match part {
            Part::Literal(text) | Part::Tilde(text) => out.extend_from_slice(text),
            Part::Quoted(text) => {
                out.extend_from_slice(&crate::expand::quote::minimal(text));
            }
            Part::Double(inner) => {
                out.push(b'"');
                for part in inner.iter() {
                    match part {
                        Part::Literal(text) | Part::Quoted(text) => out.extend_from_slice(text),
                        other => parts(std::slice::from_ref(other), out),
                    }
                }
                out.push(b'"');
            }
            Part::Param(param) => out.extend_from_slice(&param.text),
            Part::Command(_) => out.extend_from_slice(b"$(...)"),
            Part::Arith(arith) => {
                out.extend_from_slice(b"$((");
                out.extend_from_slice(&arith.text);
                out.extend_from_slice(b"))");
            }
            Part::Process { read, .. } => {
                out.extend_from_slice(if *read { b"<(...)" } else { b">(...)" });
            }
        }
    }
}
