//! The forms of strings that GitLab insists on.

use regex::Regex;

use crate::pipeline::duration::{self, DurationError};

/// A duration, or nothing at all: what expires `never`.
pub(super) fn is_duration(text: &str) -> bool {
    let long = |result: Result<_, DurationError>| match result {
        Ok(_) => true,
        // What is kept may be kept for longer than a job may take.
        Err(error) => error == DurationError::Range,
    };
    text == "never" || text.contains('$') || long(duration::parse(text))
}

/// A duration of at most a week.
pub(super) fn is_start_in(text: &str) -> bool {
    const WEEK: u64 = 7 * 24 * 3600;
    text.contains('$') || duration::parse(text).is_ok_and(|time| time.as_secs() <= WEEK)
}

/// The path of a YAML file, which a variable may hold.
pub(super) fn is_yaml_file(text: &str) -> bool {
    text.ends_with(".yml") || text.ends_with(".yaml") || text.contains('$')
}

/// The path of a project with its group. A variable may hold all of it.
pub(super) fn is_project(text: &str) -> bool {
    let names_variable = text.split('$').skip(1).any(|rest| !rest.is_empty());
    let has_group = text.split('/').map(str::trim).collect::<Vec<_>>();
    names_variable || (has_group.len() > 1 && has_group.iter().all(|part| !part.is_empty()))
}

pub(super) fn is_remote(text: &str) -> bool {
    text.contains('$')
        || ((text.starts_with("http://") || text.starts_with("https://")) && is_yaml_file(text))
}

/// GitLab makes a link of it.
pub(super) fn is_expose_as(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_');
    (1..=100).contains(&text.chars().count()) && text.chars().all(fine)
}

pub(super) fn is_cache_policy(text: &str) -> bool {
    matches!(text, "pull" | "push" | "pull-push") || text.contains('$')
}

/// It becomes the name of a file.
pub(super) fn is_cache_key(text: &str) -> bool {
    !text.contains('/') && !text.contains("%2F") && text.chars().any(|c| c != '.')
}

pub(super) const TIERS: &str = "production, staging, testing, development or other";

pub(super) fn is_tier(text: &str) -> bool {
    matches!(text, "production" | "staging" | "testing" | "development" | "other")
        || text.contains('$')
}

pub(super) fn is_environment_url(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.contains('$')
}

/// What comes before a digest in the name of a file; it may be nothing.
pub(super) fn is_cache_prefix(text: &str) -> bool {
    text.is_empty() || is_cache_key(text)
}

/// A time in ISO 8601 with its zone.
pub(super) fn is_date_time(text: &str) -> bool {
    text.contains('$') || humantime::parse_rfc3339(&in_utc(text)).is_ok()
}

/// The same digits as if they were in UTC: whether they are a time does not depend on the zone.
fn in_utc(text: &str) -> String {
    match text.rsplit_once(['+', '-']) {
        Some((time, zone)) if time.contains('T') && is_zone(zone) => format!("{time}Z"),
        _ => text.to_owned(),
    }
}

fn is_zone(zone: &str) -> bool {
    zone.split_once(':').is_some_and(|(hours, minutes)| {
        let below = |digits: &str, limit: u8| {
            digits.len() == 2 && digits.parse::<u8>().is_ok_and(|number| number < limit)
        };
        below(hours, 24) && below(minutes, 60)
    })
}

pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

pub(super) fn is_coverage(text: &str) -> bool {
    let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    inner.is_some_and(|inner| !inner.is_empty() && Regex::new(&inner.replace("\\/", "/")).is_ok())
}
