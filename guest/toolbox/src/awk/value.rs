//! Values of awk: strings, numbers, and input that looks like a number.

use indexmap::IndexMap;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) type Text = Rc<[u8]>;
/// Elements keep the order in which they were added; `for (key in array)` shows it.
pub(super) type Array = Rc<RefCell<IndexMap<Text, Value>>>;

#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    #[default]
    Unset,
    Number(f64),
    Text(Text),
    /// From input, and looking like a number: both.
    Both(Text, f64),
}

impl Value {
    pub(super) fn text(bytes: impl AsRef<[u8]>) -> Self {
        Self::Text(Text::from(bytes.as_ref()))
    }

    pub(super) fn bool(value: bool) -> Self {
        Self::Number(f64::from(u8::from(value)))
    }

    /// A value that was read: a number too if it looks like one.
    pub(super) fn input(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let trimmed = bytes.trim_ascii();
        let (number, used) = number_prefix(trimmed);
        if used > 0 && used == trimmed.len() {
            Self::Both(Text::from(bytes), number)
        } else {
            Self::Text(Text::from(bytes))
        }
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Unset => 0.0,
            Self::Number(number) | Self::Both(_, number) => *number,
            Self::Text(text) => number_prefix(text.trim_ascii_start()).0,
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Unset => false,
            Self::Number(number) | Self::Both(_, number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// As a string, numbers by `format` (`CONVFMT` or `OFMT`).
    pub(super) fn to_text(&self, format: &[u8]) -> Text {
        match self {
            Self::Unset => Text::from(&b""[..]),
            Self::Text(text) | Self::Both(text, _) => Rc::clone(text),
            Self::Number(number) => Text::from(number_text(*number, format)),
        }
    }

    fn is_numeric(&self) -> bool {
        !matches!(self, Self::Text(_))
    }

    /// Numbers are compared as numbers, everything else as strings.
    pub(super) fn compare(&self, other: &Self, format: &[u8]) -> Option<Ordering> {
        if self.is_numeric() && other.is_numeric() {
            self.number().partial_cmp(&other.number())
        } else {
            Some(self.to_text(format).cmp(&other.to_text(format)))
        }
    }
}

/// A number as `print` shows it: integers without a fraction.
pub(super) fn number_text(number: f64, format: &[u8]) -> Vec<u8> {
    if number.fract() == 0.0 && number.abs() < 1e16 {
        #[expect(clippy::cast_possible_truncation, reason = "it is an integer below 10^16")]
        return (number as i64).to_string().into_bytes();
    }
    super::format::sprintf(format, &[Value::Number(number)], format)
}

/// The number that `text` begins with, and its length; (0, 0) when there is none.
pub(super) fn number_prefix(text: &[u8]) -> (f64, usize) {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if text.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        if whole + fraction > 0 {
            at += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return special(text);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = if at + 1 + sign <= text.len() { digits(at + 1 + sign) } else { 0 };
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    let number = std::str::from_utf8(&text[..at]).ok().and_then(|text| text.parse().ok());
    (number.unwrap_or(0.0), at)
}

/// `+inf`, `-nan` and so on count as numbers only with a sign.
fn special(text: &[u8]) -> (f64, usize) {
    let negative = match text.first() {
        Some(b'+') => false,
        Some(b'-') => true,
        _ => return (0.0, 0),
    };
    let value = match text.get(1..4).map(<[u8]>::to_ascii_lowercase).as_deref() {
        Some(b"inf") => f64::INFINITY,
        Some(b"nan") => f64::NAN,
        _ => return (0.0, 0),
    };
    if text.get(4).is_some_and(u8::is_ascii_alphanumeric) {
        return (0.0, 0);
    }
    (if negative { -value } else { value }, 4)
}
