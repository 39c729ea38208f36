//! `read` and `mapfile`.

use std::time::{Duration, Instant};

use greenroom_process as process;

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::fds::Handle;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::is_name;
use crate::vars::Value;

#[derive(Default)]
struct Request {
    raw: bool,
    delimiter: Option<u8>,
    count: Option<usize>,
    exact: bool,
    array: Option<Vec<u8>>,
    prompt: Vec<u8>,
    timeout: Option<f64>,
    fd: u32,
}

const USAGE: &str = "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] \
                     [-p prompt] [-t timeout] [-u fd] [name ...]";

pub(super) fn read(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut request = Request::default();
    let mut options = OptionParser::new(arguments, "ersa:d:i:n:N:p:t:u:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'r') => request.raw = true,
            Parsed::Flag(_) => {}
            Parsed::Value(b'a', name) => request.array = Some(name.to_vec()),
            Parsed::Value(b'd', text) => {
                request.delimiter = Some(text.first().copied().unwrap_or(0));
            }
            Parsed::Value(letter @ (b'n' | b'N'), text) => match bytes::parse_int(text) {
                Some(n) if n >= 0 => {
                    request.count = Some(n as usize);
                    request.exact = letter == b'N';
                }
                _ => {
                    let shown = bytes::display(text).into_owned();
                    return sh.builtin_error("read", &format!("{shown}: invalid number"));
                }
            },
            Parsed::Value(b'p', text) => request.prompt = text.to_vec(),
            Parsed::Value(b't', text) => {
                match std::str::from_utf8(text).ok().and_then(|t| t.parse::<f64>().ok()) {
                    Some(seconds) if seconds >= 0.0 => request.timeout = Some(seconds),
                    _ => {
                        let shown = bytes::display(text).into_owned();
                        return sh.builtin_error(
                            "read",
                            &format!("{shown}: invalid timeout specification"),
                        );
                    }
                }
            }
            Parsed::Value(b'u', text) => {
                let number = bytes::parse_int(text).and_then(|n| u32::try_from(n).ok());
                match number {
                    Some(number) => request.fd = number,
                    None => {
                        let shown = bytes::display(text).into_owned();
                        return sh.builtin_error(
                            "read",
                            &format!("{shown}: invalid file descriptor specification"),
                        );
                    }
                }
            }
            Parsed::Value(..) => {}
            Parsed::Unknown(letter) => {
                return sh.usage_error("read", &[b'-', letter], USAGE);
            }
            Parsed::MissingValue(letter) => {
                let letter = char::from(letter);
                sh.error(&format!("read: -{letter}: option requires an argument"));
                return Ok(2);
            }
        }
    }
    let names = arguments[options.operands()..].to_vec();
    for name in &names {
        let plain = crate::expand::split_element(name).map_or(&name[..], |(n, _)| n);
        if !is_name(plain) {
            let shown = bytes::display(name).into_owned();
            return sh.builtin_error("read", &format!("`{shown}': not a valid identifier"));
        }
    }
    let Some(handle) = sh.fds.get(request.fd).cloned() else {
        let number = request.fd;
        return sh.builtin_error(
            "read",
            &format!("{number}: invalid file descriptor: Bad file descriptor"),
        );
    };
    if request.timeout == Some(0.0) {
        let ready = process::poll_read(handle.raw(), Duration::ZERO);
        return Ok(u8::from(ready == Ok(false)));
    }
    if request.timeout.is_none() {
        // A time-out for every `read` that has none.
        let text = sh.get(b"TMOUT").and_then(|t| String::from_utf8(t).ok());
        request.timeout = text.and_then(|t| t.parse().ok()).filter(|seconds| *seconds > 0.0);
    }
    let (line, escaped, status) = input(sh, &handle, &request)?;
    let stored = match store(sh, &names, &request, &line, &escaped) {
        Err(Unwind::Discard(_)) => 1,
        flow => flow?,
    };
    Ok(if stored == 0 { status } else { stored })
}

/// A line, the flags of its quoted bytes, and the status.
type Line = (Vec<u8>, Vec<bool>, u8);

/// What `read` returns when its time is over: 128 + SIGALRM.
const TIMED_OUT: u8 = 142;

/// How often a `read` that waits looks for signals with a trap.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// Waits for something to read. False when the time is over.
fn wait_for_input(
    sh: &mut Shell,
    handle: &Handle,
    deadline: Option<Instant>,
) -> Result<bool, Unwind> {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let pause = match left {
            Some(left) if sh.has_traps() => left.min(SIGNAL_INTERVAL),
            Some(left) => left,
            None => SIGNAL_INTERVAL,
        };
        // What cannot be waited for is read at once.
        if process::poll_read(handle.raw(), pause) != Ok(false) {
            return Ok(true);
        }
        if left.is_some_and(|left| left <= pause) {
            return Ok(false);
        }
        if sh.poll_signals() {
            sh.run_signal_traps()?;
        }
    }
}

