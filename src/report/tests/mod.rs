//! Every reporter against the same event logs, `logs/*.jsonl`. A new log is a new file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Reporter;
use super::human::{Human, Style};
use super::jsonl::JsonLines;
use super::junit::Junit;
use crate::event::Record;

const PLAIN: Style = Style { color: false, unicode: false, live: false };
const TERMINAL: Style = Style { color: true, unicode: true, live: true };

/// The logs, as name and text.
fn logs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/tests/logs");
    let mut logs = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
        let path = entry.expect("the folder can be listed").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        logs.push((name, fs::read_to_string(path).expect("a log is text")));
    }
    logs.sort();
    assert!(logs.len() >= 5, "the logs were found");
    logs
}

fn records(text: &str) -> Vec<Record> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn report(reporter: &mut dyn Reporter, records: &[Record], width: Option<usize>) -> String {
    let mut out = Vec::new();
    for record in records {
        reporter.record(record, &mut out);
        if let Some(width) = width {
            reporter.tick(record.elapsed, width, &mut out);
        }
    }
    String::from_utf8(out).expect("reporters write UTF-8")
}

/// Control characters made visible.
fn visible(text: &str) -> String {
    text.replace('\x1b', "␛").replace('\r', "␍")
}

#[test]
fn human_in_a_pipe() {
    for (name, log) in logs() {
        let text = report(&mut Human::new(PLAIN), &records(&log), Some(80));
        assert!(!text.contains(['\x1b', '\r']), "{name}: nothing for terminals in a pipe");
        insta::assert_snapshot!(format!("{name}-pipe"), text);
    }
}

#[test]
fn human_with_timings() {
    for (name, log) in logs() {
        if ["one-by-one", "failures"].contains(&name.as_str()) {
            let text = report(&mut Human::new(PLAIN).with_timings(), &records(&log), None);
            insta::assert_snapshot!(format!("{name}-timings"), text);
        }
    }
}

#[test]
fn human_on_a_terminal() {
    for (name, log) in logs() {
        let text = report(&mut Human::new(TERMINAL), &records(&log), Some(60));
        insta::assert_snapshot!(format!("{name}-terminal"), visible(&text));
    }
}

#[test]
fn the_progress_line_is_erased_and_never_wraps() {
    for (name, log) in logs() {
        for width in [0, 1, 10, 40] {
            let text = report(&mut Human::new(TERMINAL), &records(&log), Some(width));
            let mut shown = 0;
            for part in text.split("\r\x1b[K") {
                let bottom = part.rsplit('\n').next().unwrap_or_default();
                let columns = anstream::adapter::strip_str(bottom).to_string().chars().count();
                assert!(columns < width.max(1), "{name}: {bottom:?} fits into {width}");
                shown += usize::from(columns > 0);
            }
            assert!(text.ends_with('\n'), "{name}: nothing is left at the bottom");
            assert!(width < 10 || shown > 0, "{name}: there is a progress line");
        }
    }
}

#[test]
fn junit_is_written_once_at_the_end() {
    for (name, log) in logs() {
        let records = records(&log);
        let (last, before) = records.split_last().expect("a log has records");
        let mut junit = Junit::default();
        assert_eq!(report(&mut junit, before, None), "", "{name}");
        let text = report(&mut junit, std::slice::from_ref(last), None);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{name}");
        insta::assert_snapshot!(format!("{name}-junit"), text);
    }
}

#[test]
fn junit_has_the_end_of_the_output_in_whole_lines_without_colours() {
    let noise = "\u{1b}[38;5;196mred\u{1b}[0m line\n".repeat(4_000);
    let log = format!(
        "{}\n{}\n{}\n{}\n",
        r#"{"elapsed_us":1,"event":"run_started","pipeline":"x","stages":[{"name":"s","jobs":["j"]}],"parallel":false}"#,
        serde_json::json!({"elapsed_us": 2, "event": "output", "job": "j", "stream": "stdout",
            "text": format!("{noise}last \u{1b}]0;title\u{7}one")}),
        r#"{"elapsed_us":3,"event":"job_finished","job":"j","outcome":{"kind":"trapped","message":"\u001b[1mboo"},"allowed_failure":false,"duration_us":1}"#,
        r#"{"elapsed_us":4,"event":"run_finished","result":"failed","duration_us":4}"#,
    );
    let text = report(&mut Junit::default(), &records(&log), None);
    assert!(text.contains("<failure message=\"trapped: boo\"/>"), "{text}");
    let output = text.split_once("<system-out>").expect("it failed").1;
    let output = output.split_once("</system-out>").expect("it is whole").0;
    let (lines, last) = output.rsplit_once('\n').expect("several lines");
    assert_eq!(last, "last one");
    assert!(lines.lines().all(|line| line == "red line"), "{lines}");
    assert!(lines.lines().count() > 400);
}

#[test]
fn json_lines_lose_nothing() {
    for (name, log) in logs() {
        assert_eq!(report(&mut JsonLines, &records(&log), Some(80)), log, "{name}");
    }
}

#[test]
fn a_log_that_begins_in_the_middle_is_no_reason_to_panic() {
    for (_, log) in logs() {
        let records = records(&log);
        for skip in 1..records.len() {
            let mut human = Human::new(TERMINAL);
            report(&mut human, &records[skip..], Some(80));
            human.tick(Duration::ZERO, 80, &mut Vec::new());
        }
    }
}

/// Every key, and every string that is a name and not free text.
fn vocabulary(value: &serde_json::Value, words: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                words.push(key.clone());
                let is_name = ["event", "kind", "level", "result", "section", "stream"];
                if let (true, Some(name)) = (is_name.contains(&key.as_str()), value.as_str()) {
                    words.push(name.to_owned());
                }
                vocabulary(value, words);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| vocabulary(item, words)),
        _ => {}
    }
}

#[test]
fn the_events_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.md");
    let document = fs::read_to_string(path).expect("the document is part of the repository");
    for (name, log) in logs() {
        for line in log.lines() {
            let mut words = Vec::new();
            vocabulary(&serde_json::from_str(line).expect(line), &mut words);
            for word in words {
                assert!(document.contains(&format!("`{word}`")), "{name}: {word} is missing");
            }
        }
    }
}
