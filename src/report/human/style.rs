use std::fmt::{self, Display};
use std::time::Duration;

use anstyle::{AnsiColor, Color, Effects};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How the output may look. Decided by the command line from its options, the environment and
/// what standard output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours may be used, and those in the jobs' output are kept.
    pub color: bool,
    /// Characters beyond ASCII may be used for greenroom's own lines.
    pub unicode: bool,
    /// The bottom line may be redrawn to show the progress.
    pub live: bool,
}

/// The colours by which jobs are told apart; red, the colour of failures, is not among them.
const JOB_COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Yellow,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
];

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    Good,
    Warning,
    Bad,
    Command,
    Faint,
    Bold,
    Job(usize),
}

impl Style {
    /// `text` in the colour of its kind.
    pub(super) fn paint<T: Display>(self, ink: Ink, text: T) -> Painted<T> {
        Painted { style: if self.color { Some(style(ink)) } else { None }, text }
    }

    /// Between a job's name and its output.
    pub(super) fn bar(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }

    /// What stands for text that was left out.
    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// `text` cut to `width` columns.
    pub(super) fn cut(self, text: &str, width: usize) -> String {
        if text.width() <= width {
            return text.to_owned();
        }
        let room = width.saturating_sub(self.ellipsis().width());
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= room
        };
        let mut cut: String = text.chars().take_while(fits).collect();
        if self.ellipsis().width() <= width {
            cut.push_str(self.ellipsis());
        }
        cut
    }
}

fn style(ink: Ink) -> anstyle::Style {
    let plain = anstyle::Style::new();
    let color = |color: AnsiColor| plain.fg_color(Some(Color::Ansi(color)));
    match ink {
        Ink::Good => color(AnsiColor::Green),
        Ink::Warning => color(AnsiColor::Yellow),
        Ink::Bad => color(AnsiColor::Red).effects(Effects::BOLD),
        Ink::Command => color(AnsiColor::Green).effects(Effects::BOLD),
        Ink::Faint => plain.effects(Effects::DIMMED),
        Ink::Bold => plain.effects(Effects::BOLD),
        Ink::Job(index) => color(JOB_COLORS[index % JOB_COLORS.len()]),
    }
}

/// Text with its colour. Padding applies to the text alone.
pub(super) struct Painted<T> {
    style: Option<anstyle::Style>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => {
                write!(f, "{style}")?;
                self.text.fmt(f)?;
                write!(f, "{style:#}")
            }
            None => self.text.fmt(f),
        }
    }
}

/// `text` filled up with spaces to `width` columns. (Rust's own padding counts characters.)
pub(super) fn pad(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(text.width()))
}

/// A duration as people write it: `0.4 ms`, `12 ms`, `3.2 s`, `2 min 05 s`, `1 h 02 min`.
pub(super) fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let seconds = duration.as_secs();
    match micros {
        0..9_950 => format!("{:.1} ms", micros as f64 / 1e3),
        9_950..999_500 => format!("{} ms", (micros + 500) / 1000),
        999_500..59_950_000 => format!("{:.1} s", micros as f64 / 1e6),
        _ if seconds < 3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (micros, expected) in [
            (0, "0.0 ms"),
            (449, "0.4 ms"),
            (9_949, "9.9 ms"),
            (9_950, "10 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "0 min 59 s"),
            (125_000_000, "2 min 05 s"),
            (3_725_000_000, "1 h 02 min"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), expected);
        }
    }

    #[test]
    fn cutting_counts_columns() {
        let style = Style { color: false, unicode: true, live: false };
        assert_eq!(style.cut("abcdef", 6), "abcdef");
        assert_eq!(style.cut("abcdef", 4), "abc…");
        assert_eq!(style.cut("日本語", 5), "日本…");
        assert_eq!(style.cut("日本語", 4), "日…");
        assert_eq!(style.cut("abc", 0), "");
        assert_eq!(Style { unicode: false, ..style }.cut("abcdef", 4), "a...");
        assert_eq!(Style { unicode: false, ..style }.cut("abcdef", 2), "");
    }
}
