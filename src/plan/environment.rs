//! `environment:` — where a job deploys to, and the variables that say so.

use sha2::{Digest, Sha256};

use super::expand::{Expanded, TooLong};
use crate::pipeline;

/// GitLab's longest slug of an environment, because some clusters take no longer host names.
const LONGEST_SLUG: usize = 24;

/// The `CI_ENVIRONMENT_*` variables of a job; the URL is yet to be expanded.
pub(super) fn variables(
    environment: &pipeline::Environment,
    expanded: &Expanded<'_>,
) -> Result<Vec<(&'static str, String)>, TooLong> {
    let name = expanded.text(&environment.name.value)?;
    let tier = match &environment.tier {
        Some(tier) => expanded.text(tier)?,
        None => tier(&name).to_owned(),
    };
    let action = environment.action.as_deref().unwrap_or("start");
    let mut variables = vec![
        ("CI_ENVIRONMENT_SLUG", slug(&name)),
        ("CI_ENVIRONMENT_NAME", name),
        ("CI_ENVIRONMENT_TIER", tier),
        ("CI_ENVIRONMENT_ACTION", action.to_owned()),
    ];
    variables.extend(environment.url.clone().map(|url| ("CI_ENVIRONMENT_URL", url)));
    Ok(variables)
}

/// The tier that GitLab guesses from a name: the first group of which a word is in it.
fn tier(name: &str) -> &'static str {
    const TIERS: [(&str, &[&str]); 4] = [
        ("development", &["dev", "review", "trunk"]),
        (
            "testing",
            &[
                "test", "tst", "int", "acpt", "accpt", "accept", "acept", "qa", "qc", "control",
                "quality",
            ],
        ),
        ("staging", &["stg", "stag", "model", "modl", "pre", "demo", "non"]),
        ("production", &["prd", "prod", "live"]),
    ];
    let name = name.to_lowercase();
    let group = TIERS.iter().find(|(_, words)| words.iter().any(|word| name.contains(word)));
    group.map_or("other", |(tier, _)| tier)
}

/// A name for host names: lower case letters, digits and `-`, a letter first, at most 24. One that
/// differs from its name gets six characters of a digest, so that it is unique all the same.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        let c = if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    if !slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        let rest = slug.trim_start_matches('-');
        slug = format!("env-{rest}");
    }
    if slug == name && slug.len() <= LONGEST_SLUG {
        return slug;
    }
    slug.truncate(LONGEST_SLUG - 7);
    if !slug.ends_with('-') {
        slug.push('-');
    }
    slug + &suffix(name)
}

/// The last six digits of the name's SHA-256 in base 36.
fn suffix(name: &str) -> String {
    const SIX_DIGITS: u64 = 36 * 36 * 36 * 36 * 36 * 36;
    let digest = Sha256::digest(name.as_bytes());
    let mut rest = digest.iter().fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % SIX_DIGITS);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_short_and_unique() {
        assert_eq!(slug("staging"), "staging");
        assert_eq!(slug("a-b"), "a-b");
        for (name, start) in [
            ("review/Feature 1", "review-feature-1-"),
            ("1st", "env-1st-"),
            ("ünit", "env-nit-"),
            ("a-very-long-name-of-an-environment", "a-very-long-name-"),
        ] {
            let slug = slug(name);
            assert!(slug.starts_with(start) && slug.len() == start.len() + 6, "{name}: {slug}");
            assert!(slug.len() <= LONGEST_SLUG, "{slug}");
        }
        assert_ne!(slug("review/a"), slug("review-a"));
        assert_ne!(slug("Review/A"), slug("review/A"));
    }

    #[test]
    fn tiers_are_guessed_from_names() {
        for (name, expected) in [
            ("production", "production"),
            ("Live-EU", "production"),
            ("review/feature", "development"),
            ("QA", "testing"),
            ("staging", "staging"),
            ("pre-prod", "staging"),
            ("blue", "other"),
        ] {
            assert_eq!(tier(name), expected, "{name}");
        }
    }
}