/// Reads up to the delimiter, byte by byte: what follows belongs to other readers. The flags tell
/// which bytes a backslash quoted.
fn input(sh: &mut Shell, handle: &Handle, request: &Request) -> Result<Line, Unwind> {
    let deadline = request
        .timeout
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|timeout| Instant::now().checked_add(timeout));
    let waits = deadline.is_some() || sh.has_traps();
    let delimiter = if request.exact { None } else { Some(request.delimiter.unwrap_or(b'\n')) };
    let (mut line, mut escaped) = (Vec::new(), Vec::new());
    let mut backslash = false;
    let mut characters = 0;
    let mut byte = [0];
    if request.count == Some(0) {
        return Ok((line, escaped, 0));
    }
    loop {
        if waits && !wait_for_input(sh, handle, deadline)? {
            return Ok((line, escaped, TIMED_OUT));
        }
        match process::read(handle.raw(), &mut byte) {
            Err(process::Errno::INTR) => {
                sh.poll_signals();
                continue;
            }
            Ok(0) => return Ok((line, escaped, 1)),
            Ok(_) => {}
            Err(errno) => {
                let number = request.fd;
                let text = crate::output::errno_text(errno);
                sh.error(&format!("read: read error: {number}: {text}"));
                return Ok((line, escaped, 1));
            }
        }
        let [byte] = byte;
        if backslash {
            backslash = false;
            if byte == b'\n' {
                continue;
            }
            line.push(byte);
            escaped.push(true);
        } else if byte == b'\\' && !request.raw {
            backslash = true;
            continue;
        } else if delimiter == Some(byte) {
            return Ok((line, escaped, 0));
        } else if byte == 0 {
            continue;
        } else {
            line.push(byte);
            escaped.push(false);
        }
        if let Some(count) = request.count {
            // Continuation bytes belong to the character before.
            let start = line.len()
                - 1
                - line.iter().rev().take_while(|b| **b & 0xc0 == 0x80).count().min(line.len() - 1);
            let complete = match line[start] {
                0xc2..=0xdf => line.len() - start >= 2,
                0xe0..=0xef => line.len() - start >= 3,
                0xf0..=0xf4 => line.len() - start >= 4,
                _ => true,
            };
            characters += usize::from(complete);
            if characters >= count {
                return Ok((line, escaped, 0));
            }
        }
    }
}

fn store(
    sh: &mut Shell,
    names: &[Vec<u8>],
    request: &Request,
    line: &[u8],
    escaped: &[bool],
) -> Flow {
    let ifs = sh.ifs();
    if let Some(array) = &request.array {
        let items = fields(line, escaped, &ifs, usize::MAX);
        let variable = sh.vars.entry(array);
        variable.value = Value::Indexed((0..).zip(items).collect());
        return Ok(0);
    }
    if names.is_empty() {
        return sh.assign(b"REPLY", None, line.to_vec(), false).map(|()| 0);
    }
    let items =
        if request.exact { vec![line.to_vec()] } else { fields(line, escaped, &ifs, names.len()) };
    let mut items = items.into_iter();
    for name in names {
        let value = items.next().unwrap_or_default();
        match crate::expand::split_element(name) {
            Some((array, element)) => {
                let element = sh.subscript(element)?;
                sh.assign(array, Some(&element), value, false)?;
            }
            None => sh.assign(name, None, value, false)?,
        }
    }
    Ok(0)
}

/// Splits a line as `read` does: the last field takes the rest, without its trailing blanks.
fn fields(line: &[u8], escaped: &[bool], ifs: &[u8], most: usize) -> Vec<Vec<u8>> {
    let is_ifs = |i: usize| !escaped[i] && ifs.contains(&line[i]);
    let is_blank = |i: usize| is_ifs(i) && matches!(line[i], b' ' | b'\t' | b'\n');
    let mut items = Vec::new();
    let mut i = 0;
    let mut end = line.len();
    while i < end && is_blank(i) {
        i += 1;
    }
    while end > i && is_blank(end - 1) {
        end -= 1;
    }
    while i < end {
        if items.len() + 1 == most {
            let rest_start = i;
            // A single trailing delimiter that ends the last field is dropped.
            let mut rest = line[rest_start..end].to_vec();
            let delimiters =
                (rest_start..end).filter(|&k| is_ifs(k) && !is_blank(k)).collect::<Vec<_>>();
            if delimiters.as_slice() == [end - 1] {
                rest.pop();
                let mut keep = rest.len();
                while keep > 0 && is_blank(rest_start + keep - 1) {
                    keep -= 1;
                }
                rest.truncate(keep);
            }
            items.push(rest);
            return items;
        }
        let start = i;
        while i < end && !is_ifs(i) {
            i += 1;
        }
        items.push(line[start..i].to_vec());
        while i < end && is_blank(i) {
            i += 1;
        }
        if i < end && is_ifs(i) && (i == start || !is_blank(i)) {
            i += 1;
            while i < end && is_blank(i) {
                i += 1;
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    fn split(line: &str, ifs: &str, most: usize) -> Vec<String> {
        super::fields(line.as_bytes(), &vec![false; line.len()], ifs.as_bytes(), most)
            .into_iter()
            .map(|f| String::from_utf8(f).unwrap())
            .collect()
    }

    #[test]
    fn lines_are_split_as_in_bash() {
        assert_eq!(split("  a b  c  ", " ", 2), ["a", "b  c"]);
        assert_eq!(split("a:b:c", ":", 2), ["a", "b:c"]);
        assert_eq!(split("a:b:", ":", 2), ["a", "b"]);
        assert_eq!(split("a::b", ":", 3), ["a", "", "b"]);
        assert_eq!(split(":a", ":", 2), ["", "a"]);
        assert_eq!(split("a : b", " :", 3), ["a", "b"]);
    }
}
