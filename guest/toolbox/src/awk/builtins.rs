//! The built-in functions.

use super::ast::{Builtin, Expr};
use super::interpreter::{Cell, Interpreter, Run, fatal};
use super::record::{self, Separator, characters};
use super::value::{Text, Value, number_prefix};
use crate::time;
use std::rc::Rc;

impl Interpreter<'_> {
    pub(super) fn builtin(&mut self, function: Builtin, args: &[Expr]) -> Run<Value> {
        match function {
            Builtin::Length => return self.length(args),
            Builtin::Split => return self.split(args),
            Builtin::Sub | Builtin::Gsub => {
                return self.substitute(args, function == Builtin::Gsub);
            }
            Builtin::Gensub => return self.gensub(args),
            Builtin::Match => return self.find(args),
            Builtin::Asort | Builtin::Asorti => {
                return self.sort(args, function == Builtin::Asorti);
            }
            _ => {}
        }
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.eval(arg)?);
        }
        let number = |index: usize| values.get(index).map_or(0.0, Value::number);
        let text = |index: usize| values.get(index).map(|value| self.text(value));
        Ok(Value::Number(match function {
            Builtin::Atan2 => number(0).atan2(number(1)),
            Builtin::Cos => number(0).cos(),
            Builtin::Exp => number(0).exp(),
            Builtin::Int => number(0).trunc(),
            Builtin::Log => number(0).ln(),
            Builtin::Sin => number(0).sin(),
            Builtin::Sqrt => number(0).sqrt(),
            Builtin::Systime => time::now().0 as f64,
            Builtin::Rand => self.random(),
            Builtin::Srand => {
                let seed = values.first().map_or(time::now().0 as f64, Value::number);
                let before = self.seed.0;
                self.seed = (seed, seed.to_bits() ^ 0x9e37_79b9_7f4a_7c15);
                before
            }
            Builtin::And | Builtin::Or | Builtin::Xor => {
                let join: fn(u64, u64) -> u64 = match function {
                    Builtin::And => |a, b| a & b,
                    Builtin::Or => |a, b| a | b,
                    _ => |a, b| a ^ b,
                };
                values.iter().map(|value| whole(value.number())).reduce(join).unwrap_or(0) as f64
            }
            Builtin::Lshift => whole(number(0)).checked_shl(shift(number(1))).unwrap_or(0) as f64,
            Builtin::Rshift => whole(number(0)).checked_shr(shift(number(1))).unwrap_or(0) as f64,
            Builtin::Strtonum => strtonum(&text(0).unwrap_or_else(|| Text::from(&b""[..]))),
            Builtin::Index => {
                let (Some(text), Some(wanted)) = (text(0), text(1)) else {
                    return Ok(Value::Unset);
                };
                match memchr::memmem::find(&text, &wanted) {
                    Some(at) => (count(&text[..at]) + 1) as f64,
                    None => 0.0,
                }
            }
            Builtin::Substr => {
                return Ok(substr(&text(0).unwrap_or_else(|| Text::from(&b""[..])), &values));
            }
            Builtin::Tolower | Builtin::Toupper => {
                let text = text(0).unwrap_or_else(|| Text::from(&b""[..]));
                return Ok(change_case(&text, function == Builtin::Toupper));
            }
            Builtin::Sprintf => {
                let format = self.text(&values[0]);
                let convert = self.convert();
                return Ok(Value::text(super::format::sprintf(&format, &values[1..], &convert)));
            }
            Builtin::Strftime => {
                let format = text(0).map_or_else(
                    || "%a %b %e %H:%M:%S UTC %Y".to_owned(),
                    |format| String::from_utf8_lossy(&format).into_owned(),
                );
                #[expect(clippy::cast_possible_truncation, reason = "saturates")]
                let at = values.get(1).map_or(time::now().0, |value| value.number() as i64);
                // Beyond this there are no calendar years to show.
                return Ok(Value::text(time::format(&format, (at.clamp(-1 << 40, 1 << 40), 0))));
            }
            Builtin::Mktime => mktime(&text(0).unwrap_or_else(|| Text::from(&b""[..]))),
            Builtin::System => {
                let Some(command) = text(0) else { return Ok(Value::Unset) };
                self.streams.flush_all(&mut self.out);
                super::output::system(&command).or_else(fatal)?
            }
            Builtin::Close => match text(0) {
                Some(name) => {
                    self.out.flush();
                    self.streams.close(&name)
                }
                None => -1.0,
            },
            Builtin::Fflush => match text(0) {
                Some(name) if !name.is_empty() => {
                    if self.streams.flush(&name) {
                        0.0
                    } else {
                        -1.0
                    }
                }
                _ => {
                    self.streams.flush_all(&mut self.out);
                    0.0
                }
            },
            _ => return fatal("this function is not supported"),
        }))
    }

    /// A number in [0, 1), by xorshift*.
    fn random(&mut self) -> f64 {
        let state = &mut self.seed.1;
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn length(&mut self, args: &[Expr]) -> Run<Value> {
        let text = match args.first() {
            None => self.whole(),
            Some(Expr::Var(slot)) if self.is_array(*slot) => {
                let length = self.array(*slot)?.borrow().len();
                return Ok(Value::Number(length as f64));
            }
            Some(arg) => {
                let value = self.eval(arg)?;
                self.text(&value)
            }
        };
        Ok(Value::Number(count(&text) as f64))
    }

    fn split(&mut self, args: &[Expr]) -> Run<Value> {
        let value = self.eval(&args[0])?;
        let text = self.text(&value);
        let Expr::Var(slot) = &args[1] else { return fatal("split needs an array") };
        let (separator, paragraph) = match args.get(2) {
            None => self.separator(),
            Some(Expr::Regex(regex)) => (Separator::Pattern(regex.clone()), false),
            Some(arg) => {
                let value = self.eval(arg)?;
                let text = self.text(&value);
                (Separator::new(&text).or_else(fatal)?, false)
            }
        };
        let pieces = separator.split(&text, paragraph);
        let array = self.array(*slot)?;
        if let Some(Expr::Var(slot)) = args.get(3) {
            let between = self.array(*slot)?;
            let mut between = between.borrow_mut();
            between.clear();
            for (index, pair) in pieces.windows(2).enumerate() {
                let start = pair[0].as_ptr() as usize - text.as_ptr() as usize + pair[0].len();
                let end = pair[1].as_ptr() as usize - text.as_ptr() as usize;
                between.insert(number_key(index + 1), Value::text(&text[start..end]));
            }
        }
        let mut array = array.borrow_mut();
        array.clear();
        for (index, piece) in pieces.iter().enumerate() {
            array.insert(number_key(index + 1), Value::input(piece));
        }
        Ok(Value::Number(pieces.len() as f64))
    }

    fn substitute(&mut self, args: &[Expr], all: bool) -> Run<Value> {
        let regex = self.pattern(&args[0])?;
        let value = self.eval(&args[1])?;
        let replacement = self.text(&value);
        let old = match args.get(2) {
            Some(target) => {
                let value = self.eval(target)?;
                self.text(&value)
            }
            None => self.whole(),
        };
        let mut new = Vec::with_capacity(old.len());
        let (mut from, mut made) = (0, 0);
        let mut last_end = None;
        for found in regex.find_iter(&old) {
            // An empty match right after another one is part of it.
            if found.is_empty() && last_end == Some(found.start()) {
                continue;
            }
            last_end = Some(found.end());
            new.extend_from_slice(&old[from..found.start()]);
            expand(&mut new, &replacement, found.as_bytes());
            from = found.end();
            made += 1;
            if !all {
                break;
            }
        }
        if made > 0 {
            new.extend_from_slice(&old[from..]);
            match args.get(2) {
                Some(target)
                    if matches!(
                        target,
                        Expr::Var(_) | Expr::Field(_) | Expr::Element(..) | Expr::Group(_)
                    ) =>
                {
                    self.assign(target, Value::text(new))?;
                }
                Some(_) => {}
                None => self.set_whole(Text::from(new)),
            }
        }
        Ok(Value::Number(f64::from(made)))
    }

    fn gensub(&mut self, args: &[Expr]) -> Run<Value> {
        let regex = self.pattern(&args[0])?;
        let value = self.eval(&args[1])?;
        let replacement = self.text(&value);
        let value = self.eval(&args[2])?;
        let how = self.text(&value);
        let wanted = match how.first() {
            Some(b'g' | b'G') => None,
            _ => Some(value.number().max(1.0)),
        };
        let text = match args.get(3) {
            Some(arg) => {
                let value = self.eval(arg)?;
                self.text(&value)
            }
            None => self.whole(),
        };
        let mut new = Vec::new();
        let mut from = 0;
        for (index, found) in regex.captures_iter(&text).enumerate() {
            let Some(whole) = found.get(0) else { continue };
            if wanted.is_some_and(|wanted| (index + 1) as f64 != wanted) {
                continue;
            }
            new.extend_from_slice(&text[from..whole.start()]);
            let mut rest = replacement.iter();
            while let Some(&byte) = rest.next() {
                match byte {
                    b'\\' => match rest.next() {
                        Some(digit @ b'0'..=b'9') => {
                            let group = found.get(usize::from(digit - b'0'));
                            new.extend_from_slice(group.map_or(b"", |group| group.as_bytes()));
                        }
                        Some(b'&') => new.push(b'&'),
                        Some(other) => new.push(*other),
                        None => new.push(b'\\'),
                    },
                    b'&' => new.extend_from_slice(whole.as_bytes()),
                    other => new.push(other),
                }
            }
            from = whole.end();
        }
        new.extend_from_slice(&text[from..]);
        Ok(Value::text(new))
    }

    fn find(&mut self, args: &[Expr]) -> Run<Value> {
        let value = self.eval(&args[0])?;
        let text = self.text(&value);
        let regex = self.pattern(&args[1])?;
        let captures = regex.captures(&text);
        let found = captures.as_ref().and_then(|captures| captures.get(0));
        let (start, length) = match found {
            Some(found) => {
                ((count(&text[..found.start()]) + 1) as f64, count(found.as_bytes()) as f64)
            }
            None => (0.0, -1.0),
        };
        if let Some(Expr::Var(slot)) = args.get(2) {
            let array = self.array(*slot)?;
            let mut array = array.borrow_mut();
            array.clear();
            for (index, group) in captures.iter().flat_map(|c| c.iter()).enumerate() {
                if let Some(group) = group {
                    array.insert(number_key(index), Value::input(group.as_bytes()));
                }
            }
        }
        self.globals[record::RSTART] = Cell::Scalar(Value::Number(start));
        self.globals[record::RLENGTH] = Cell::Scalar(Value::Number(length));
        Ok(Value::Number(start))
    }

    /// `asort` sorts the values, `asorti` the subscripts; the result has subscripts from 1.
    fn sort(&mut self, args: &[Expr], subscripts: bool) -> Run<Value> {
        let slots: Vec<_> = args
            .iter()
            .filter_map(|arg| if let Expr::Var(slot) = arg { Some(*slot) } else { None })
            .collect();
        let source = self.array(slots[0])?;
        let mut values: Vec<Value> = if subscripts {
            source.borrow().keys().map(|key| Value::Text(Rc::clone(key))).collect()
        } else {
            source.borrow().values().cloned().collect()
        };
        let convert = self.convert();
        let is_text = |value: &Value| matches!(value, Value::Text(_));
        values.sort_by(|a, b| {
            // Numbers come before strings.
            is_text(a)
                .cmp(&is_text(b))
                .then_with(|| a.compare(b, &convert).unwrap_or(std::cmp::Ordering::Equal))
        });
        let target = self.array(*slots.last().unwrap_or(&slots[0]))?;
        let mut target = target.borrow_mut();
        target.clear();
        let length = values.len();
        target.extend(values.into_iter().enumerate().map(|(i, value)| (number_key(i + 1), value)));
        Ok(Value::Number(length as f64))
    }
}

