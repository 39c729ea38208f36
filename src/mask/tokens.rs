//! GitLab's tokens, which are masked whether or not somebody called them secret.

/// What GitLab's tokens begin with ("Token prefixes" in its security documentation).
pub(super) const PREFIXES: [&str; 14] = [
    "GR1348941",
    "_gitlab_session=",
    "glagent-",
    "glcbt-",
    "gldt-",
    "glffct-",
    "glft-",
    "glimt-",
    "gloas-",
    "glpat-",
    "glptt-",
    "glrt-",
    "glrtr-",
    "glsoat-",
];

/// Whether a byte goes on with a token.
pub(super) fn continues(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=')
}
