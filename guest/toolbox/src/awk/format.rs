//! `printf` of awk.

use super::value::Value;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// More is surely a mistake, and would only fill the memory.
const MOST: usize = 1 << 24;

/// Formats `args`; `convert` is `CONVFMT`.
pub(super) fn sprintf(format: &[u8], args: &[Value], convert: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(format.len() + 16);
    let mut args = args.iter();
    let mut at = 0;
    while let Some(&byte) = format.get(at) {
        at += 1;
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let start = at - 1;
        let mut spec = Spec::default();
        while let Some(&flag) = format.get(at) {
            match flag {
                b'-' => spec.left = true,
                b'+' => spec.plus = true,
                b' ' => spec.space = true,
                b'#' => spec.alternate = true,
                b'0' => spec.zero = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        if let Some(width) = count(format, &mut at, &mut args) {
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(MOST).min(MOST);
        }
        if format.get(at) == Some(&b'.') {
            at += 1;
            let precision = count(format, &mut at, &mut args).unwrap_or(0);
            spec.precision = usize::try_from(precision).ok().map(|p| p.min(MOST));
        }
        while matches!(format.get(at), Some(b'l' | b'h' | b'L' | b'q' | b'j' | b'z')) {
            at += 1;
        }
        let Some(&conversion) = format.get(at) else {
            out.extend_from_slice(&format[start..]);
            break;
        };
        at += 1;
        if conversion == b'%' {
            out.push(b'%');
            continue;
        }
        if !b"diouxXcsfFeEgGaA".contains(&conversion) {
            out.extend_from_slice(&format[start..at]);
            continue;
        }
        let value = args.next().cloned().unwrap_or_default();
        one(&mut out, conversion, &spec, &value, convert);
    }
    out
}

/// A width or precision: digits, or `*` for an argument.
fn count<'a>(
    format: &[u8],
    at: &mut usize,
    args: &mut impl Iterator<Item = &'a Value>,
) -> Option<i64> {
    if format.get(*at) == Some(&b'*') {
        *at += 1;
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        return Some(args.next().map_or(0, |value| value.number() as i64));
    }
    let start = *at;
    while format.get(*at).is_some_and(u8::is_ascii_digit) {
        *at += 1;
    }
    let digits = std::str::from_utf8(&format[start..*at]).ok()?;
    (!digits.is_empty()).then(|| digits.parse().unwrap_or(i64::MAX))
}

fn one(out: &mut Vec<u8>, conversion: u8, spec: &Spec, value: &Value, convert: &[u8]) {
    match conversion {
        b's' => {
            let text = value.to_text(convert);
            pad_text(out, spec, cut(&text, spec.precision));
        }
        b'c' => match value {
            Value::Number(number) | Value::Both(_, number) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates"
                )]
                let code = *number as u32;
                let c = char::from_u32(code).unwrap_or('\u{fffd}');
                pad_text(out, spec, c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => {
                let text = value.to_text(convert);
                pad_text(out, spec, cut(&text, Some(1)));
            }
        },
        b'd' | b'i' => {
            let number = value.number();
            if !number.is_finite() {
                return special(out, spec, number);
            }
            let text = format!("{:.0}", number.trunc().abs());
            integer(out, spec, number.trunc() < 0.0, "", &text);
        }
        b'o' | b'u' | b'x' | b'X' => {
            let number = value.number();
            if !number.is_finite() {
                return special(out, spec, number);
            }
            if number.trunc() < 0.0 {
                // Negative numbers have no unsigned form; show them as %d does.
                let text = format!("{:.0}", number.trunc().abs());
                return integer(out, spec, true, "", &text);
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates"
            )]
            let whole = number as u64;
            let (prefix, text) = match conversion {
                b'o' => ("0", format!("{whole:o}")),
                b'x' => ("0x", format!("{whole:x}")),
                b'X' => ("0X", format!("{whole:X}")),
                _ => ("", whole.to_string()),
            };
            let prefix = if spec.alternate && whole != 0 { prefix } else { "" };
            integer(out, spec, false, prefix, &text);
        }
        _ => {
            let number = value.number();
            if !number.is_finite() {
                return special(out, spec, number);
            }
            let precision = spec.precision.unwrap_or(6);
            let magnitude = number.abs();
            let text = match conversion {
                b'f' | b'F' => format!("{magnitude:.precision$}"),
                b'e' | b'E' => exponential(magnitude, precision),
                _ => general(magnitude, precision.max(1), spec.alternate),
            };
            let text = if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text };
            signed(out, spec, number.is_sign_negative(), "", &text, spec.zero);
        }
    }
}