fn number_key(number: usize) -> Text {
    Text::from(number.to_string().as_bytes())
}

/// Characters, or bytes where the text is not UTF-8.
fn count(text: &[u8]) -> usize {
    std::str::from_utf8(text).map_or(text.len(), |text| text.chars().count())
}

/// `&` is what was matched, `\&` an ampersand.
fn expand(out: &mut Vec<u8>, replacement: &[u8], matched: &[u8]) {
    let mut rest = replacement.iter().peekable();
    while let Some(&byte) = rest.next() {
        match byte {
            b'\\' if matches!(rest.peek(), Some(b'&' | b'\\')) => out.extend(rest.next()),
            b'&' => out.extend_from_slice(matched),
            other => out.push(other),
        }
    }
}

fn substr(text: &Text, values: &[Value]) -> Value {
    let chars = characters(text);
    let start = round(values.get(1).map_or(1.0, Value::number));
    let end = match values.get(2) {
        Some(length) => start + round(length.number()),
        None => f64::INFINITY,
    };
    if start.is_nan() || end.is_nan() {
        return Value::text(b"");
    }
    let length = chars.len() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let (from, to) =
        ((start - 1.0).clamp(0.0, length) as usize, (end - 1.0).clamp(0.0, length) as usize);
    if from >= to { Value::text(b"") } else { Value::text(chars[from..to].concat()) }
}

