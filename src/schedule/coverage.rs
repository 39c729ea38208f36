//! `coverage`: a number in a job's output (GitLab's `Gitlab::Ci::Trace::Stream#extract_coverage`).

use std::mem;

use regex::Regex;

/// Longer lines are looked at in pieces of this many bytes.
const LONGEST_LINE: usize = 64 * 1024;

/// The largest expression, compiled, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

/// Looks for the coverage in output as it comes. The last line that has one counts, and in it the
/// last match.
#[derive(Debug)]
pub(super) struct Coverage {
    pattern: Regex,
    number: Regex,
    line: Vec<u8>,
    found: Option<String>,
}

impl Coverage {
    /// `None` if the expression is not valid, which was told before the run.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let pattern = regex::RegexBuilder::new(pattern).size_limit(MAX_SIZE).build().ok()?;
        let number = Regex::new(r"\d+(?:\.\d+)?").ok()?;
        Some(Self { pattern, number, line: Vec::new(), found: None })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                self.end_line();
            }
        }
    }

    /// What was found in all of the output.
    pub(super) fn finish(&mut self) -> Option<String> {
        self.end_line();
        self.found.take()
    }

    /// Forgets what another attempt has written.
    pub(super) fn reset(&mut self) {
        self.line.clear();
        self.found = None;
    }

    fn end_line(&mut self) {
        let line = mem::take(&mut self.line);
        let text = without_escapes(&String::from_utf8_lossy(&line));
        let text = text.trim_end_matches(['\n', '\r']);
        // Of a match with groups, the last group counts.
        let matched = self.pattern.captures_iter(text).last();
        let part = matched.and_then(|captures| match captures.len() {
            1 => captures.get(0),
            _ => captures.iter().skip(1).flatten().last(),
        });
        if let Some(number) = part.and_then(|part| self.number.find(part.as_str())) {
            self.found = Some(number.as_str().to_owned());
        }
    }
}

/// A line without the sequences that colour it.
fn without_escapes(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\x1b') {
        text.push_str(before);
        let body = after.strip_prefix('[');
        let end = body.and_then(|body| body.find(|c: char| ('\x40'..='\x7e').contains(&c)));
        rest = match (body, end) {
            (Some(body), Some(end)) => &body[end + 1..],
            _ => after,
        };
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coverage(pattern: &str, chunks: &[&str]) -> Option<String> {
        let mut coverage = Coverage::new(pattern).expect("valid");
        chunks.iter().for_each(|chunk| coverage.push(chunk.as_bytes()));
        coverage.finish()
    }

    #[test]
    fn the_last_match_counts() {
        let total = r"TOTAL.*?(\d+)%";
        assert_eq!(coverage(total, &["TOTAL 10 80%\n", "TOTAL 20 90%\n"]).as_deref(), Some("90"));
        assert_eq!(coverage(total, &["TOTAL 80%\nno more\n"]).as_deref(), Some("80"));
        assert_eq!(coverage(total, &["TOT", "AL 7", "3%"]).as_deref(), Some("73"));
        assert_eq!(coverage(r"\d+%", &["1% 2% 3%\n"]).as_deref(), Some("3"));
        assert_eq!(
            coverage(r"covered: \d+\.\d+", &["covered: 98.29%\n"]).as_deref(),
            Some("98.29")
        );
        assert_eq!(coverage(r"lines: (\S+) of (\S+)", &["lines: 5 of 7\n"]).as_deref(), Some("7"));
        assert_eq!(coverage(r"cov: (\w+)", &["cov: none\n"]), None);
        assert_eq!(coverage(r"x+", &[""]), None);
    }

    #[test]
    fn colours_do_not_matter() {
        let line = "\x1b[32mLines\x1b[0m: \x1b[1;31m87.5\x1b[0m%\n";
        assert_eq!(coverage(r"^Lines: (\d+\.\d+)%$", &[line]).as_deref(), Some("87.5"));
    }

    #[test]
    fn a_line_without_end_takes_bounded_memory() {
        let mut coverage = Coverage::new("x").expect("valid");
        for _ in 0..1000 {
            coverage.push(&[b'a'; 4096]);
            assert!(coverage.line.len() <= LONGEST_LINE + 4096);
        }
    }
}
