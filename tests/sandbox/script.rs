//! Runs a case: a text file of calls and of what they answer.
//!
//! A line is a function and its arguments (see `tests/wasi/functions.txt`), `->`, the errno, what
//! the function writes as results, and, if the case cares, what it writes into buffers. Other
//! lines prepare and check the host's side. `tests/wasi/README.md` describes all of it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::function::{self, Parameter};
use crate::host::host;
use crate::names;
use crate::puppet::{Ended, FREE, Kind, Puppet};
use crate::stage::Stage;
use crate::text::{Word, words};

/// Runs a case.
///
/// # Errors
/// The line and what is wrong with it.
pub(crate) fn run(case: &str, kind: Kind) -> Result<(), String> {
    let mut script = Script::new(Stage::new(), kind, "/workspace")?;
    for (index, line) in case.lines().enumerate() {
        script.line(line).map_err(|error| format!("line {}: {line}\n  {error}", index + 1))?;
    }
    script.finish()
}

/// The interpreter of a case.
pub(crate) struct Script {
    puppet: Option<Puppet>,
    pub(crate) kind: Kind,
    pub(crate) stage: Stage,
    pub(crate) variables: HashMap<String, u64>,
    /// Where numbers that are not known yet will be.
    addresses: HashMap<String, u32>,
    /// What must never come back from a call whose outcome may be any.
    pub(crate) secrets: Secrets,
    /// Whether such a call has succeeded since this was last reset.
    pub(crate) succeeded: bool,
}

/// What a program must not learn.
#[derive(Default)]
pub(crate) struct Secrets {
    /// Contents of files and links.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Names in directories.
    pub(crate) names: Vec<String>,
    /// Device and inode of files.
    pub(crate) files: HashSet<(u64, u64)>,
}

/// A call being put together: its arguments, and the memory that it reads and writes.
pub(crate) struct Call {
    arguments: Vec<u64>,
    /// The arguments that are addresses of what is meant.
    indirect: u32,
    /// The next free address.
    top: u32,
    pokes: Vec<(u32, Vec<u8>)>,
    /// Where it writes results and data: address and length.
    pub(crate) results: Vec<(Parameter, u32, u32)>,
    pub(crate) buffers: Vec<(Parameter, u32, u32)>,
    /// What it wrote there.
    pub(crate) written: Vec<Vec<u8>>,
}

impl Call {
    fn place(&mut self, bytes: Vec<u8>) -> u32 {
        let at = self.top;
        self.top += (bytes.len() as u32).next_multiple_of(8) + 8;
        self.pokes.push((at, bytes));
        at
    }
}

impl Script {
    pub(crate) fn new(stage: Stage, kind: Kind, cwd: &str) -> Result<Self, String> {
        let environment = ["LANG=C", "EMPTY=", "PATH=/usr/local/bin"];
        let mut script = Self {
            puppet: Some(Puppet::start_in(&stage.job, kind, &environment, cwd)),
            kind,
            stage,
            variables: HashMap::new(),
            addresses: HashMap::new(),
            secrets: Secrets::default(),
            succeeded: false,
        };
        script.find_preopens()?;
        Ok(script)
    }

