//! `mapfile`, also called `readarray`.

use greenroom_process as process;

use super::synopses::synopsis;
use super::{OptionParser, Parsed};
use crate::bytes;
use crate::expand::quote;
use crate::fds::Handle;
use crate::state::{Flow, Shell, Unwind};
use crate::vars::{Attributes, Value};

struct Request {
    strip: bool,
    delimiter: u8,
    fd: u32,
    /// Lines to keep, at most; to skip before.
    most: usize,
    skip: usize,
    /// The index of the first line; without it the array is emptied before.
    origin: Option<u64>,
    /// A command, and after how many lines it runs.
    callback: Option<Vec<u8>>,
    quantum: usize,
}

/// Reads the options; `Err` is the status after a message.
fn request(sh: &mut Shell, arguments: &[Vec<u8>]) -> Result<(Request, usize), Flow> {
    let name = String::from_utf8_lossy(&arguments[0]).into_owned();
    let usage = synopsis(&arguments[0]).unwrap_or_default();
    let mut request = Request {
        strip: false,
        delimiter: b'\n',
        fd: 0,
        most: usize::MAX,
        skip: 0,
        origin: None,
        callback: None,
        quantum: 5000,
    };
    let mut options = OptionParser::new(arguments, "d:n:O:s:tu:C:c:");
    while let Some(option) = options.next() {
        let (letter, text) = match option {
            Parsed::Flag(_) => {
                request.strip = true;
                continue;
            }
            Parsed::Value(letter, text) => (letter, text),
            Parsed::Unknown(letter) => {
                return Err(sh.usage_error(&name, &[b'-', letter], usage));
            }
            Parsed::MissingValue(letter) => return Err(sh.missing_value(&name, letter, usage)),
        };
        match letter {
            b'd' => request.delimiter = text.first().copied().unwrap_or(0),
            b'C' => request.callback = Some(text.to_vec()),
            _ => {
                let number = bytes::parse_int(text).and_then(|n| usize::try_from(n).ok());
                let what = match (letter, number) {
                    (b'n', Some(n)) => {
                        request.most = if n == 0 { usize::MAX } else { n };
                        continue;
                    }
                    (b's', Some(n)) => {
                        request.skip = n;
                        continue;
                    }
                    (b'O', Some(n)) => {
                        request.origin = Some(n as u64);
                        continue;
                    }
                    (b'c', Some(n)) if n > 0 => {
                        request.quantum = n;
                        continue;
                    }
                    (b'u', Some(n)) => {
                        request.fd = u32::try_from(n).unwrap_or(u32::MAX);
                        continue;
                    }
                    (b'O', None) => "invalid array origin",
                    (b'c', _) => "invalid callback quantum",
                    (b'u', None) => "invalid file descriptor specification",
                    _ => "invalid line count",
                };
                let shown = bytes::display(text).into_owned();
                return Err(sh.builtin_error(&name, &format!("{shown}: {what}")));
            }
        }
    }
    Ok((request, options.operands()))
}

pub(super) fn mapfile(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let builtin = String::from_utf8_lossy(&arguments[0]).into_owned();
    let (request, operands) = match request(sh, arguments) {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    let array = match arguments.get(operands) {
        Some(name) if name.is_empty() => {
            return sh.builtin_error(&builtin, "empty array variable name");
        }
        Some(name) => name.clone(),
        None => b"MAPFILE".to_vec(),
    };
    let shown = bytes::display(&array).into_owned();
    if !crate::syntax::is_name(&array) {
        return sh.builtin_error(&builtin, &format!("`{shown}': not a valid identifier"));
    }
    let array = sh.resolve(&array);
    if let Some(variable) = sh.vars.get(&array) {
        if variable.attributes.has(Attributes::READONLY) {
            sh.error(&format!("{shown}: readonly variable"));
            return Ok(1);
        }
        if matches!(variable.value, Value::Assoc(_)) {
            return sh.builtin_error(&builtin, &format!("{shown}: not an indexed array"));
        }
    }
    let Some(handle) = sh.fds.get(request.fd).cloned() else {
        let message = format!("{}: invalid file descriptor: Bad file descriptor", request.fd);
        return sh.builtin_error(&builtin, &message);
    };
    let variable = sh.vars.entry(&array);
    match request.origin {
        None => variable.value = Value::Indexed(std::collections::BTreeMap::new()),
        Some(_) => drop(crate::assign::indexed(&mut variable.value)),
    }
    if request.callback.is_none() && request.most == usize::MAX {
        // Nobody else reads from here on, so that all can be read at once.
        let data = crate::output::read_all(handle.raw()).unwrap_or_default();
        let map = crate::assign::indexed(&mut sh.vars.entry(&array).value);
        let lines = data.split_inclusive(|&b| b == request.delimiter).skip(request.skip);
        for (index, line) in (request.origin.unwrap_or(0)..).zip(lines) {
            map.insert(index, request.kept(line));
        }
        return Ok(0);
    }
    line_by_line(sh, &array, &handle, &request)
}

impl Request {
    /// A line as it is stored.
    fn kept(&self, line: &[u8]) -> Vec<u8> {
        // A NUL byte cannot be part of a value.
        let strip = self.strip || self.delimiter == 0;
        line.strip_suffix(&[self.delimiter]).filter(|_| strip).unwrap_or(line).to_vec()
    }
}

/// Reads no further than what is asked for, and runs the callback.
fn line_by_line(
    sh: &mut Shell,
    array: &[u8],
    handle: &Handle,
    request: &Request,
) -> Result<u8, Unwind> {
    for _ in 0..request.skip {
        if read_to(handle, request.delimiter).is_empty() {
            return Ok(0);
        }
    }
    for (index, count) in (request.origin.unwrap_or(0)..).zip(1..=request.most) {
        let line = read_to(handle, request.delimiter);
        if line.is_empty() {
            break;
        }
        let line = request.kept(&line);
        if let Some(callback) = &request.callback
            && count % request.quantum == 0
        {
            let number = index.to_string();
            let words = [callback, number.as_bytes(), &quote::plain_single(&line)[..]];
            let line_number = sh.line;
            sh.eval(&words.join(&b' '), line_number)?;
        }
        crate::assign::indexed(&mut sh.vars.entry(array).value).insert(index, line);
    }
    Ok(0)
}

fn read_to(handle: &Handle, delimiter: u8) -> Vec<u8> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        match process::read(handle.raw(), &mut byte) {
            Ok(1) => line.push(byte[0]),
            Err(process::Errno::INTR) => continue,
            _ => return line,
        }
        if byte[0] == delimiter {
            return line;
        }
    }
}
