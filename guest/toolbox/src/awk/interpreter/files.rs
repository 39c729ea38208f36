//! Which record comes next: the files and assignments of `ARGV`.

use super::{Cell, Interpreter, Run, fatal};
use crate::awk::input::Reader;
use crate::awk::record;
use crate::awk::value::{Text, Value};
use crate::io::{complain, reason};
use crate::options::os_string;

impl Interpreter<'_> {
    /// The next record of the files and assignments in `ARGV`, with the counters moved.
    pub(super) fn next_main_record(&mut self) -> Run<Option<Vec<u8>>> {
        loop {
            if self.input_over {
                return Ok(None);
            }
            if self.main.is_none() && !self.open_next()? {
                self.input_over = true;
                return Ok(None);
            }
            let Some(reader) = &mut self.main else { return Ok(None) };
            match reader.record(&self.ending) {
                Ok(Some(text)) => {
                    self.count_record();
                    return Ok(Some(text));
                }
                Ok(None) => self.main = None,
                Err(e) => {
                    let file = self.text_of(record::FILENAME);
                    let shown = String::from_utf8_lossy(&file).into_owned();
                    self.warn(&format!("cannot read '{shown}': {}", reason(&e)));
                    self.main = None;
                }
            }
        }
    }

    fn count_record(&mut self) {
        for slot in [record::NR, record::FNR] {
            let count = self.scalar(slot).number() + 1.0;
            self.globals[slot] = Cell::Scalar(Value::Number(count));
        }
    }

    fn open_next(&mut self) -> Run<bool> {
        let argc = self.program.globals.iter().position(|global| global == "ARGC");
        loop {
            let Cell::Array(argv) = &self.globals[record::ARGV] else { return Ok(false) };
            let count = match argc {
                Some(slot) => self.scalar(slot).number(),
                None => argv.borrow().len() as f64,
            };
            if self.operands as f64 >= count {
                if self.used_operand {
                    return Ok(false);
                }
                self.used_operand = true;
                self.begin_file(b"", Reader::new(std::io::stdin()));
                return Ok(true);
            }
            let key = Text::from(self.operands.to_string().as_bytes());
            self.operands += 1;
            let operand = argv.borrow().get(&key).map(|value| value.to_text(b"%.6g"));
            let Some(operand) = operand.filter(|operand| !operand.is_empty()) else { continue };
            if self.assign_text(&operand) {
                if self.failed {
                    return fatal("the assignment is not possible");
                }
                continue;
            }
            self.used_operand = true;
            if *operand == *b"-" {
                self.begin_file(b"-", Reader::new(std::io::stdin()));
                return Ok(true);
            }
            let opened = std::fs::File::open(os_string(&operand));
            match opened {
                Ok(file) if file.metadata().is_ok_and(|m| m.is_dir()) => {
                    let shown = String::from_utf8_lossy(&operand).into_owned();
                    self.out.flush();
                    complain(
                        &self.name,
                        format_args!("warning: '{shown}' is a directory: skipped"),
                    );
                }
                Ok(file) => {
                    self.begin_file(&operand, Reader::new(file));
                    return Ok(true);
                }
                Err(e) => {
                    let shown = String::from_utf8_lossy(&operand).into_owned();
                    self.warn(&format!("cannot open '{shown}': {}", reason(&e)));
                }
            }
        }
    }

    fn begin_file(&mut self, name: &[u8], reader: Reader) {
        self.globals[record::FILENAME] = Cell::Scalar(Value::text(name));
        self.globals[record::FNR] = Cell::Scalar(Value::Number(0.0));
        self.main = Some(reader);
    }
}