    /// Waits for the program's end, unless the case has already done so.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        let Some(puppet) = self.puppet.take() else { return Ok(()) };
        let exit = puppet.finish();
        if exit.status == 0 {
            return Ok(());
        }
        Err(format!("at its end: {exit:?}\n{}", self.stage.log.text()))
    }

    fn puppet(&mut self) -> Result<&mut Puppet, String> {
        self.puppet.as_mut().ok_or_else(|| "the puppet has already ended".to_owned())
    }

    /// Names the preopened directories: `$dot`, `$root`, and the others by their paths.
    fn find_preopens(&mut self) -> Result<(), String> {
        for fd in 3u64.. {
            let mut ask = |name: &str, arguments: &[u64]| {
                self.puppet.as_mut().expect("it has just started").call(name, arguments)
            };
            let ended = |Ended| "the puppet does not start".to_owned();
            if ask("fd_prestat_get", &[fd, FREE.into()]).map_err(ended)? != 0 {
                break;
            }
            let len = self.puppet()?.peek(FREE + 4, 4).map_err(ended)?;
            let len = u32::from_le_bytes(len.try_into().unwrap());
            self.puppet()?
                .call("fd_prestat_dir_name", &[fd, FREE.into(), len.into()])
                .map_err(ended)?;
            let name = self.puppet()?.peek(FREE, len).map_err(ended)?;
            let name = match &name[..] {
                b"." => "dot".to_owned(),
                b"/" => "root".to_owned(),
                name => String::from_utf8_lossy(name).trim_start_matches('/').to_owned(),
            };
            self.variables.insert(name, fd);
        }
        Ok(())
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<(), String> {
        let words = words(line)?;
        let Some(Word::Plain(verb)) = words.first() else {
            return if words.is_empty() { Ok(()) } else { Err("what is this?".to_owned()) };
        };
        match verb.as_str() {
            "host" => host(self.stage.root(), &words[1..]),
            "exits" => {
                let wanted = self.number(words.get(1).ok_or("exits: which status?")?)?;
                let exit = self.puppet.take().ok_or("it has already ended")?.finish();
                same("exit status", &wanted, &u64::from(exit.status))
            }
            "sleep" => {
                let nanoseconds = self.number(words.get(1).ok_or("sleep: how long?")?)?;
                std::thread::sleep(Duration::from_nanos(nanoseconds));
                Ok(())
            }
            _ => self.call(verb, &words[1..]),
        }
    }

    fn call(&mut self, name: &str, words: &[Word]) -> Result<(), String> {
        let mut call = self.prepare(name, words, FREE)?;
        self.complete(name, words, &mut call)
    }

    /// Makes several calls whose outcome may be any, in one go: each may use what those before it
    /// answered.
    pub(crate) fn lines(&mut self, lines: &[String]) -> Result<(), String> {
        let (mut calls, mut top) = (Vec::new(), FREE);
        for line in lines {
            let place = |error| format!("{line}\n  {error}");
            let words = words(line).map_err(place)?;
            let Some(Word::Plain(name)) = words.first() else { return Err("what?".to_owned()) };
            let call = self.prepare(name, &words[1..], top).map_err(place)?;
            top = call.top;
            for (word, (_, at, _)) in
                words.iter().skip_while(|w| plain(w) != "any").skip(1).zip(&call.results)
            {
                if let Some(name) = plain(word).strip_prefix('=') {
                    self.addresses.insert(name.to_owned(), *at);
                }
            }
            calls.push((line, name.clone(), words, call));
        }
        self.addresses.clear();
        let mut first = Ok(());
        for (line, name, words, mut call) in calls {
            let done = self.complete(&name, &words[1..], &mut call);
            first = first.and(done.map_err(|error| format!("{line}\n  {error}")));
        }
        first
    }

    /// Puts a call together and asks for it.
    fn prepare(&mut self, name: &str, words: &[Word], top: u32) -> Result<Call, String> {
        let arrow = words.iter().position(|word| *word == Word::Plain("->".to_owned()));
        let given = &words[..arrow.ok_or("missing ->")?];
        let (_, function) = function::find(name).ok_or("no such function")?;
        let mut call = Call {
            arguments: Vec::new(),
            indirect: 0,
            top,
            pokes: Vec::new(),
            results: Vec::new(),
            buffers: Vec::new(),
            written: Vec::new(),
        };
        let values = function.parameters.iter().filter(|parameter| !parameter.is_result()).count();
        let mut inputs = given.iter().take(values);
        // What follows the values gives the addresses of results, in place of good ones.
        let mut addresses = given.iter().skip(values);
        for parameter in &function.parameters {
            if parameter.is_result() {
                let at = match addresses.next() {
                    Some(address) => {
                        let at = self.number(address)?;
                        call.arguments.push(at);
                        continue;
                    }
                    None => call.place(vec![0xaa; parameter.size() as usize]),
                };
                call.arguments.push(at.into());
                call.results.push((*parameter, at, parameter.size()));
            } else {
                let word = inputs.next().ok_or("too few arguments")?;
                self.argument(&mut call, *parameter, word)?;
            }
        }
        if addresses.next().is_some() {
            return Err("too many arguments".to_owned());
        }
        let puppet = self.puppet()?;
        for (at, bytes) in &call.pokes {
            puppet.poke(*at, bytes);
        }
        let places: Vec<(u32, u32)> =
            call.results.iter().chain(&call.buffers).map(|(_, at, len)| (*at, *len)).collect();
        puppet.prepare(name, &call.arguments, call.indirect, &places);
        Ok(call)
    }

    /// Fetches what a call answered and compares it with what is expected.
    fn complete(&mut self, name: &str, words: &[Word], call: &mut Call) -> Result<(), String> {
        let (_, function) = function::find(name).ok_or("no such function")?;
        let arrow = words.iter().position(|word| *word == Word::Plain("->".to_owned()));
        let expected = &words[arrow.ok_or("missing ->")? + 1..];
        let Some(Word::Plain(outcome)) = expected.first() else {
            return Err("what is expected?".to_owned());
        };
        let puppet = self.puppet()?;
        let answer = match puppet.result() {
            Ok(answer) => answer,
            Err(Ended) if outcome == "ended" => return Ok(()),
            Err(Ended) => return Err("the puppet ended".to_owned()),
        };
        for (_, _, len) in call.results.iter().chain(&call.buffers) {
            let bytes = puppet.reply(*len as usize);
            call.written.push(bytes.map_err(|Ended| "the puppet ended".to_owned())?);
        }
        let mut expected = expected[1..].iter();
        let negative = match function.result {
            Some("i64") => (answer as i64) < 0,
            _ => (answer as u32 as i32) < 0,
        };
        let errno = if function.own && !negative {
            let value = expected.next().unwrap_or(&Word::List(Vec::new())).clone();
            if let Word::Plain(value) = &value {
                self.matches("value", value, answer)?;
            }
            0
        } else if function.own {
            (answer as u32 as i32).unsigned_abs().into()
        } else {
            answer
        };
        let errno = if function.result.is_some() { names::errno(errno) } else { "ok".to_owned() };
        if outcome == "any" {
            self.succeeded |= errno == "ok";
            return self.nothing_secret(name, call);
        }
        if !outcome.split('/').any(|one| one == errno) {
            return Err(format!("it answers {errno}"));
        }
        if let Some(unknown) = outcome.split('/').find(|one| !names::is_errno(one)) {
            return Err(format!("{unknown} is no errno"));
        }
        if errno != "ok" {
            return Ok(());
        }
        self.results(call, &mut expected)?;
        match expected.next() {
            Some(word) => Err(format!("nothing matches {word:?}")),
            None => Ok(()),
        }
    }

    fn argument(&self, call: &mut Call, parameter: Parameter, word: &Word) -> Result<(), String> {
        // `@address:length` gives both as they are, whatever they point to.
        if let Word::Plain(plain) = word
            && let Some(raw) = plain.strip_prefix('@')
        {
            for part in raw.split(':') {
                call.arguments.push(self.number(&Word::Plain(part.to_owned()))?);
            }
            return Ok(());
        }
        if let Word::Plain(plain) = word
            && let Some(at) = plain.strip_prefix('$').and_then(|name| self.addresses.get(name))
        {
            call.indirect |= 1 << call.arguments.len();
            call.arguments.push(u64::from(*at));
            return Ok(());
        }
        match (parameter, word) {
            (Parameter::U32 | Parameter::U64, word) => call.arguments.push(self.number(word)?),
            (Parameter::Path, Word::Text(text)) => {
                let at = call.place(text.clone());
                call.arguments.extend([u64::from(at), text.len() as u64]);
            }
            (Parameter::Buffer | Parameter::Pointer, word) => {
                let len = self.number(word)?;
                let at = call.place(vec![0xaa; len as usize]);
                call.buffers.push((parameter, at, len as u32));
                call.arguments.push(at.into());
                if parameter == Parameter::Buffer {
                    call.arguments.push(len);
                }
            }
            (Parameter::Write | Parameter::Read, Word::List(items)) => {
                let vectors = self.vectors(call, parameter, items)?;
                let count = (vectors.len() / 8) as u64;
                let at = call.place(vectors);
                call.arguments.extend([u64::from(at), count]);
            }
            (Parameter::List, Word::List(items)) => {
                let mut pairs = Vec::new();
                for item in items {
                    pairs.extend((self.number(item)? as u32).to_le_bytes());
                }
                let count = (pairs.len() / 8) as u64;
                let at = call.place(pairs);
                call.arguments.extend([u64::from(at), count]);
            }
            (Parameter::Subscriptions, Word::List(items)) => {
                let items = repeated(items)?;
                let mut all = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    all.extend(self.subscription(index, item)?);
                }
                let at = call.place(all);
                let size = 32 * items.len() as u32;
                let events = call.place(vec![0xaa; size as usize]);
                call.buffers.push((parameter, events, size));
                call.arguments.extend([at.into(), events.into(), items.len() as u64]);
            }
            (parameter, word) => return Err(format!("{word:?} cannot be a {parameter:?}")),
        }
        Ok(())
    }

    fn vectors(
        &self,
        call: &mut Call,
        parameter: Parameter,
        items: &[Word],
    ) -> Result<Vec<u8>, String> {
        let mut vectors = Vec::new();
        for item in repeated(items)? {
            let (at, len) = match &item {
                Word::Text(text) => (call.place(text.clone()), text.len() as u32),
                Word::Plain(raw) if raw.starts_with('@') => {
                    let (at, len) = raw[1..].split_once(':').ok_or("@address:length")?;
                    let number = |text: &str| self.number(&Word::Plain(text.to_owned()));
                    (number(at)? as u32, number(len)? as u32)
                }
                item => {
                    let len = self.number(item)? as u32;
                    let at = call.place(vec![b'z'; len as usize]);
                    if parameter == Parameter::Read {
                        call.buffers.push((parameter, at, len));
                    }
                    (at, len)
                }
            };
            vectors.extend(at.to_le_bytes());
            vectors.extend(len.to_le_bytes());
        }
        Ok(vectors)
    }

    /// `clock:ID:TIMEOUT[:abs]`, `read:FD`, `write:FD` or `tag:N`; its user data is its index.
    fn subscription(&self, index: usize, word: &Word) -> Result<Vec<u8>, String> {
        let Word::Plain(text) = word else { return Err(format!("{word:?} is no subscription")) };
        let number = |text: &str| self.number(&Word::Plain(text.to_owned()));
        let (size, clock_at) = if self.kind == Kind::Unstable { (56, 24) } else { (48, 16) };
        let mut bytes = vec![0; size];
        bytes[..8].copy_from_slice(&(index as u64 + 100).to_le_bytes());
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["clock", id, timeout] | ["clock", id, timeout, "abs"] => {
                bytes[clock_at..clock_at + 4].copy_from_slice(&(number(id)? as u32).to_le_bytes());
                bytes[clock_at + 8..clock_at + 16].copy_from_slice(&number(timeout)?.to_le_bytes());
                bytes[clock_at + 24] = u8::from(parts.len() == 4);
            }
            ["read" | "write", fd] => {
                bytes[8] = if parts[0] == "read" { 1 } else { 2 };
                bytes[16..20].copy_from_slice(&(number(fd)? as u32).to_le_bytes());
            }
            ["tag", tag] => bytes[8] = number(tag)? as u8,
            _ => return Err(format!("{text} is no subscription")),
        }
        Ok(bytes)
    }

    /// A number: decimal, `0x…`, negative, `…ms`, `…s`, `$variable`, names joined by `|`, sums
    /// with `+`.
    pub(crate) fn number(&self, word: &Word) -> Result<u64, String> {
        let Word::Plain(text) = word else { return Err(format!("{word:?} is no number")) };
        if let Some((left, right)) = text.split_once('+') {
            let term = |text: &str| self.number(&Word::Plain(text.to_owned()));
            return Ok(term(left)?.wrapping_add(term(right)?));
        }
        let mut value = 0;
        for part in text.split('|') {
            value |= self.one(part).ok_or_else(|| format!("{part} is no number"))?;
        }
        Ok(value)
    }

    fn one(&self, text: &str) -> Option<u64> {
        if let Some(name) = text.strip_prefix('$') {
            return self.variables.get(name).copied();
        }
        if let Some(digits) = text.strip_prefix("0x") {
            return u64::from_str_radix(digits, 16).ok();
        }
        let (digits, unit) = match text {
            text if text.ends_with("ms") => (&text[..text.len() - 2], 1_000_000),
            text if text.ends_with('s') => (&text[..text.len() - 1], 1_000_000_000),
            text => (text, 1),
        };
        match digits.parse::<i64>() {
            Ok(number) => Some((number as u64).wrapping_mul(unit)),
            Err(_) => digits.parse().ok().or_else(|| names::constant(self.kind, text)),
        }
    }
}

/// `N*item` stands for N items.
fn repeated(items: &[Word]) -> Result<Vec<Word>, String> {
    let mut all = Vec::new();
    for item in items {
        match item {
            Word::Plain(text) if text.contains('*') => {
                let (count, item) = text.split_once('*').unwrap_or(("1", text));
                let count = count.parse::<usize>().map_err(|error| format!("{text}: {error}"))?;
                all.extend(std::iter::repeat_n(Word::Plain(item.to_owned()), count));
            }
            item => all.push(item.clone()),
        }
    }
    Ok(all)
}

pub(crate) fn plain(word: &Word) -> String {
    match word {
        Word::Plain(text) => text.clone(),
        Word::Text(text) => String::from_utf8_lossy(text).into_owned(),
        other => format!("{other:?}"),
    }
}

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    wanted: &T,
    found: &T,
) -> Result<(), String> {
    if wanted == found { Ok(()) } else { Err(format!("{what}: {found:?} instead of {wanted:?}")) }
}
