use std::fs;

use super::*;

/// Lines, those that are covered, and problems.
fn read_all(format: Format, contents: &[&str]) -> (u64, u64, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (index, content) in contents.iter().enumerate() {
        fs::write(directory.path().join(format!("{index}.xml")), content).expect("writable");
    }
    let coverage = read(directory.path().to_str().expect("UTF-8"), format);
    let problems = if coverage.problems.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&coverage.problems).expect("JSON")
    };
    (coverage.lines, coverage.covered, problems)
}

const COBERTURA: &str = r#"<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.5" lines-valid="99" lines-covered="1">
  <packages><package name="p"><classes>
    <class name="A" filename="a.py">
      <methods><method name="m"><lines><line number="1" hits="2"/></lines></method></methods>
      <lines><line number="1" hits="2"/><line number="2" hits="0" branch="true"/></lines>
    </class>
    <class name="A$B" filename="a.py"><lines><line number="2" hits="1"/><line number="3" hits="0"/></lines></class>
  </classes></package></packages>
</coverage>"#;

#[test]
fn lines_are_merged_by_file_and_number() {
    assert_eq!(read_all(Format::Cobertura, &[COBERTURA]), (3, 2, String::new()));
    let other = COBERTURA.replace("a.py", "b.py");
    assert_eq!(read_all(Format::Cobertura, &[COBERTURA, COBERTURA, &other]), (6, 4, String::new()));
    let totals = "<coverage lines-valid='10' lines-covered='4'/>";
    assert_eq!(read_all(Format::Cobertura, &[totals, COBERTURA]), (13, 6, String::new()));
}

#[test]
fn jacoco_counts_instructions_of_lines() {
    let report = "<report name='r'><sessioninfo id='x'/><package name='org/x'>\
        <class name='org/x/A'><counter type='LINE' missed='9' covered='9'/></class>\
        <sourcefile name='A.java'><line nr='3' mi='0' ci='2' mb='0' cb='0'/><line nr='4' mi='1' ci='0'/>\
        <counter type='LINE' missed='1' covered='1'/></sourcefile></package>\
        <counter type='LINE' missed='1' covered='1'/></report>";
    assert_eq!(read_all(Format::Jacoco, &[report]), (2, 1, String::new()));
    let totals = "<report><counter type='LINE' missed='3' covered='7'/></report>";
    assert_eq!(read_all(Format::Jacoco, &[totals]), (10, 7, String::new()));
}

#[test]
fn another_format_is_named() {
    let (_, _, problems) = read_all(Format::Jacoco, &[COBERTURA]);
    assert!(problems.contains("no JaCoCo report"), "{problems}");
    let (_, _, problems) = read_all(Format::Cobertura, &["<report/>"]);
    assert!(problems.contains("no Cobertura report"), "{problems}");
}
