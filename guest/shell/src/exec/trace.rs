//! `set -x`.

use crate::state::{Shell, Unwind};

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
        let Some(ps4) = self.get(b"PS4") else { return Ok(Vec::new()) };
        if ps4 == b"+ " {
            return Ok([&vec![b'+'; self.trace_depth as usize][..], b"+ "].concat());
        }
        // What is traced must not be traced while it is expanded.
        self.options.xtrace = false;
        let status = self.status;
        let expanded = self.prompt(&ps4);
        self.options.xtrace = true;
        self.status = status;
        let text = match expanded {
            Ok(text) => text,
            // An error in it was reported; the command runs nevertheless.
            Err(Unwind::Discard(_)) => Vec::new(),
            Err(unwind) => return Err(unwind),
        };
        let first = text.get(..crate::bytes::char_len(&text)).unwrap_or_default().to_vec();
        Ok([&first.repeat(self.trace_depth as usize)[..], &text].concat())
    }
}
