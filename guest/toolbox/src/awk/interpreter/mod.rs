//! Running a program.

mod evaluate;
mod execute;
mod files;
mod variables;

use crate::awk::ast::{Pattern, Program};
use crate::awk::input::{Ending, Reader};
use crate::awk::output::Streams;
use crate::awk::record::{self, Record, Separator};
use crate::awk::value::{Array, Text, Value};
use crate::io::{Out, complain};
use crate::options::bytes;
use regex::bytes::Regex;
use std::collections::HashMap;
use std::ffi::OsString;

/// Calls nested deeper than this would exhaust the sandbox's stack.
const MAX_CALLS: usize = 1_000;

/// Why the execution of statements stopped.
pub(super) enum Stop {
    Break,
    Continue,
    Next,
    NextFile,
    Exit,
    Return(Value),
    Fatal(String),
}

pub(super) type Run<T> = Result<T, Stop>;

pub(super) fn fatal<T>(message: impl Into<String>) -> Run<T> {
    Err(Stop::Fatal(message.into()))
}

#[derive(Clone)]
pub(super) enum Cell {
    Scalar(Value),
    Array(Array),
}

pub(super) struct Interpreter<'p> {
    program: &'p Program,
    name: String,
    pub(super) globals: Vec<Cell>,
    locals: Vec<Cell>,
    /// Where the current function's locals begin.
    frame: usize,
    calls: usize,
    record: Record,
    separator: Separator,
    ending: Ending,
    patterns: HashMap<Text, Regex>,
    ranges: Vec<bool>,
    pub(super) streams: Streams,
    pub(super) out: Out,
    operands: usize,
    main: Option<Reader>,
    used_operand: bool,
    input_over: bool,
    in_end: bool,
    failed: bool,
    status: u8,
    pub(super) seed: (f64, u64),
}

impl<'p> Interpreter<'p> {
    pub(super) fn new(program: &'p Program, name: &str, argv: Vec<OsString>) -> Self {
        let globals =
            program
                .global_arrays
                .iter()
                .map(|array| {
                    if *array { Cell::Array(Array::default()) } else { Cell::Scalar(Value::Unset) }
                })
                .collect();
        let mut interpreter = Self {
            program,
            name: name.to_owned(),
            globals,
            locals: Vec::new(),
            frame: 0,
            calls: 0,
            record: Record::new(),
            separator: Separator::Blanks,
            ending: Ending::Byte(b'\n'),
            patterns: HashMap::new(),
            ranges: vec![false; program.ranges],
            streams: Streams::default(),
            out: Out::new(name, 2),
            operands: 1,
            main: None,
            used_operand: false,
            input_over: false,
            in_end: false,
            failed: false,
            status: 0,
            seed: (0.0, 0x2545_f491_4f6c_dd1d),
        };
        for (slot, text) in [
            (record::FS, " "),
            (record::OFS, " "),
            (record::ORS, "\n"),
            (record::RS, "\n"),
            (record::SUBSEP, "\x1c"),
            (record::CONVFMT, "%.6g"),
            (record::OFMT, "%.6g"),
        ] {
            interpreter.globals[slot] = Cell::Scalar(Value::text(text));
        }
        for slot in [record::NF, record::NR, record::FNR, record::RSTART] {
            interpreter.globals[slot] = Cell::Scalar(Value::Number(0.0));
        }
        interpreter.globals[record::RLENGTH] = Cell::Scalar(Value::Number(-1.0));
        if let Cell::Array(environ) = &interpreter.globals[record::ENVIRON] {
            let variables = std::env::vars_os();
            environ.borrow_mut().extend(
                variables
                    .map(|(name, value)| (Text::from(bytes(&name)), Value::input(bytes(&value)))),
            );
        }
        let count = Value::Number(argv.len() as f64);
        if let Cell::Array(array) = &interpreter.globals[record::ARGV] {
            let items = argv.iter().enumerate();
            array.borrow_mut().extend(
                items.map(|(i, arg)| {
                    (Text::from(i.to_string().as_bytes()), Value::input(bytes(arg)))
                }),
            );
        }
        if let Some(argc) = program.globals.iter().position(|global| global == "ARGC") {
            interpreter.globals[argc] = Cell::Scalar(count);
        } else {
            interpreter.operands = 1;
        }
        interpreter
    }

    pub(super) fn assign_special(&mut self, name: &str, text: Vec<u8>) {
        if let Some(index) = self.program.globals.iter().position(|global| global == name)
            && let Err(Stop::Fatal(message)) = self.set_global(index, Value::text(text))
        {
            complain(&self.name, message);
            self.failed = true;
        }
    }

    /// `name=value` from the command line; false when it has not that form.
    pub(super) fn assign_text(&mut self, text: &[u8]) -> bool {
        let Some(at) = text.iter().position(|b| *b == b'=') else { return false };
        let (name, value) = (&text[..at], &text[at + 1..]);
        let valid = name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if !valid {
            return false;
        }
        let value = Value::input(crate::awk::lexer::unescape(value));
        if let Some(index) =
            self.program.globals.iter().position(|global| global.as_bytes() == name)
        {
            if self.program.global_arrays[index] {
                let shown = String::from_utf8_lossy(name);
                complain(&self.name, format_args!("cannot assign to '{shown}': it is an array"));
                self.failed = true;
            } else if let Err(Stop::Fatal(message)) = self.set_global(index, value) {
                complain(&self.name, message);
                self.failed = true;
            }
        }
        true
    }

    pub(super) fn run(mut self) -> u8 {
        let program = self.program;
        if self.failed {
            return 2;
        }
        let result = self.body(program);
        let result = match result {
            Err(Stop::Exit) | Ok(()) if !self.in_end => {
                self.in_end = true;
                // END rules run after an exit elsewhere, too.
                program.end.iter().try_for_each(|block| self.exec(block))
            }
            other => other,
        };
        if let Err(Stop::Fatal(message)) = result {
            self.out.flush();
            complain(&self.name, message);
            self.status = 2;
        }
        self.streams.close_all(&mut self.out);
        if self.failed && self.status == 0 { 2 } else { self.status }
    }

    fn body(&mut self, program: &Program) -> Run<()> {
        program.begin.iter().try_for_each(|block| self.exec(block))?;
        if program.rules.is_empty() && program.end.is_empty() {
            return Ok(());
        }
        while let Some(text) = self.next_main_record()? {
            self.record.set(Text::from(text));
            match self.rules(program) {
                Ok(()) | Err(Stop::Next) => {}
                Err(Stop::NextFile) => self.main = None,
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    fn rules(&mut self, program: &Program) -> Run<()> {
        for rule in &program.rules {
            let applies = match &rule.pattern {
                Pattern::Always => true,
                Pattern::Expr(expr) => self.eval(expr)?.truth(),
                Pattern::Range(first, last, index) => {
                    let inside = self.ranges[*index] || self.eval(first)?.truth();
                    if inside {
                        self.ranges[*index] = !self.eval(last)?.truth();
                    }
                    inside
                }
            };
            if !applies {
                continue;
            }
            match &rule.action {
                Some(action) => self.exec(action)?,
                None => {
                    let line = self.whole();
                    let ors = self.text_of(record::ORS);
                    self.out.put(&*line);
                    self.out.put(&*ors);
                }
            }
        }
        Ok(())
    }

    fn warn(&mut self, message: &str) {
        self.out.flush();
        complain(&self.name, message);
        self.failed = true;
    }
}
