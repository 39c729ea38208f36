//! `printf`.

use super::echo::expand_escapes;
use super::numbers::{float, integer, pad};
use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell};
use crate::syntax::ansi_c::{Escape, EscapeStyle, unescape};

/// A time is shorter than this, or nothing.
const LONGEST_TIME: usize = 128;

/// The widest field that a format may ask for.
const MAX_WIDTH: usize = 1 << 20;

pub(super) fn printf(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut index = 1;
    let mut variable = None;
    match arguments.get(1).map(Vec::as_slice) {
        Some(b"-v") => {
            variable = arguments.get(2).cloned();
            index = 3;
        }
        Some(option) if option.starts_with(b"-v") => {
            variable = Some(option[2..].to_vec());
            index = 2;
        }
        Some(option) if option.starts_with(b"-") && option.len() > 1 && option != b"--" => {
            return sh.usage_error("printf", option, "printf [-v var] format [arguments]");
        }
        _ => {}
    }
    if arguments.get(index).is_some_and(|a| a == b"--") {
        index += 1;
    }
    let Some(format) = arguments.get(index) else {
        sh.write_error(b"printf: usage: printf [-v var] format [arguments]\n");
        return Ok(2);
    };
    if let Some(name) = &variable
        && !crate::syntax::is_name(name)
        && crate::expand::split_element(name).is_none_or(|(n, _)| !crate::syntax::is_name(n))
    {
        let shown = bytes::display(name).into_owned();
        sh.error(&format!("printf: `{shown}': not a valid identifier"));
        return Ok(2);
    }
    let mut printer =
        Printer { sh, arguments: &arguments[index + 1..], out: Vec::new(), status: 0, at: 0 };
    loop {
        let before = printer.at;
        let more = printer.pass(format);
        if !more || printer.at >= printer.arguments.len() || printer.at == before {
            break;
        }
    }
    let (out, status) = (printer.out, printer.status);
    match variable {
        Some(name) => {
            match crate::expand::split_element(&name) {
                Some((array, element)) => {
                    let element = sh.subscript(element)?;
                    sh.assign(array, Some(&element), out, false)?;
                }
                None => sh.assign(&name, None, out, false)?,
            }
            Ok(status)
        }
        None => Ok(sh.print("printf", &out)?.max(status)),
    }
}

struct Printer<'a> {
    sh: &'a mut Shell,
    arguments: &'a [Vec<u8>],
    out: Vec<u8>,
    status: u8,
    at: usize,
}

/// A conversion's flags, width and precision.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) left: bool,
    pub(super) plus: bool,
    pub(super) space: bool,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
}

