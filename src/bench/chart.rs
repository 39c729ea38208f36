//! A report as a page with a chart, in one file that loads nothing.

use std::fmt::Write;

use super::report::Report;
use super::table::{duration, ratio};

const LEFT: f64 = 330.0;
const WIDTH: f64 = 520.0;
const ROW: f64 = 26.0;

/// The report as an HTML page with an SVG chart: a bar from the first to the third quartile of each
/// case, its median and its 99th percentile, on a logarithmic scale.
pub fn html(report: &Report) -> String {
    let title = format!("greenroom bench, {}", escaped(&report.date));
    let mut notes = String::new();
    for skipped in &report.skipped {
        let (name, reason) = (escaped(&skipped.name), escaped(&skipped.reason));
        let _ = writeln!(notes, "<li>not measured: {name}: {reason}</li>");
    }
    for warning in report.warnings() {
        let _ = writeln!(notes, "<li>warning: {}</li>", escaped(&warning));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"font-family: sans-serif\">\n<h1>{title}</h1>\n<p>greenroom {}, {}</p>\n{}\
         <p>Bars reach from the first to the third quartile, the line is the median, the dot the \
         99th percentile. The scale is logarithmic.</p>\n<ul>\n{notes}</ul>\n</body></html>\n",
        escaped(&report.greenroom),
        escaped(&report.machine.line()),
        svg(report),
    )
}

fn svg(report: &Report) -> String {
    let all = || report.figures.iter().map(|figure| &figure.summary);
    let low = all().map(|s| s.q1.min(s.median)).fold(f64::MAX, f64::min).max(1.0);
    let high = all().map(|s| s.p99).fold(low, f64::max);
    // Whole powers of ten.
    let (first, last) = (low.log10().floor(), high.log10().ceil().max(low.log10().floor() + 1.0));
    let x = |ns: f64| LEFT + WIDTH * (ns.max(1.0).log10() - first) / (last - first);
    let height = ROW * (report.figures.len() as f64 + 1.5);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{:.0}\" height=\"{height:.0}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n",
        LEFT + WIDTH + 150.0
    );
    for power in first as i32..=last as i32 {
        let at = x(10f64.powi(power));
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"0\" y2=\"{:.1}\" stroke=\"#ccc\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            height - ROW,
            height - ROW / 2.0,
            duration(10f64.powi(power)),
        );
    }
    for (row, figure) in report.figures.iter().enumerate() {
        let s = &figure.summary;
        let y = ROW * (row as f64 + 0.5);
        let (from, to) = (x(s.q1), x(s.q3).max(x(s.q1) + 1.0));
        let times = report.ratio(figure).map_or_else(String::new, ratio);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" fill=\"#7aa6d8\"/>\
             <line x1=\"{m:.1}\" x2=\"{m:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#123\" stroke-width=\"2\"/>\
             <circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#b33\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{} ({times} ×)</text>",
            LEFT - 8.0,
            y + 4.0,
            escaped(&figure.name),
            y - 6.0,
            to - from,
            y - 8.0,
            y + 8.0,
            x(s.p99),
            x(s.p99) + 8.0,
            y + 4.0,
            duration(s.median),
            m = x(s.median),
        );
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::report::example;
    use super::*;

    #[test]
    fn every_case_is_in_the_chart_and_nothing_is_markup() {
        let mut report = example();
        report.figures[1].name = "<b>bold</b>".to_owned();
        let page = html(&report);
        assert_eq!(page.matches("<rect").count(), 3);
        assert!(page.contains("&lt;b&gt;bold") && !page.contains("<b>"));
        assert!(page.contains("not measured: podman"));
        assert!(!page.contains("NaN") && !page.contains("inf"));
    }
}
