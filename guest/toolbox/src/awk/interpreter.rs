//! Running a program.

use super::ast::{Binary, Expr, Function, Pattern, Program, Slot, Source, Stmt, Target};
use super::input::{Ending, Reader};
use super::output::{Mode, Streams};
use super::record::{self, Record, Separator};
use super::value::{Array, Text, Value};
use crate::io::{Out, complain, reason};
use crate::options::{bytes, os_string};
use regex::bytes::Regex;
use std::collections::HashMap;
use std::ffi::OsString;
use std::rc::Rc;

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
        let value = Value::input(super::lexer::unescape(value));
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

    /// The next record of the files and assignments in `ARGV`, with the counters moved.
    fn next_main_record(&mut self) -> Run<Option<Vec<u8>>> {
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

    fn warn(&mut self, message: &str) {
        self.out.flush();
        complain(&self.name, message);
        self.failed = true;
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

    pub(super) fn scalar(&self, global: usize) -> Value {
        match &self.globals[global] {
            Cell::Scalar(value) => value.clone(),
            Cell::Array(_) => Value::Unset,
        }
    }

    pub(super) fn text_of(&self, global: usize) -> Text {
        self.scalar(global).to_text(b"%.6g")
    }

    pub(super) fn convert(&self) -> Text {
        self.text_of(record::CONVFMT)
    }

    pub(super) fn text(&self, value: &Value) -> Text {
        match value {
            Value::Text(text) | Value::Both(text, _) => Rc::clone(text),
            other => other.to_text(&self.convert()),
        }
    }

    pub(super) fn set_global(&mut self, index: usize, value: Value) -> Run<()> {
        match index {
            record::NF => {
                self.split_record();
                let count = value.number();
                if !(0.0..=1e7).contains(&count) {
                    return fatal(format!("NF set to {count}, which is not possible"));
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked"
                )]
                self.record.resize(count as usize);
                return Ok(());
            }
            record::FS => {
                // The current record keeps the separator that it was read with.
                self.split_record();
                let text = self.text(&value);
                self.separator = Separator::new(&text).or_else(fatal)?;
            }
            record::RS => {
                let text = self.text(&value);
                self.ending = Ending::new(&text).or_else(fatal)?;
            }
            _ => {}
        }
        self.globals[index] = Cell::Scalar(value);
        Ok(())
    }

    fn split_record(&mut self) {
        let paragraph = matches!(self.ending, Ending::Paragraph);
        self.record.split(&self.separator, paragraph);
    }

    pub(super) fn separator(&self) -> (Separator, bool) {
        (self.separator.clone(), matches!(self.ending, Ending::Paragraph))
    }

    pub(super) fn whole(&mut self) -> Text {
        let (ofs, convert) = (self.text_of(record::OFS), self.convert());
        self.record.whole(&ofs, &convert)
    }

    pub(super) fn get(&mut self, slot: Slot) -> Value {
        match slot {
            Slot::Global(record::NF) => {
                self.split_record();
                Value::Number(self.record.count() as f64)
            }
            Slot::Global(index) => self.scalar(index),
            Slot::Local(index) => match &self.locals[self.frame + index] {
                Cell::Scalar(value) => value.clone(),
                Cell::Array(_) => Value::Unset,
            },
        }
    }

    pub(super) fn array(&self, slot: Slot) -> Run<Array> {
        let cell = match slot {
            Slot::Global(index) => &self.globals[index],
            Slot::Local(index) => &self.locals[self.frame + index],
        };
        match cell {
            Cell::Array(array) => Ok(Rc::clone(array)),
            Cell::Scalar(_) => fatal("a scalar is used as an array"),
        }
    }

    /// Whether a name stands for an array.
    pub(super) fn is_array(&self, slot: Slot) -> bool {
        self.array(slot).is_ok()
    }

    fn field(&mut self, index: &Value) -> Run<Value> {
        match Self::field_index(index)? {
            0 => Ok(Value::input(&*self.whole())),
            index => {
                self.split_record();
                Ok(self.record.field(index))
            }
        }
    }

    fn field_index(value: &Value) -> Run<usize> {
        let index = value.number();
        if !(0.0..=1e7).contains(&index) {
            return fatal(format!("attempt to access field {index}"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        Ok(index as usize)
    }

    pub(super) fn set_whole(&mut self, text: Text) {
        self.record.set(text);
    }

    /// Assigns to a variable, field or element.
    pub(super) fn assign(&mut self, target: &Expr, value: Value) -> Run<()> {
        match target {
            Expr::Var(Slot::Global(index)) => {
                if self.program.global_arrays[*index] {
                    let name = &self.program.globals[*index];
                    return fatal(format!("attempt to use array '{name}' as a scalar"));
                }
                self.set_global(*index, value)
            }
            Expr::Var(Slot::Local(index)) => {
                let at = self.frame + index;
                if matches!(self.locals[at], Cell::Array(_)) {
                    return fatal("attempt to use an array parameter as a scalar");
                }
                self.locals[at] = Cell::Scalar(value);
                Ok(())
            }
            Expr::Field(index) => {
                let index = self.eval(index)?;
                match Self::field_index(&index)? {
                    0 => {
                        let text = self.text(&value);
                        self.set_whole(text);
                    }
                    index => {
                        self.split_record();
                        self.record.set_field(index, value);
                    }
                }
                Ok(())
            }
            Expr::Element(slot, subscripts) => {
                let key = self.key(subscripts)?;
                self.array(*slot)?.borrow_mut().insert(key, value);
                Ok(())
            }
            Expr::Group(inner) => self.assign(inner, value),
            _ => fatal("assignment to something that is no variable"),
        }
    }

    pub(super) fn key(&mut self, subscripts: &[Expr]) -> Run<Text> {
        if let [only] = subscripts {
            let value = self.eval(only)?;
            return Ok(self.text(&value));
        }
        let mut key = Vec::new();
        for (index, subscript) in subscripts.iter().enumerate() {
            if index > 0 {
                key.extend_from_slice(&self.text_of(record::SUBSEP));
            }
            let value = self.eval(subscript)?;
            key.extend_from_slice(&self.text(&value));
        }
        Ok(Text::from(key))
    }

    /// The compiled pattern of a regular expression or of a string used as one.
    pub(super) fn pattern(&mut self, expr: &Expr) -> Run<Regex> {
        match expr {
            Expr::Regex(regex) => Ok(regex.clone()),
            Expr::Group(inner) => self.pattern(inner),
            other => {
                let value = self.eval(other)?;
                let text = self.text(&value);
                self.compiled(&text)
            }
        }
    }

    pub(super) fn compiled(&mut self, text: &Text) -> Run<Regex> {
        if let Some(regex) = self.patterns.get(text) {
            return Ok(regex.clone());
        }
        let source = String::from_utf8_lossy(text).into_owned();
        match super::parser::compile(&source) {
            Ok(regex) => {
                // A program that makes patterns without end must not fill the memory.
                if self.patterns.len() > 500 {
                    self.patterns.clear();
                }
                self.patterns.insert(Rc::clone(text), regex.clone());
                Ok(regex)
            }
            Err(e) => fatal(format!("invalid regular expression /{source}/: {e}")),
        }
    }

    pub(super) fn eval(&mut self, expr: &Expr) -> Run<Value> {
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(Rc::clone(text)),
            Expr::Regex(regex) => {
                let whole = self.whole();
                Value::bool(regex.is_match(&whole))
            }
            Expr::Var(slot) => {
                if self.is_array(*slot) {
                    return fatal("attempt to use an array as a scalar");
                }
                self.get(*slot)
            }
            Expr::Field(index) => {
                let index = self.eval(index)?;
                self.field(&index)?
            }
            Expr::Element(slot, subscripts) => {
                let key = self.key(subscripts)?;
                // Looking at an element creates it.
                self.array(*slot)?.borrow_mut().entry(key).or_default().clone()
            }
            Expr::Group(inner) => self.eval(inner)?,
            Expr::Assign(target, value) => {
                let value = self.eval(value)?;
                self.assign(target, value.clone())?;
                value
            }
            Expr::AssignOp(operator, target, value) => {
                let value = self.eval(value)?.number();
                let old = self.eval(target)?.number();
                let result = Value::Number(arithmetic(*operator, old, value)?);
                self.assign(target, result.clone())?;
                result
            }
            Expr::Conditional(condition, yes, no) => {
                let branch = if self.eval(condition)?.truth() { yes } else { no };
                self.eval(branch)?
            }
            Expr::And(left, right) => {
                Value::bool(self.eval(left)?.truth() && self.eval(right)?.truth())
            }
            Expr::Or(left, right) => {
                Value::bool(self.eval(left)?.truth() || self.eval(right)?.truth())
            }
            Expr::Not(operand) => Value::bool(!self.eval(operand)?.truth()),
            Expr::Negate(operand) => Value::Number(-self.eval(operand)?.number()),
            Expr::Plus(operand) => Value::Number(self.eval(operand)?.number()),
            Expr::Binary(operator, left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.binary(*operator, &left, &right)?
            }
            Expr::Concat(left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                let (left, right) = (self.text(&left), self.text(&right));
                Value::text([&*left, &*right].concat())
            }
            Expr::Match { text, pattern, negated } => {
                let value = self.eval(text)?;
                let text = self.text(&value);
                let regex = self.pattern(pattern)?;
                Value::bool(regex.is_match(&text) != *negated)
            }
            Expr::In(subscripts, slot) => {
                let key = self.key(subscripts)?;
                let array = self.array(*slot)?;
                let found = array.borrow().contains_key(&key);
                Value::bool(found)
            }
            Expr::Increment { target, by, postfix } => {
                let old = self.eval(target)?.number();
                self.assign(target, Value::Number(old + by))?;
                Value::Number(if *postfix { old } else { old + by })
            }
            Expr::Call(function, args) => self.call(*function, args)?,
            Expr::Builtin(function, args) => self.builtin(*function, args)?,
            Expr::Getline { from, target } => self.getline(from, target.as_deref())?,
        })
    }

    fn binary(&self, operator: Binary, left: &Value, right: &Value) -> Run<Value> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = || left.compare(right, &self.convert());
        Ok(Value::bool(match operator {
            Binary::Less => order() == Some(Less),
            Binary::LessEqual => matches!(order(), Some(Less | Equal)),
            Binary::Equal => order() == Some(Equal),
            Binary::NotEqual => order() != Some(Equal),
            Binary::Greater => order() == Some(Greater),
            Binary::GreaterEqual => matches!(order(), Some(Greater | Equal)),
            _ => return arithmetic(operator, left.number(), right.number()).map(Value::Number),
        }))
    }

    fn call(&mut self, index: usize, args: &[Expr]) -> Run<Value> {
        let program = self.program;
        let function: &Function = &program.functions[index];
        if args.len() > function.params {
            return fatal(format!("function '{}' called with too many arguments", function.name));
        }
        if self.calls >= MAX_CALLS {
            return fatal(format!("function '{}': calls are nested too deeply", function.name));
        }
        let mut cells = Vec::with_capacity(function.params);
        for (position, is_array) in function.arrays.iter().enumerate() {
            cells.push(match (args.get(position), is_array) {
                (Some(Expr::Var(slot)), true) => Cell::Array(self.array(*slot)?),
                (Some(_), true) => {
                    let name = &function.name;
                    return fatal(format!(
                        "function '{name}': argument {} must be an array",
                        position + 1
                    ));
                }
                (None, true) => Cell::Array(Array::default()),
                (Some(arg), false) => Cell::Scalar(self.eval(arg)?),
                (None, false) => Cell::Scalar(Value::Unset),
            });
        }
        let frame = std::mem::replace(&mut self.frame, self.locals.len());
        self.locals.extend(cells);
        self.calls += 1;
        let result = match &function.body {
            Some(body) => self.exec(body),
            None => Ok(()),
        };
        self.calls -= 1;
        self.locals.truncate(self.frame);
        self.frame = frame;
        match result {
            Ok(()) => Ok(Value::Unset),
            Err(Stop::Return(value)) => Ok(value),
            Err(other) => Err(other),
        }
    }

    fn getline(&mut self, from: &Source, target: Option<&Expr>) -> Run<Value> {
        let (text, from_main) = match from {
            Source::Main => (if self.in_end { None } else { self.next_main_record()? }, true),
            Source::File(file) => {
                let value = self.eval(file)?;
                let name = self.text(&value);
                let ending = self.ending.clone();
                let Some(reader) = self.streams.file(&name) else { return Ok(Value::Number(-1.0)) };
                match reader.record(&ending) {
                    Ok(text) => (text, false),
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
            Source::Command(command) => {
                let value = self.eval(command)?;
                let name = self.text(&value);
                let ending = self.ending.clone();
                let reader = self.streams.command(&name, &mut self.out).or_else(fatal)?;
                let text = reader.record(&ending);
                match text {
                    Ok(Some(text)) => {
                        let count = self.scalar(record::NR).number() + 1.0;
                        self.globals[record::NR] = Cell::Scalar(Value::Number(count));
                        (Some(text), false)
                    }
                    Ok(None) => (None, false),
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
        };
        let _ = from_main;
        let Some(text) = text else { return Ok(Value::Number(0.0)) };
        match target {
            Some(target) => self.assign(target, Value::input(&text))?,
            None => self.set_whole(Text::from(text)),
        }
        Ok(Value::Number(1.0))
    }

    fn print(&mut self, args: &[Expr], formatted: bool) -> Run<Vec<u8>> {
        if formatted {
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                values.push(self.eval(arg)?);
            }
            let format = self.text(&values[0]);
            return Ok(super::format::sprintf(&format, &values[1..], &self.convert()));
        }
        let ors = self.text_of(record::ORS);
        if args.is_empty() {
            return Ok([&*self.whole(), &*ors].concat());
        }
        let mut line = Vec::new();
        let (ofs, format) = (self.text_of(record::OFS), self.text_of(record::OFMT));
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                line.extend_from_slice(&ofs);
            }
            line.extend_from_slice(&self.eval(arg)?.to_text(&format));
        }
        line.extend_from_slice(&ors);
        Ok(line)
    }

    fn emit(&mut self, text: &[u8], target: &Target) -> Run<()> {
        let (expr, mode) = match target {
            Target::Stdout => {
                self.out.put(text);
                return Ok(());
            }
            Target::File(expr) => (expr, Mode::Truncate),
            Target::Append(expr) => (expr, Mode::Append),
            Target::Command(expr) => (expr, Mode::Command),
        };
        let value = self.eval(expr)?;
        let name = self.text(&value);
        if name.is_empty() {
            return fatal("expression for a redirection has the empty string as its value");
        }
        self.streams.write(&name, mode, text, &mut self.out).or_else(fatal)
    }

    fn exec(&mut self, statement: &Stmt) -> Run<()> {
        match statement {
            Stmt::Expr(expr) => self.eval(expr).map(drop),
            Stmt::Print(args, target) => {
                let text = self.print(args, false)?;
                self.emit(&text, target)
            }
            Stmt::Printf(args, target) => {
                let text = self.print(args, true)?;
                self.emit(&text, target)
            }
            Stmt::If(condition, then, other) => {
                if self.eval(condition)?.truth() {
                    self.exec(then)
                } else {
                    other.as_ref().map_or(Ok(()), |other| self.exec(other))
                }
            }
            Stmt::While(condition, body) => {
                while self.eval(condition)?.truth() {
                    if !self.turn(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Stmt::Do(body, condition) => {
                while self.turn(body)? && self.eval(condition)?.truth() {}
                Ok(())
            }
            Stmt::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.exec(start)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.eval(condition)?.truth()
                    {
                        return Ok(());
                    }
                    if !self.turn(body)? {
                        return Ok(());
                    }
                    if let Some(step) = step {
                        self.exec(step)?;
                    }
                }
            }
            Stmt::ForIn(key, array, body) => {
                let array = self.array(*array)?;
                let keys: Vec<Text> = array.borrow().keys().cloned().collect();
                for name in keys {
                    if !array.borrow().contains_key(&name) {
                        continue;
                    }
                    self.assign(&Expr::Var(*key), Value::input(&*name))?;
                    if !self.turn(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Stmt::Block(statements) => statements.iter().try_for_each(|stmt| self.exec(stmt)),
            Stmt::Next => Err(Stop::Next),
            Stmt::NextFile => Err(Stop::NextFile),
            Stmt::Break => Err(Stop::Break),
            Stmt::Continue => Err(Stop::Continue),
            Stmt::Exit(status) => {
                if let Some(status) = status {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "the low byte counts, as for exit(3)"
                    )]
                    let status = (self.eval(status)?.number() as i64) as u8;
                    self.status = status;
                }
                Err(Stop::Exit)
            }
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::Unset,
                };
                Err(Stop::Return(value))
            }
            Stmt::Delete(slot, subscripts) => {
                let key = self.key(subscripts)?;
                // Elements after it keep their order.
                self.array(*slot)?.borrow_mut().shift_remove(&key);
                Ok(())
            }
            Stmt::DeleteAll(slot) => {
                self.array(*slot)?.borrow_mut().clear();
                Ok(())
            }
        }
    }

    /// One turn of a loop; false when it is over.
    fn turn(&mut self, body: &Stmt) -> Run<bool> {
        match self.exec(body) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(other) => Err(other),
        }
    }
}

fn arithmetic(operator: Binary, left: f64, right: f64) -> Run<f64> {
    Ok(match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide if right == 0.0 => return fatal("division by zero attempted"),
        Binary::Divide => left / right,
        Binary::Modulo if right == 0.0 => return fatal("division by zero attempted in '%'"),
        Binary::Modulo => left % right,
        _ => left.powf(right),
    })
}
