//! A report as text: for a terminal, for a document, for a spreadsheet.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::report::{Figure, Report};

const HEADINGS: [&str; 8] = ["", "median", "p95", "p99", "spread", "runs", "ratio", "distribution"];

/// A table for people, with a line for each case: what was measured, on what, and what was not.
pub fn human(report: &Report, unicode: bool) -> String {
    let rows: Vec<[String; 8]> = report.figures.iter().map(|f| cells(report, f, unicode)).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].width());
        cells.max().unwrap_or(0).max(HEADINGS[column].width())
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = format!("greenroom {}, {}\n\n", report.greenroom, report.machine.line());
    let line = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let gap = " ".repeat(width.saturating_sub(cell.width()));
            // Names and drawings to the left, numbers to the right.
            if matches!(column, 0 | 7) { format!("{cell}{gap}") } else { format!("{gap}{cell}") }
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    text += &line(&HEADINGS);
    for row in &rows {
        text += &line(&row.each_ref().map(String::as_str));
    }
    if let Some(first) = report.figures.first() {
        let _ = write!(
            text,
            "\nRatios are to {}; spread is the distance of the quartiles.\n",
            first.name
        );
    }
    text += &notes(report);
    text
}

/// The same as a table of Markdown, for a document.
pub fn markdown(report: &Report) -> String {
    let mut text = format!(
        "greenroom {}, {}, {}\n\n| | median | p95 | p99 | spread | runs | ratio |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
        report.greenroom,
        report.date,
        report.machine.line()
    );
    for figure in &report.figures {
        let cells = cells(report, figure, true);
        let cells = cells[..7].iter().map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    text += &notes(report);
    text
}

/// The figures in nanoseconds, one line for each case, with a heading.
pub fn csv(report: &Report) -> String {
    let mut text =
        "name,version,runs,min_ns,q1_ns,median_ns,q3_ns,p95_ns,p99_ns,max_ns,outliers,ratio\n"
            .to_owned();
    for figure in &report.figures {
        let s = &figure.summary;
        let numbers = [s.min, s.q1, s.median, s.q3, s.p95, s.p99, s.max].map(|n| format!("{n:.0}"));
        let _ = writeln!(
            text,
            "{},{},{},{},{},{:.4}",
            quoted(&figure.name),
            quoted(&figure.version),
            s.count,
            numbers.join(","),
            s.outliers,
            report.ratio(figure).unwrap_or(1.0),
        );
    }
    text
}

/// A field of a line (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn cells(report: &Report, figure: &Figure, unicode: bool) -> [String; 8] {
    let s = &figure.summary;
    [
        figure.name.clone(),
        duration(s.median),
        duration(s.p95),
        duration(s.p99),
        format!("{:.0} %", 100.0 * s.spread()),
        s.count.to_string(),
        report.ratio(figure).map_or_else(String::new, ratio),
        bars(&figure.histogram, unicode),
    ]
}

fn notes(report: &Report) -> String {
    let mut text = String::new();
    let versions: Vec<_> = report.figures.iter().filter(|f| !f.version.is_empty()).collect();
    if !versions.is_empty() {
        text += "\nVersions:\n";
        for figure in versions {
            let _ = writeln!(text, "- {}: {}", figure.name, figure.version);
        }
    }
    if !report.skipped.is_empty() {
        text += "\nNot measured:\n";
        for skipped in &report.skipped {
            let _ = writeln!(text, "- {}: {}", skipped.name, skipped.reason);
        }
    }
    for warning in report.warnings() {
        let _ = write!(text, "\nwarning: {warning}\n");
    }
    text
}

/// Nanoseconds with three significant digits.
pub(super) fn duration(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        n if n < 1e3 => (n, "ns"),
        n if n < 1e6 => (n / 1e3, "µs"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n => (n / 1e9, "s"),
    };
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {unit}")
}

pub(super) fn ratio(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 0.1 {
        format!("1/{:.0}", 1.0 / ratio)
    } else if ratio < 9.95 {
        format!("{ratio:.2}")
    } else {
        format!("{ratio:.0}")
    }
}

/// A histogram in one line.
fn bars(counts: &[usize], unicode: bool) -> String {
    let levels: &[char] = if unicode {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    } else {
        &['.', ':', '-', '=', '#']
    };
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &usize| match *count {
        0 => ' ',
        count => levels[(count * (levels.len() - 1)).div_ceil(most).min(levels.len() - 1)],
    };
    counts.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::example;
    use super::*;

    #[test]
    fn a_table_for_people() {
        insta::assert_snapshot!(human(&example(), false));
    }

    #[test]
    fn tables_for_documents_and_programs() {
        let report = example();
        assert!(markdown(&report).contains("| hot \\| no-op | 5.00 µs |"));
        let csv = csv(&report);
        assert_eq!(csv.lines().count(), 4);
        assert!(csv.lines().nth(2).is_some_and(|line| line.starts_with("\"run, warm\",,40,")));
        assert!(csv.ends_with("0.0100\n"));
    }

    #[test]
    fn durations_have_three_digits() {
        for (nanoseconds, expected) in [
            (999.0, "999 ns"),
            (1000.0, "1.00 µs"),
            (12_345.0, "12.3 µs"),
            (123_456.0, "123 µs"),
            (9_999_999.0, "10.0 ms"),
            (2.5e9, "2.50 s"),
        ] {
            assert_eq!(duration(nanoseconds), expected);
        }
        assert_eq!(
            [ratio(0.01), ratio(0.5), ratio(4.0), ratio(250.4)],
            ["1/100", "0.50", "4.00", "250"]
        );
    }
}
