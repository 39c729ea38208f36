//! JSON lines: every record as one JSON object on a line of its own. See
//! [`Event`](crate::event::Event) for the fields. Nothing is lost: the lines can be read back as
//! [`Record`]s and reported again.

use super::Reporter;
use crate::event::Record;

/// The reporter of `--format jsonl`.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonLines;

impl Reporter for JsonLines {
    fn record(&mut self, record: &Record, out: &mut Vec<u8>) {
        let before = out.len();
        match serde_json::to_writer(&mut *out, record) {
            Ok(()) => out.push(b'\n'),
            // Neither a Vec nor plain data can fail; half a line would be worse than none.
            Err(_) => out.truncate(before),
        }
    }
}
