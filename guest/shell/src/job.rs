//! The script of a job: entries that one shell runs one after the other, reporting progress.

use greenroom_process::{JobEvent, job_event};

use crate::state::{Flow, Shell, Unwind};
use crate::syntax::Parser;

impl Shell {
    /// Runs the entries as if they were lines of one script, and returns the status.
    pub(crate) fn run_job(&mut self, entries: &[Vec<u8>]) -> u8 {
        let mut line = 1;
        let mut index = 0;
        let mut flow = Ok(0);
        // Where the unit that ran last began: entry, its first line in the script.
        let mut unit = (0, 1);
        while index < entries.len() {
            unit = (index, line);
            let (taken, text) = self.unit(&entries[index..], line);
            job_event(JobEvent::CommandStarted(number(index)));
            flow = self.entry(text, line);
            line += entries[index..index + taken].iter().map(|e| lines(e)).sum::<u32>();
            index += taken;
            if flow.is_err() {
                break;
            }
        }
        let at = self.line;
        let status = self.end(flow);
        if status != 0 {
            let (entry, within) = place(entries, unit, at);
            job_event(JobEvent::CommandFailed(number(entry), within, status));
        }
        status
    }

    /// The entries that have to be parsed together, because the first ones are incomplete, and
    /// their text.
    fn unit(&self, entries: &[Vec<u8>], line: u32) -> (usize, Vec<u8>) {
        let mut text = Vec::new();
        for (count, entry) in (1..).zip(entries) {
            if count > 1 {
                text.push(b'\n');
            }
            text.extend_from_slice(entry);
            let source = self.source.clone();
            let mut parser = Parser::new(text.clone(), line, source, self.syntax());
            let incomplete = loop {
                match parser.complete_command() {
                    Ok(Some(_)) => {}
                    // A here-document without end continues in the next entry.
                    Ok(None) => break !parser.take_warnings().is_empty(),
                    Err(error) => break error.incomplete,
                }
            };
            if !incomplete {
                return (count, text);
            }
        }
        // Never complete: the error belongs to the first entry alone.
        let text = entries.first().cloned().unwrap_or_default();
        (1, text)
    }

    fn entry(&mut self, text: Vec<u8>, line: u32) -> Flow {
        let source = self.source.clone();
        let mut parser = Parser::new(text, line, source, self.syntax());
        self.line = line;
        loop {
            parser.set_options(self.syntax());
            match parser.complete_command() {
                Ok(None) => return Ok(self.status),
                Ok(Some(list)) => {
                    for (line, message) in parser.take_warnings() {
                        self.line = line;
                        self.error(&message);
                    }
                    self.complete_command(&list)?;
                }
                Err(error) => {
                    self.line = error.line;
                    let status = self.syntax_error(&error, "");
                    return Err(Unwind::Exit(status));
                }
            }
        }
    }
}

fn lines(text: &[u8]) -> u32 {
    number(text.iter().filter(|&&b| b == b'\n').count()) + 1
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The entry that contains a line of the script, and the line's number within it.
fn place(entries: &[Vec<u8>], (first, start): (usize, u32), line: u32) -> (usize, u32) {
    let mut from = start;
    for (index, entry) in entries.iter().enumerate().skip(first) {
        let count = lines(entry);
        if line < from + count {
            return (index, line.saturating_sub(from) + 1);
        }
        from += count;
    }
    (first, line.saturating_sub(start) + 1)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn lines_belong_to_entries() {
        let entries = [b"a".to_vec(), b"b\nc".to_vec(), b"d".to_vec()];
        assert_eq!(place(&entries, (0, 1), 1), (0, 1));
        assert_eq!(place(&entries, (1, 2), 3), (1, 2));
        assert_eq!(place(&entries, (1, 2), 4), (2, 1));
        assert_eq!(place(&entries, (2, 4), 99), (2, 96));
    }
}