fn special(out: &mut Vec<u8>, spec: &Spec, number: f64) {
    let text = if number.is_nan() { "nan" } else { "inf" };
    // A sign always shows that this is no ordinary word.
    let spec =
        Spec { plus: true, ..Spec { width: spec.width, left: spec.left, ..Spec::default() } };
    signed(out, &spec, number.is_sign_negative(), "", text, false);
}

/// The first `precision` characters.
fn cut(text: &[u8], precision: Option<usize>) -> &[u8] {
    let Some(precision) = precision else { return text };
    match std::str::from_utf8(text) {
        Ok(chars) => {
            let end = chars.char_indices().nth(precision).map_or(text.len(), |(at, _)| at);
            &text[..end]
        }
        Err(_) => &text[..precision.min(text.len())],
    }
}

fn pad_text(out: &mut Vec<u8>, spec: &Spec, text: &[u8]) {
    let length = std::str::from_utf8(text).map_or(text.len(), |text| text.chars().count());
    let fill = spec.width.saturating_sub(length);
    if !spec.left {
        out.resize(out.len() + fill, b' ');
    }
    out.extend_from_slice(text);
    if spec.left {
        out.resize(out.len() + fill, b' ');
    }
}

fn integer(out: &mut Vec<u8>, spec: &Spec, negative: bool, prefix: &str, digits: &str) {
    let digits = match spec.precision {
        Some(0) if digits == "0" => String::new(),
        Some(precision) => format!("{digits:0>precision$}"),
        None => digits.to_owned(),
    };
    // With a precision the flag 0 means nothing.
    signed(out, spec, negative, prefix, &digits, spec.zero && spec.precision.is_none());
}

fn signed(out: &mut Vec<u8>, spec: &Spec, negative: bool, prefix: &str, digits: &str, zero: bool) {
    let sign = match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let fill = spec.width.saturating_sub(sign.len() + prefix.len() + digits.len());
    if !spec.left && !zero {
        out.resize(out.len() + fill, b' ');
    }
    out.extend_from_slice(sign.as_bytes());
    out.extend_from_slice(prefix.as_bytes());
    if !spec.left && zero {
        out.resize(out.len() + fill, b'0');
    }
    out.extend_from_slice(digits.as_bytes());
    if spec.left {
        out.resize(out.len() + fill, b' ');
    }
}

/// `1.500000e+03`.
fn exponential(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// `%g`: the shorter of `%e` and `%f`, without trailing zeros.
fn general(number: f64, precision: usize, keep_zeros: bool) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let text = exponential(number, precision - 1);
    let exponent: i64 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    let (body, tail) = if exponent < -4 || exponent >= digits {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        (mantissa.to_owned(), format!("e{exponent}"))
    } else {
        let places = usize::try_from(digits - 1 - exponent).unwrap_or(0);
        (format!("{number:.places$}"), String::new())
    };
    if keep_zeros || !body.contains('.') {
        return body + &tail;
    }
    body.trim_end_matches('0').trim_end_matches('.').to_owned() + &tail
}

#[cfg(test)]
mod tests {
    use super::{Value, sprintf};

    #[test]
    fn formats_as_c_does() {
        let number = |n| Value::Number(n);
        for (format, value, expected) in [
            ("%d", number(42.9), "42"),
            ("%5d|", number(-42.0), "  -42|"),
            ("%-5d|", number(42.0), "42   |"),
            ("%05d", number(-42.0), "-0042"),
            ("%+d", number(7.0), "+7"),
            ("%x", number(255.0), "ff"),
            ("%#o", number(8.0), "010"),
            ("%.2f", number(3.14159), "3.14"),
            ("%e", number(12345.678), "1.234568e+04"),
            ("%g", number(0.0001), "0.0001"),
            ("%g", number(0.00001), "1e-05"),
            ("%g", number(1e6), "1e+06"),
            ("%g", number(100000.0), "100000"),
            ("%.6g", number(3.0 / 7.0), "0.428571"),
            ("%s", Value::text("x"), "x"),
            ("%5s|", Value::text("é"), "    é|"),
            ("%.2s", Value::text("abc"), "ab"),
            ("%c", Value::text("abc"), "a"),
            ("%c", number(65.0), "A"),
            ("%%", number(0.0), "%"),
            ("%5%", number(0.0), "%"),
            ("100%", number(0.0), "100%"),
            ("%.3d", number(5.0), "005"),
            ("%d", Value::text("0x1A"), "0"),
        ] {
            let out = sprintf(format.as_bytes(), &[value], b"%.6g");
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{format}");
        }
    }
}
