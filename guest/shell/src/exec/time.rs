//! The reserved word `time`.

use std::time::Duration;

use greenroom_process as process;

use crate::state::{Flow, Shell};
use crate::syntax::ast::{Pipeline, TimeFormat};

/// What bash writes when `TIMEFORMAT` is not set, and with `time -p`.
const BASH: &[u8] = b"\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS";
const POSIX: &[u8] = b"real %2R\nuser %2U\nsys %2S";

/// Times of a pipeline.
struct Times {
    real: Duration,
    user: Duration,
    system: Duration,
}

impl Shell {
    /// Runs a pipeline and says how long it took. All processor time is the user's: the sandbox does
    /// not know what of it was spent in its own functions.
    pub(super) fn timed(&mut self, pipeline: &Pipeline, format: TimeFormat) -> Flow {
        let start = std::time::Instant::now();
        let before = used();
        let flow = self.pipeline_untimed(pipeline);
        let (real, user) = (start.elapsed(), used().saturating_sub(before));
        let times = Times { real, user, system: Duration::ZERO };
        let format = match format {
            TimeFormat::Posix => POSIX.to_vec(),
            TimeFormat::Bash => self.get(b"TIMEFORMAT").unwrap_or_else(|| BASH.to_vec()),
        };
        if format.is_empty() {
            return flow;
        }
        match times.format(&format) {
            Ok(mut text) => {
                text.push(b'\n');
                self.write_error(&text);
            }
            Err(letter) => {
                let letter = char::from(letter);
                self.error(&format!("TIMEFORMAT: `{letter}': invalid format character"));
            }
        }
        flow
    }
}

impl Times {
    /// Fills a format in; `Err` is a letter that it does not know.
    fn format(&self, format: &[u8]) -> Result<Vec<u8>, u8> {
        let mut out = Vec::new();
        let mut rest = format;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'%' {
                out.push(byte);
                continue;
            }
            let (mut precision, mut long) = (3, false);
            if let Some(digit) = rest.first().filter(|b| b.is_ascii_digit()) {
                precision = usize::from(digit - b'0').min(3);
                rest = &rest[1..];
            }
            if rest.first() == Some(&b'l') {
                long = true;
                rest = &rest[1..];
            }
            let letter = rest.first().copied().unwrap_or(b'%');
            rest = rest.get(1..).unwrap_or_default();
            match letter {
                b'%' => out.push(b'%'),
                b'R' => out.extend(seconds(self.real, precision, long)),
                b'U' => out.extend(seconds(self.user, precision, long)),
                b'S' => out.extend(seconds(self.system, precision, long)),
                b'P' => {
                    let used = (self.user + self.system).as_secs_f64();
                    let share = used / self.real.as_secs_f64().max(1e-9) * 100.0;
                    out.extend_from_slice(format!("{share:.2}").as_bytes());
                }
                other => return Err(other),
            }
        }
        Ok(out)
    }
}

/// What the shell and the children that it has waited for have used of the processor.
fn used() -> Duration {
    let process::Times { own, children } = process::times();
    own + children
}

/// As `1.234`, or as `0m1.234s`.
pub(crate) fn seconds(time: Duration, precision: usize, long: bool) -> Vec<u8> {
    let factor = 10u128.pow(precision as u32);
    // Cut off, not rounded, as in bash.
    let units = time.as_millis() * factor / 1000;
    let (whole, fraction) = (units / factor, units % factor);
    let fraction = if precision == 0 { String::new() } else { format!(".{fraction:0precision$}") };
    let text = if long {
        format!("{}m{}{fraction}s", whole / 60, whole % 60)
    } else {
        format!("{whole}{fraction}")
    };
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    #[test]
    fn formats_of_times() {
        let times = super::Times {
            real: Duration::from_millis(61_234),
            user: Duration::from_millis(500),
            system: Duration::ZERO,
        };
        let text = |format: &str| {
            times.format(format.as_bytes()).map(|t| String::from_utf8(t).unwrap_or_default())
        };
        assert_eq!(text("%R %1U %0S"), Ok("61.234 0.5 0".to_owned()));
        assert_eq!(text("%3lR %0lR %%"), Ok("1m1.234s 1m1s %".to_owned()));
        assert_eq!(text("%x"), Err(b'x'));
    }
}
