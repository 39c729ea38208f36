//! What a plain scalar means to Psych, the YAML reader of GitLab.
//!
//! The rules are those of YAML 1.1 with Psych's deviations: `yes` and `on` are booleans, `010` is
//! eight, `1_000` and `1,000` are a thousand, `1:30` is a base-60 number, `1e3` is a string, and
//! `:name` is a symbol, which becomes the string `name`.

use std::sync::LazyLock;

use regex::Regex;

use super::Value;

/// A plain scalar's meaning.
#[derive(Debug)]
pub(super) enum Plain {
    /// A value.
    Value(Value),
    /// A date or time. GitLab refuses the whole file for it.
    Date,
}

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^-?\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$",
    )
});
static DATE: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)$"));
static BASE_60: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(\.[0-9_]*)?$"));
static FLOAT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?$"));
static INTEGER: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^[-+]?(?:0b[0-1_,]+|0[0-7_,]+|0|[1-9](?:[0-9]|,[0-9]|_[0-9])*|0x[0-9a-fA-F_,]+)$")
});

/// The patterns are constants, and a test builds each.
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

/// The meaning of a scalar that is written without quotes and without a tag.
pub(super) fn plain(text: &str) -> Plain {
    Plain::Value(match text {
        "" | "~" => Value::Null,
        _ if text.eq_ignore_ascii_case("null") => Value::Null,
        _ if is_any(text, &["yes", "true", "on"]) => Value::Bool(true),
        _ if is_any(text, &["no", "false", "off"]) => Value::Bool(false),
        _ if !may_be_special(text) => Value::String(text.to_owned()),
        _ if TIME.is_match(text) || DATE.is_match(text) => return Plain::Date,
        _ if is_any(text, &[".inf", "+.inf"]) => Value::Float(f64::INFINITY),
        _ if text.eq_ignore_ascii_case("-.inf") => Value::Float(f64::NEG_INFINITY),
        _ if text.eq_ignore_ascii_case(".nan") => Value::Float(f64::NAN),
        _ if text.starts_with(':') && text.len() > 1 => symbol(text),
        _ if BASE_60.is_match(text) => base_60(text),
        _ if FLOAT.is_match(text) => float(text),
        _ if INTEGER.is_match(text) => integer(text),
        _ => Value::String(text.to_owned()),
    })
}

/// Almost all scalars of a pipeline file are words; they need not meet the patterns.
fn may_be_special(text: &str) -> bool {
    text.len() <= 256 && text.starts_with(|c: char| c.is_ascii_digit() || "+-.:".contains(c))
        || text.starts_with(':')
}

fn is_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn symbol(text: &str) -> Value {
    let name = &text[1..];
    let unquoted = ['"', '\'']
        .iter()
        .find_map(|quote| name.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)));
    Value::String(unquoted.unwrap_or(name).to_owned())
}

/// Psych counts the first part as hours even where there are only two.
fn base_60(text: &str) -> Value {
    let parts = text.split(':').zip([3600.0, 60.0, 1.0]);
    let sum: f64 = parts
        .map(|(part, factor)| part.replace('_', "").parse::<f64>().unwrap_or(0.0) * factor)
        .sum();
    if text.contains('.') {
        Value::Float(sum)
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "a sum of whole numbers")]
        Value::Integer(sum as i128)
    }
}

pub(super) fn float(text: &str) -> Value {
    let digits: String = text.chars().filter(|c| !",_".contains(*c)).collect();
    match digits.parse() {
        Ok(value) => Value::Float(value),
        Err(_) => Value::String(text.to_owned()),
    }
}

pub(super) fn integer(text: &str) -> Value {
    let digits: String = text.chars().filter(|c| !",_".contains(*c)).collect();
    let (negative, digits) = match digits.as_bytes().first() {
        Some(b'-') => (true, &digits[1..]),
        Some(b'+') => (false, &digits[1..]),
        _ => (false, digits.as_str()),
    };
    let magnitude = if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    match magnitude {
        Ok(value) => Value::Integer(if negative { -value } else { value }),
        // Ruby would go on with a big number, which prints as the same digits.
        Err(_) => Value::String(text.to_owned()),
    }
}

/// A float as Ruby prints it.
pub(super) fn ruby_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if mantissa.contains('.') { "" } else { ".0" };
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}{point}e{sign}{digits:0>2}");
    }
    // `{:?}` writes the shortest digits that read back, with at least one after the point.
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match plain(text) {
            Plain::Date => "date".to_owned(),
            Plain::Value(Value::String(text)) => format!("{text:?}"),
            Plain::Value(Value::Float(value)) => ruby_float(value),
            Plain::Value(Value::Null) => "null".to_owned(),
            Plain::Value(Value::Bool(value)) => value.to_string(),
            Plain::Value(Value::Integer(value)) => value.to_string(),
            Plain::Value(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn plain_scalars_mean_what_they_mean_to_psych() {
        let cases = [
            ("", "null"),
            ("~", "null"),
            ("NULL", "null"),
            ("yes", "true"),
            ("On", "true"),
            ("OFF", "false"),
            ("y", "\"y\""),
            ("nope", "\"nope\""),
            ("0", "0"),
            ("-12", "-12"),
            ("+12", "12"),
            ("0755", "493"),
            ("08", "\"08\""),
            ("0o17", "\"0o17\""),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("1_000", "1000"),
            ("1,000", "1000"),
            ("1__0", "\"1__0\""),
            ("1.10", "1.1"),
            ("1.", "1.0"),
            (".5", "0.5"),
            (".", "\".\""),
            ("-.", "\"-.\""),
            ("1e3", "\"1e3\""),
            ("1.5e+3", "1500.0"),
            ("1.0e+20", "1.0e+20"),
            ("0.00001", "1.0e-05"),
            ("1.2.3", "\"1.2.3\""),
            ("3.12-slim", "\"3.12-slim\""),
            ("1:30", "5400"),
            ("1:30:15", "5415"),
            ("22:61", "\"22:61\""),
            (":name", "\"name\""),
            (":\"a b\"", "\"a b\""),
            (":", "\":\""),
            (".inf", "Infinity"),
            ("-.INF", "-Infinity"),
            (".nan", "NaN"),
            ("2024-01-31", "date"),
            ("2024-01-31 10:00:00", "date"),
            ("2024-01-31T10:00:00Z", "date"),
            ("2024-13-31", "\"2024-13-31\""),
            ("-", "\"-\""),
            ("--version", "\"--version\""),
            (
                "170141183460469231731687303715884105728",
                "\"170141183460469231731687303715884105728\"",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
