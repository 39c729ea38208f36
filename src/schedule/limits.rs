//! How long the scripts of a job may take, by the variables that GitLab's runner has for that:
//! `RUNNER_SCRIPT_TIMEOUT` and `RUNNER_AFTER_SCRIPT_TIMEOUT`.

use std::time::Duration;

use super::AFTER_SCRIPT_LIMIT;
use crate::plan::PlannedJob;

/// What applies to one job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScriptLimits {
    /// Of `before_script` and `script`.
    pub(super) script: Duration,
    /// Of `after_script`.
    pub(super) after_script: Duration,
    /// Variables that have no effect, and why.
    pub(super) ignored: Vec<String>,
}

impl ScriptLimits {
    /// Those of a job. A script may not take longer than the job's `timeout`, whatever its variable
    /// says. `after_script` has its own time, so that it runs after a timeout, too.
    pub(super) fn of(job: &PlannedJob) -> Self {
        let mut ignored = Vec::new();
        let mut read = |name: &str| {
            let variable = job.variables.iter().filter(|(other, _)| *other == name).last();
            let value =
                variable.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())?;
            let limit = duration(value).filter(|limit| !limit.is_zero());
            if limit.is_none() {
                ignored.push(format!(
                    "{name} has no effect: `{}` is not a duration as Go writes them, like 1h20m, 40s \
                     or 1.5m",
                    value.chars().take(40).collect::<String>()
                ));
            }
            limit
        };
        let script = read("RUNNER_SCRIPT_TIMEOUT").unwrap_or(job.timeout).min(job.timeout);
        let after_script = read("RUNNER_AFTER_SCRIPT_TIMEOUT").unwrap_or(AFTER_SCRIPT_LIMIT);
        Self { script, after_script: after_script.min(MAX_AFTER_SCRIPT), ignored }
    }
}

/// No `after_script` holds up a run for longer: GitLab's longest job.
const MAX_AFTER_SCRIPT: Duration = Duration::from_secs(30 * 86_400);

/// A duration in the form of Go's `time.ParseDuration`, without a sign: numbers, perhaps with a
/// fraction, each with its unit.
fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 8] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("μs", 1e-6),
        ("ms", 1e-3),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(end);
        let number: f64 = number.parse().ok()?;
        let (unit, factor) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        seconds += number * factor;
        rest = &after[unit.len()..];
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, expected) in [
            ("40s", Some(40_000)),
            ("1h20m", Some(4_800_000)),
            ("4h30m30s", Some(16_230_000)),
            ("1.5m", Some(90_000)),
            (".5s", Some(500)),
            ("300ms", Some(300)),
            ("0", Some(0)),
            ("1200", None),
            ("-5m", None),
            ("15 m", None),
            ("15 minutes", None),
            ("m", None),
            ("1.2.3s", None),
            ("9999999999999999999999h", None),
            ("", None),
        ] {
            assert_eq!(duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }
}
