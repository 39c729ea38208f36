//! Names made fit for host names and addresses.

/// GitLab's slug of a name: lower case, everything but `a-z` and `0-9` replaced by `-`, at most 63
/// characters, no `-` at either end.
pub(super) fn slug(name: &str) -> String {
    let slug: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(63)
        .collect();
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_host_names() {
        assert_eq!(slug("feature/Über-Cool_1"), "feature--ber-cool-1");
        assert_eq!(slug("-x-"), "x");
        assert_eq!(slug(&"a".repeat(80)).len(), 63);
        assert_eq!(slug(&format!("{}-b", "a".repeat(62))), "a".repeat(62));
    }
}
