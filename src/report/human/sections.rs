//! GitLab's log sections: `section_start:TIME:NAME\r\e[0KTITLE` and `section_end:TIME:NAME\r\e[0K`
//! in a job's output. The markers are left out and the titles stand out. They change nothing but
//! how a job's own lines look, so that it does not matter who wrote them.

use super::lines::Line;

/// Follows the sections in the lines of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sections {
    expected: Expected,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Anything,
    /// The rest of a marker's line, which is the title of a section.
    Title,
    /// The rest of a marker's line, which is usually empty.
    Rest,
}

impl Sections {
    /// Leaves out markers, and has `title` change the lines that are titles.
    pub(super) fn pass(&mut self, lines: Vec<Line>, title: impl Fn(&mut Line)) -> Vec<Line> {
        let mut shown = Vec::with_capacity(lines.len());
        for mut line in lines {
            let expected = std::mem::take(&mut self.expected);
            match marker(&line.plain) {
                Some("section_start") => self.expected = Expected::Title,
                Some(_) => self.expected = Expected::Rest,
                None if expected != Expected::Anything && line.plain.is_empty() => {}
                None => {
                    if expected == Expected::Title {
                        title(&mut line);
                    }
                    shown.push(line);
                }
            }
        }
        shown
    }
}

/// The kind of a marker, if a line is nothing else.
fn marker(line: &str) -> Option<&str> {
    let (kind, rest) = line.split_once(':')?;
    let (time, name) = rest.split_once(':')?;
    let digits = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let (name, options) = name.split_once('[').unwrap_or((name, "]"));
    let named = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && options.ends_with(']');
    (matches!(kind, "section_start" | "section_end") && digits && named).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::*;

    fn shown(output: &str) -> Vec<String> {
        let mut lines = Lines::new(false);
        let mut all = Vec::new();
        lines.push(output.as_bytes(), |line| all.push(line));
        all.extend(lines.finish());
        let title = |line: &mut Line| line.plain = format!("<{}>", line.plain);
        Sections::default().pass(all, title).into_iter().map(|line| line.plain).collect()
    }

    #[test]
    fn markers_are_left_out_and_titles_stand_out() {
        assert_eq!(
            shown(
                "before\nsection_start:1560896352:my_first[collapsed=true]\r\x1b[0KHeader\n\
                 inside\nsection_end:1560896353:my_first\r\x1b[0K\nafter\n"
            ),
            ["before", "<Header>", "inside", "after"]
        );
        assert_eq!(shown("section_end:1:a\r\x1b[0Ksection_start:2:b\r\x1b[0KB\n"), ["<B>"]);
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        for line in [
            "section_start:x:a",
            "section_start:1:",
            "section_start:1:a b",
            "section_begin:1:a",
            "section_start:1:a[x",
            "see section_start:1:a",
        ] {
            assert_eq!(shown(&format!("{line}\nx\n")), [line, "x"], "{line}");
        }
    }
}
