//! Scripts from the standard input.

use greenroom_process as process;

use crate::state::{Flow, Shell};
use crate::syntax::{Feed, Parser};

impl Shell {
    /// Reads one line, without its newline; `None` at the end of the input.
    pub(crate) fn read_line(&self, number: u32) -> Option<Vec<u8>> {
        let handle = self.fds.get(number)?;
        let (mut line, mut byte) = (Vec::new(), [0]);
        loop {
            match process::read(handle.raw(), &mut byte) {
                Ok(1) if byte[0] == b'\n' => return Some(line),
                Ok(1) => line.push(byte[0]),
                Err(process::Errno::INTR) => {}
                _ => return (!line.is_empty()).then_some(line),
            }
        }
    }

    /// Runs the script on descriptor 0. It is read line by line, and no further than the commands
    /// that are run: what follows is the input of those that read.
    pub(crate) fn run_stdin(&mut self) -> Flow {
        let Some(handle) = self.fds.get(0).cloned() else { return Ok(0) };
        let feed: Feed<'_> = Box::new(move |text| {
            let before = text.len();
            let mut byte = [0];
            loop {
                match process::read(handle.raw(), &mut byte) {
                    Ok(1) => text.push(byte[0]),
                    Err(process::Errno::INTR) => continue,
                    _ => break,
                }
                if byte[0] == b'\n' {
                    break;
                }
            }
            text.len() > before
        });
        let source = self.source.clone();
        let mut parser = Parser::with_feed(feed, source, self.syntax());
        self.run_parser(&mut parser, "")
    }
}
