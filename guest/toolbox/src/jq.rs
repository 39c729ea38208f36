//! The module `jq`: jq's command line around the filters of jaq.

mod options;
mod output;
mod tables;

use crate::io::{Out, complain, reason};
use crate::start::Command::Own;
use crate::start::commands;
use jaq_all::data::{Ctx, Data, Filter, Runner, base_funs};
use jaq_all::jaq_core::Vars;
use jaq_all::jaq_std::input::RcIter;
use jaq_all::json::{Val, read};
use options::{InputKind, Settings};
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

commands! {
    "jq" => Own(main),
}

/// A command line or a file that is wrong.
const BAD_USAGE: u8 = 2;
/// A filter that is wrong.
const BAD_FILTER: u8 = 3;
/// `-e`: there was no output.
const NO_OUTPUT: u8 = 4;
/// A filter failed.
const FAILED: u8 = 5;

fn main(name: &str, args: Vec<OsString>) -> u8 {
    let settings = match options::read(name, args) {
        Ok(settings) => settings,
        Err(status) => return status,
    };
    let names: Vec<String> = settings.variables.iter().map(|(name, _)| name.clone()).collect();
    let filter = match jaq_all::compile_with(
        &settings.filter,
        jaq_all::defs(),
        base_funs().chain(tables::functions()),
        &names,
    ) {
        Ok(filter) => filter,
        Err(reports) => {
            for report in &reports {
                let text = jaq_all::load::FileReportsDisp::new(report).to_string();
                complain(
                    name,
                    format_args!("error: {}", text.trim_end().trim_start_matches("Error: ")),
                );
            }
            complain(name, format_args!("{} compile error", reports.len()));
            return BAD_FILTER;
        }
    };
    Run { name, settings: &settings, out: Out::new(name, BAD_USAGE), last: None, status: 0 }
        .all(&filter)
}

struct Run<'a> {
    name: &'a str,
    settings: &'a Settings,
    out: Out,
    /// Whether the last output was neither false nor null.
    last: Option<bool>,
    status: u8,
}

impl Run<'_> {
    fn all(mut self, filter: &Filter) -> u8 {
        let s = self.settings;
        let (text, mut failed) = self.read();
        if failed && text.is_empty() && !s.null_input {
            return BAD_USAGE;
        }
        let inputs = inputs(s, &text);
        let inputs =
            RcIter::new(Box::new(inputs.map(|r| r.map_err(|e| e.to_string())))
                as Box<dyn Iterator<Item = _>>);
        let once =
            RcIter::new(Box::new(std::iter::once(Ok(Val::Null))) as Box<dyn Iterator<Item = _>>);
        let runner = Runner { null_input: s.null_input, ..Runner::default() };
        let file = s
            .files
            .last()
            .map_or(Val::Null, |f| Val::utf8_str(f.to_string_lossy().into_owned().into_bytes()));
        let data =
            Data { runner: &runner, lut: &filter.lut, inputs: &inputs, input_filename: &file };
        let variables = Vars::new(s.variables.iter().map(|(_, value)| value.clone()));
        let context = Ctx::new(&data, variables);
        // Where the filter can end the program, what it wrote before must be out by then.
        let ends =
            s.filter.contains("halt") || s.filter.contains("stderr") || s.filter.contains("debug");
        for input in if s.null_input { &once } else { &inputs } {
            let input = match input {
                Ok(input) => input,
                Err(message) => {
                    self.out.flush();
                    complain(self.name, format_args!("error (at {}): {message}", place(s)));
                    self.status = BAD_USAGE;
                    break;
                }
            };
            let mut outputs = filter.id.run((context.clone(), input));
            loop {
                if ends {
                    self.out.flush();
                }
                match outputs.next() {
                    None => break,
                    Some(Ok(value)) => {
                        self.last = Some(!matches!(value, Val::Null | Val::Bool(false)));
                        output::write(&mut self.out, s, &value);
                    }
                    Some(Err(exception)) => match exception.get_halt() {
                        Ok(status) => {
                            self.out.flush();
                            return u8::try_from(status & 0xff).unwrap_or(FAILED);
                        }
                        Err(other) => {
                            let message = match other.get_err() {
                                Ok(error) => error.to_string(),
                                Err(_) => "break".to_owned(),
                            };
                            self.out.flush();
                            complain(self.name, format_args!("error (at {}): {message}", place(s)));
                            self.status = FAILED;
                            break;
                        }
                    },
                }
            }
        }
        self.out.flush();
        if self.status == 0 && std::mem::take(&mut failed) {
            return BAD_USAGE;
        }
        match (self.status, s.exit_status, self.last) {
            (0, true, None) => NO_OUTPUT,
            (0, true, Some(last)) => u8::from(!last),
            (status, ..) => status,
        }
    }

    /// All files one after another, and whether one could not be read.
    fn read(&mut self) -> (Vec<u8>, bool) {
        let mut text = Vec::new();
        let mut failed = false;
        if self.settings.files.is_empty() {
            // With -n the input is read only when the filter asks for it; then it may wait.
            let wanted = !self.settings.null_input || self.settings.filter.contains("input");
            if wanted && let Err(e) = std::io::stdin().lock().read_to_end(&mut text) {
                complain(
                    self.name,
                    format_args!("error: cannot read standard input: {}", reason(&e)),
                );
                failed = true;
            }
        }
        for path in &self.settings.files {
            let opened = std::fs::File::open(Path::new(path));
            if let Err(e) = opened.and_then(|mut file| file.read_to_end(&mut text)) {
                let shown = path.display();
                complain(
                    self.name,
                    format_args!("error: Could not open file {shown}: {}", reason(&e)),
                );
                failed = true;
            }
            if self.settings.kind == InputKind::Json {
                text.push(b'\n');
            }
        }
        (text, failed)
    }
}

fn place(s: &Settings) -> String {
    match s.files.last() {
        Some(file) => file.display().to_string(),
        None if s.null_input => "<unknown>".to_owned(),
        None => "<stdin>".to_owned(),
    }
}

type Inputs<'a> = Box<dyn Iterator<Item = Result<Val, String>> + 'a>;

fn inputs<'a>(s: &Settings, text: &'a [u8]) -> Inputs<'a> {
    let string = |bytes: &[u8]| Val::utf8_str(bytes.to_vec());
    match (s.kind, s.slurp) {
        (InputKind::Raw, true) => Box::new(std::iter::once(Ok(string(text)))),
        (InputKind::Raw, false) => {
            let body = text.strip_suffix(b"\n").unwrap_or(text);
            let lines = if text.is_empty() { None } else { Some(body.split(|b| *b == b'\n')) };
            Box::new(lines.into_iter().flatten().map(move |line| Ok(string(line))))
        }
        (InputKind::Json, slurp) => {
            let values = read::parse_many(text).map(|value| value.map_err(|e| e.to_string()));
            if !slurp {
                return Box::new(values);
            }
            let all: Result<Vec<Val>, String> = values.collect();
            Box::new(std::iter::once(all.map(|values| values.into_iter().collect::<Val>())))
        }
    }
}