impl<'a> Printer<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let argument = self.arguments.get(self.at).map(Vec::as_slice);
        self.at += 1;
        argument
    }

    /// One pass over the format; false when `\c` or an error ended the output.
    fn pass(&mut self, format: &[u8]) -> bool {
        let mut i = 0;
        while i < format.len() {
            match format[i] {
                b'\\' => match unescape(&format[i + 1..], EscapeStyle::Format, &mut self.out) {
                    Escape::Bytes(n) => i += 1 + n,
                    Escape::Stop => return false,
                    Escape::Unknown => {
                        self.out.push(b'\\');
                        i += 1;
                    }
                },
                b'%' if format.get(i + 1) == Some(&b'%') => {
                    self.out.push(b'%');
                    i += 2;
                }
                b'%' => match self.conversion(&format[i + 1..]) {
                    Some(n) => i += 1 + n,
                    None => return false,
                },
                byte => {
                    self.out.push(byte);
                    i += 1;
                }
            }
        }
        true
    }

    fn conversion(&mut self, text: &[u8]) -> Option<usize> {
        let mut spec = Spec::default();
        let mut i = 0;
        while let Some(flag) = text.get(i) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                b'\'' => {}
                _ => break,
            }
            i += 1;
        }
        let (width, n) = self.size(&text[i..]);
        i += n;
        if let Some(width) = width {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        }
        if text.get(i) == Some(&b'.') {
            let (precision, n) = self.size(&text[i + 1..]);
            i += 1 + n;
            let precision = precision.unwrap_or(0);
            spec.precision = usize::try_from(precision).ok();
        }

        while text.get(i).is_some_and(|b| b"hlLjzt".contains(b)) {
            i += 1;
        }
        if text.get(i) == Some(&b'(') {
            let close = text[i..].iter().position(|&b| b == b')').map(|n| i + n);
            if let Some(close) = close
                && text.get(close + 1) == Some(&b'T')
            {
                self.time(&text[i + 1..close], &spec);
                return Some(close + 2);
            }
        }
        let Some(&letter) = text.get(i) else {
            let shown = bytes::display(text).into_owned();
            self.sh.error(&format!("printf: `%{shown}': missing format character"));
            self.status = 1;
            return None;
        };
        // A precision cuts strings, but makes numbers longer.
        let digits = spec.precision.filter(|_| !b"sbq".contains(&letter)).unwrap_or(0);
        let widest = spec.width.max(digits);
        if widest > MAX_WIDTH {
            let message = format!("printf: {widest}: widths up to {MAX_WIDTH} are supported");
            self.sh.error(&message);
            self.status = 1;
            return None;
        }
        if !self.convert(letter, &spec) {
            return None;
        }
        Some(i + 1)
    }

    /// A number in the format, or `*` for one among the arguments.
    fn size(&mut self, text: &[u8]) -> (Option<i64>, usize) {
        if text.first() == Some(&b'*') {
            let argument = self.next().unwrap_or_default();
            return (Some(self.integer(argument)), 1);
        }
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return (None, 0);
        }
        (Some(bytes::parse_int(&text[..digits]).unwrap_or(i64::MAX)), digits)
    }

    fn convert(&mut self, letter: u8, spec: &Spec) -> bool {
        match letter {
            b's' => {
                let argument = self.next().unwrap_or_default();
                self.text(argument, spec);
            }
            b'b' => {
                let argument = self.next().unwrap_or_default();
                let (text, stopped) = expand_escapes(argument, EscapeStyle::Argument);
                self.text(&text, spec);
                if stopped {
                    self.at = self.arguments.len();
                    return false;
                }
            }
            b'Q' => {
                // The precision is that of the text before it is quoted.
                let argument = self.next().unwrap_or_default();
                let end =
                    spec.precision.map_or(argument.len(), |n| bytes::char_offset(argument, n));
                let spec = Spec { precision: None, ..spec.clone() };
                self.text(&quote::backslash(&argument[..end]), &spec);
            }
            b'q' => {
                let argument = self.next().unwrap_or_default();
                self.text(&quote::backslash(argument), spec);
            }
            b'c' => {
                let argument = self.next().unwrap_or_default();
                // Of an empty argument, it is the byte that ends it.
                self.text(&[argument.first().copied().unwrap_or(0)], spec);
            }
            b'd' | b'i' | b'u' | b'o' | b'x' | b'X' => {
                let argument = self.next();
                let signed = matches!(letter, b'd' | b'i');
                let value = argument.map_or(0, |a| self.number(a, signed));
                let text = integer(value, letter, spec);
                self.out.extend_from_slice(&text);
            }
            b'f' | b'F' | b'e' | b'E' | b'g' | b'G' | b'a' | b'A' => {
                let argument = self.next();
                let value = argument.map_or(0.0, |a| self.float(a));
                let text = float(value, letter, spec);
                self.out.extend_from_slice(&text);
            }
            b'n' => {
                let count = self.out.len().to_string().into_bytes();
                if let Some(name) = self.next() {
                    let _ = self.sh.assign(name, None, count, false);
                }
            }
            _ => {
                let shown = char::from(letter);
                self.sh.error(&format!("printf: `{shown}': invalid format character"));
                self.status = 1;
                return false;
            }
        }
        true
    }

    fn text(&mut self, text: &[u8], spec: &Spec) {
        let end = spec.precision.map_or(text.len(), |n| bytes::char_offset(text, n));
        let padded = pad(&text[..end], spec.width, spec.left);
        self.out.extend_from_slice(&padded);
    }

    fn integer(&mut self, text: &[u8]) -> i64 {
        self.number(text, true)
    }

    /// A number; without a sign it has 64 bits, of which a negative one is the complement.
    fn number(&mut self, text: &[u8], signed: bool) -> i64 {
        if let [b'\'' | b'"', rest @ ..] = text {
            return match bytes::first_char(rest) {
                Some(c) => i64::from(u32::from(c)),
                None => rest.first().map_or(0, |&b| i64::from(b)),
            };
        }
        let trimmed = text.trim_ascii_start();
        let (negative, digits) = match trimmed {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, trimmed),
        };
        let (radix, digits) = match digits {
            [b'0', b'x' | b'X', rest @ ..] => (16, rest),
            [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
            _ => (10, digits),
        };
        let count = digits.iter().take_while(|b| char::from(**b).is_digit(radix)).count();
        let number = std::str::from_utf8(&digits[..count]).unwrap_or_default();
        if count < digits.len() || (count == 0 && radix != 8 && !text.is_empty()) {
            match radix {
                8 => self.invalid_number(text, "octal number"),
                16 => self.invalid_number(text, "hex number"),
                _ => self.invalid(text),
            }
        }
        if number.is_empty() {
            return 0;
        }
        let magnitude = u128::from_str_radix(number, radix).unwrap_or(u128::MAX);
        let value = match i128::try_from(magnitude) {
            Ok(value) if negative => -value,
            Ok(value) => value,
            Err(_) if negative => i128::MIN,
            Err(_) => i128::MAX,
        };
        let (least, most) = match signed {
            true => (i128::from(i64::MIN), i128::from(i64::MAX)),
            false => (-i128::from(u64::MAX), i128::from(u64::MAX)),
        };
        if (least..=most).contains(&value) {
            return value as i64;
        }
        let shown = bytes::display(text).into_owned();
        self.sh.error(&format!("printf: warning: {shown}: Numerical result out of range"));
        match (signed, negative) {
            (true, true) => i64::MIN,
            (true, false) => i64::MAX,
            (false, _) => u64::MAX as i64,
        }
    }

    fn float(&mut self, text: &[u8]) -> f64 {
        if let [b'\'' | b'"', ..] = text {
            return self.integer(text) as f64;
        }
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return 0.0;
        }
        if trimmed.starts_with(b"0x") || trimmed.starts_with(b"0X") {
            return self.integer(trimmed) as f64;
        }
        let string = String::from_utf8_lossy(trimmed);
        if let Ok(value) = string.parse() {
            return value;
        }
        self.invalid(text);
        (1..string.len())
            .rev()
            .filter_map(|end| string.get(..end)?.parse().ok())
            .next()
            .unwrap_or(0.0)
    }

    fn invalid(&mut self, text: &[u8]) {
        self.invalid_number(text, "number");
    }

    fn invalid_number(&mut self, text: &[u8], what: &str) {
        let shown = bytes::display(text).into_owned();
        self.sh.error(&format!("printf: {shown}: invalid {what}"));
        self.status = 1;
    }

    fn time(&mut self, format: &[u8], spec: &Spec) {
        let argument = self.next();
        let now = || {
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |d| d.as_secs() as i64)
        };
        let seconds = match argument {
            None | Some(b"-1") => now(),
            Some(b"-2") => now() - self.sh.started.elapsed().as_secs() as i64,
            Some(text) => self.integer(text),
        };
        let format = if format.is_empty() { &b"%X"[..] } else { format };
        let mut text = super::strftime::format(format, seconds);
        if text.len() >= LONGEST_TIME {
            // As in bash, which has no room for more.
            text.clear();
        }
        self.text(&text, spec);
    }
}
