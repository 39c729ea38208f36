//! Numbers as C's `printf` writes them.

use super::printf::Spec;
use crate::bytes;

/// Pads with blanks to `width` characters.
pub(super) fn pad(text: &[u8], width: usize, left: bool) -> Vec<u8> {
    let missing = width.saturating_sub(bytes::count_chars(text));
    let blanks = vec![b' '; missing];
    if left { [text, &blanks].concat() } else { [&blanks[..], text].concat() }
}

/// Puts sign or prefix and digits together, with zeros or blanks to the width.
fn assemble(prefix: &str, digits: &str, spec: &Spec, zeros: bool) -> Vec<u8> {
    let length = prefix.len() + digits.len();
    if zeros && !spec.left && spec.width > length {
        let fill = "0".repeat(spec.width - length);
        return format!("{prefix}{fill}{digits}").into_bytes();
    }
    pad(format!("{prefix}{digits}").as_bytes(), spec.width, spec.left)
}

fn sign(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    }
}

pub(super) fn integer(value: i64, letter: u8, spec: &Spec) -> Vec<u8> {
    let (prefix, mut digits) = match letter {
        b'd' | b'i' => (sign(value < 0, spec), value.unsigned_abs().to_string()),
        b'u' => ("", (value as u64).to_string()),
        b'o' => {
            let digits = format!("{value:o}");
            ("", if spec.alternate && value != 0 { format!("0{digits}") } else { digits })
        }
        b'x' => (if spec.alternate && value != 0 { "0x" } else { "" }, format!("{value:x}")),
        _ => (if spec.alternate && value != 0 { "0X" } else { "" }, format!("{value:X}")),
    };
    if let Some(precision) = spec.precision {
        if precision == 0 && value == 0 {
            digits.clear();
        }
        digits = format!("{digits:0>precision$}");
    }
    assemble(prefix, &digits, spec, spec.zero && spec.precision.is_none())
}

pub(super) fn float(value: f64, letter: u8, spec: &Spec) -> Vec<u8> {
    let negative = value.is_sign_negative() && !value.is_nan();
    let magnitude = value.abs();
    let upper = letter.is_ascii_uppercase();
    if !magnitude.is_finite() {
        let text = if magnitude.is_nan() { "nan" } else { "inf" };
        let text = if upper { text.to_uppercase() } else { text.to_owned() };
        return assemble(sign(negative, spec), &text, spec, false);
    }
    let precision = spec.precision.unwrap_or(6);
    let digits = match letter.to_ascii_lowercase() {
        // With `#`, the point is there even if no digit follows.
        b'f' if spec.alternate && precision == 0 => format!("{magnitude:.0}."),
        b'f' => format!("{magnitude:.precision$}"),
        b'e' => exponent(magnitude, precision),
        b'a' => hexadecimal(magnitude),
        _ => general(magnitude, precision.max(1), spec.alternate),
    };
    let digits = if upper { digits.to_uppercase() } else { digits };
    assemble(sign(negative, spec), &digits, spec, spec.zero)
}

/// `1.5e+00`.
fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `%g`: the shorter of both forms, without trailing zeros.
fn general(value: f64, precision: usize, keep_zeros: bool) -> String {
    let scientific = format!("{value:.*e}", precision - 1);
    let power: i32 = scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    let text = if power < -4 || power >= precision as i32 {
        exponent(value, precision - 1)
    } else {
        let decimals = (precision as i32 - 1 - power).max(0) as usize;
        format!("{value:.decimals$}")
    };
    if keep_zeros {
        return text;
    }
    let (mantissa, tail) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    if !mantissa.contains('.') {
        return text;
    }
    format!("{}{tail}", mantissa.trim_end_matches('0').trim_end_matches('.'))
}

/// `%a`.
fn hexadecimal(value: f64) -> String {
    let bits = value.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let raw = (bits >> 52) & 0x7ff;
    if raw == 0 && mantissa == 0 {
        return "0x0p+0".into();
    }
    let (lead, exponent) = if raw == 0 { (0, -1022) } else { (1, raw as i64 - 1023) };
    let digits = format!("{mantissa:013x}");
    let digits = digits.trim_end_matches('0');
    let dot = if digits.is_empty() { "" } else { "." };
    format!("0x{lead}{dot}{digits}p{exponent:+}")
}

#[cfg(test)]
mod tests {
    use super::{Spec, float, integer};

    fn f(value: f64, letter: u8, spec: Spec) -> String {
        String::from_utf8(float(value, letter, &spec)).unwrap()
    }

    #[test]
    fn floats_are_written_as_in_c() {
        assert_eq!(f(2.14159, b'f', Spec { precision: Some(2), ..Spec::default() }), "2.14");
        assert_eq!(f(12345.678, b'e', Spec::default()), "1.234568e+04");
        assert_eq!(f(0.0001, b'g', Spec::default()), "0.0001");
        assert_eq!(f(0.00001, b'g', Spec::default()), "1e-05");
        assert_eq!(f(100_000.0, b'g', Spec::default()), "100000");
        assert_eq!(f(1_000_000.0, b'g', Spec::default()), "1e+06");
        assert_eq!(
            f(-1.5, b'f', Spec { width: 8, zero: true, precision: Some(1), ..Spec::default() }),
            "-00001.5"
        );
        assert_eq!(f(f64::INFINITY, b'F', Spec::default()), "INF");
    }

    #[test]
    fn integers() {
        let spec = Spec { width: 5, zero: true, ..Spec::default() };
        assert_eq!(integer(-42, b'd', &spec), b"-0042");
        assert_eq!(integer(255, b'x', &Spec { alternate: true, ..Spec::default() }), b"0xff");
        assert_eq!(integer(-1, b'u', &Spec::default()), b"18446744073709551615");
        assert_eq!(integer(7, b'd', &Spec { precision: Some(3), ..Spec::default() }), b"007");
    }
}