/// Half-way cases go to the even number, as in C.
fn round(number: f64) -> f64 {
    number.round_ties_even()
}

fn change_case(text: &[u8], upper: bool) -> Value {
    match std::str::from_utf8(text) {
        Ok(text) => Value::text(if upper { text.to_uppercase() } else { text.to_lowercase() }),
        Err(_) if upper => Value::text(text.to_ascii_uppercase()),
        Err(_) => Value::text(text.to_ascii_lowercase()),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn shift(number: f64) -> u32 {
    number as u32
}

/// Decimal, `0x` hexadecimal and `0` octal.
fn strtonum(text: &[u8]) -> f64 {
    let trimmed = text.trim_ascii();
    let digits = |text: &[u8], base: u32| {
        text.iter()
            .map_while(|b| char::from(*b).to_digit(base))
            .fold(0.0, |value, digit| value * f64::from(base) + f64::from(digit))
    };
    match trimmed {
        [b'0', b'x' | b'X', hex @ ..] => digits(hex, 16),
        [b'0', octal @ ..]
            if !octal.is_empty() && octal.iter().all(|b| (b'0'..=b'7').contains(b)) =>
        {
            digits(octal, 8)
        }
        _ => number_prefix(trimmed).0,
    }
}

/// `YYYY MM DD HH MM SS` in UTC, -1 for anything else.
fn mktime(text: &[u8]) -> f64 {
    let numbers: Vec<i64> =
        String::from_utf8_lossy(text).split_whitespace().map_while(|n| n.parse().ok()).collect();
    let [year, month, day, hour, minute, second] = numbers[..] else { return -1.0 };
    let in_range = (1..=12).contains(&month) && (-9_999..=9_999).contains(&year);
    if !in_range || [day, hour, minute, second].iter().any(|n| n.abs() > 1_000_000) {
        return -1.0;
    }
    let midnight = time::seconds(time::Civil {
        year,
        month: u8::try_from(month).unwrap_or(1),
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
    });
    (midnight + (day - 1) * 86_400 + hour * 3_600 + minute * 60 + second) as f64
}
