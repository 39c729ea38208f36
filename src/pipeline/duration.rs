//! GitLab's durations: `1h 30m`, `2 hours 15 minutes`, `90 min and 5s`, `1:30:00`, plain seconds.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// There is no number in it.
    #[error("there is no number in it")]
    Empty,
    /// A word is not a unit.
    #[error("`{0}` is not a unit of time")]
    Unit(String),
    /// A number is not one.
    #[error("`{0}` is not a number")]
    Number(String),
    /// It is zero, or too long.
    #[error("it must be more than nothing and at most a year")]
    Range,
}

/// The longest duration.
const LONGEST: f64 = 366.0 * 24.0 * 3600.0;

/// Reads a duration. A number without a unit counts seconds.
///
/// # Errors
/// If it is not a duration, is zero or is longer than a year.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    parse_up_to(text, LONGEST)
}

/// As [`parse`], with another limit in seconds.
///
/// # Errors
/// If it is not a duration, is zero or is longer than the limit.
pub fn parse_up_to(text: &str, longest: f64) -> Result<Duration, DurationError> {
    let text = text.trim().to_lowercase();
    let seconds = if text.contains(':') { clock(&text)? } else { words(&text)? };
    if !(seconds > 0.0 && seconds <= longest) {
        return Err(DurationError::Range);
    }
    // GitLab counts whole seconds.
    Ok(Duration::from_secs(seconds.round().max(1.0) as u64))
}

/// `minutes:seconds`, `hours:minutes:seconds` or `days:hours:minutes:seconds`.
fn clock(text: &str) -> Result<f64, DurationError> {
    const UNITS: [f64; 4] = [1.0, 60.0, 3600.0, 86_400.0];
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > UNITS.len() {
        return Err(DurationError::Number(text.to_owned()));
    }
    parts.iter().rev().zip(UNITS).map(|(part, unit)| Ok(number(part.trim())? * unit)).sum()
}

fn words(text: &str) -> Result<f64, DurationError> {
    let mut rest = text;
    let mut seconds = 0.0;
    let mut any = false;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() {
            return if any { Ok(seconds) } else { Err(DurationError::Empty) };
        }
        let digits = take(&mut rest, |c| c.is_ascii_digit() || c == '.');
        let value = if !digits.is_empty() {
            number(digits)?
        } else if let Some(value) = spelled(&mut rest) {
            value
        } else {
            let word = take(&mut rest, |c| !c.is_whitespace() && c != ',');
            // Words between the parts: `2 hours and 15 minutes`.
            if any && matches!(word, "and" | "with" | "plus") {
                continue;
            }
            return Err(if any {
                DurationError::Unit(word.to_owned())
            } else {
                DurationError::Number(word.to_owned())
            });
        };
        rest = rest.trim_start();
        let word = take(&mut rest, char::is_alphabetic);
        seconds += value * unit(word)?;
        any = true;
    }
}

/// A number below a hundred in English words, as in `one hour` and `twenty-five minutes`.
fn spelled(rest: &mut &str) -> Option<f64> {
    const ONES: [&str; 19] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] =
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = |words: &[&str], word: &str| words.iter().position(|known| *known == word);
    let mut after = *rest;
    let word = take(&mut after, char::is_alphabetic);
    let value = if let Some(one) = place(&ONES, word) {
        one + 1
    } else {
        let tens = (place(&TENS, word)? + 2) * 10;
        let mut further = after.trim_start_matches([' ', '-']);
        match place(&ONES[..9], take(&mut further, char::is_alphabetic)) {
            Some(one) => {
                after = further;
                tens + one + 1
            }
            None => tens,
        }
    };
    *rest = after;
    u32::try_from(value).ok().map(f64::from)
}

fn take<'a>(rest: &mut &'a str, wanted: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    let (taken, left) = rest.split_at(end);
    *rest = left;
    taken
}

fn number(text: &str) -> Result<f64, DurationError> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = if plain { text.parse().ok() } else { None };
    value.ok_or_else(|| DurationError::Number(text.to_owned()))
}

fn unit(word: &str) -> Result<f64, DurationError> {
    Ok(match word {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "mo" | "mon" | "mos" | "month" | "months" => 2_592_000.0,
        "y" | "yr" | "yrs" | "year" | "years" => 31_557_600.0,
        other => return Err(DurationError::Unit(other.to_owned())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str) -> Option<u64> {
        parse(text).ok().map(|duration| duration.as_secs())
    }

    #[test]
    fn every_form_of_gitlab_is_read() {
        for (text, expected) in [
            ("3600", 3600),
            ("3600 seconds", 3600),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("2 hours 15 minutes", 8100),
            ("3h 15 min and 10s", 11_710),
            ("1 day", 86_400),
            ("1 week, 1 day", 691_200),
            ("1.5 hours", 5400),
            ("10m", 600),
            ("60 MIN", 3600),
            ("1:30:00", 5400),
            ("02:30", 150),
            ("1 month", 2_592_000),
            ("90", 90),
            ("one hour", 3600),
            ("Two hours and thirty minutes", 9000),
            ("twenty-five minutes", 1500),
            ("ninety seconds", 90),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "soon",
            "one fortnight",
            "oneteen hours",
            "1 fortnight",
            "h",
            "-1h",
            "0",
            "0s",
            "1..5h",
            "1:xx",
            "1h and",
            "∞",
        ] {
            // A trailing joiner says nothing wrong.
            if text == "1h and" {
                assert_eq!(seconds(text), Some(3600));
            } else {
                assert_eq!(seconds(text), None, "{text}");
            }
        }
        assert_eq!(parse("9999999999999999999 years"), Err(DurationError::Range));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn parts_add_up(hours in 0u64..100, minutes in 0u64..60, secs in 1u64..60) {
            let expected = Some(hours * 3600 + minutes * 60 + secs);
            prop_assert_eq!(seconds(&format!("{hours}h {minutes}m {secs}s")), expected);
            prop_assert_eq!(seconds(&format!("{hours} hours, {minutes} min and {secs}")), expected);
            prop_assert_eq!(seconds(&format!("{hours}:{minutes}:{secs}")), expected);
        }
    }
}
