use std::fs;

use super::*;

/// What reports of these contents come to, as JSON without what is empty.
fn read_all(contents: &[&str]) -> Tests {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (index, content) in contents.iter().enumerate() {
        fs::write(directory.path().join(format!("{index}.xml")), content).expect("writable");
    }
    read(directory.path().to_str().expect("UTF-8"))
}

/// Tests, failed, errors, skipped, duplicates.
fn counts(contents: &[&str]) -> (u64, u64, u64, u64, u64) {
    let tests = read_all(contents);
    assert!(tests.problems.is_empty(), "{:?}", tests.problems);
    (tests.tests, tests.failed, tests.errors, tests.skipped, tests.duplicates)
}

#[test]
fn suites_are_nested_as_gitlab_takes_them() {
    let one = "<testcase name='a'/>";
    assert_eq!(counts(&[&format!("<testsuite>{one}</testsuite>")]).0, 1);
    assert_eq!(counts(&[&format!("<testsuites>{one}</testsuites>")]).0, 1);
    let deep = "<testsuites><testsuite><testsuite><testcase name='a'/></testsuite>\
                <testcase name='b'/></testsuite><testsuite/></testsuites>";
    assert_eq!(counts(&[deep]).0, 2);
    // Neither inside of other elements nor inside of each other.
    let odd = "<testsuite><properties><testcase name='a'/></properties>\
               <testcase name='b'><testcase name='c'/></testcase></testsuite>";
    assert_eq!(counts(&[odd]).0, 1);
    let late = "<testsuite><testsuites><testcase name='a'/></testsuites></testsuite>";
    assert_eq!(counts(&[late]).0, 0);
}

#[test]
fn a_case_has_one_result() {
    let suite = "<testsuite>\
        <testcase classname='C' name='passes' time='0.5'><system-out>failure</system-out></testcase>\
        <testcase classname='C' name='fails' time='1,000.25'>\
            <skipped/><failure message='expected &lt;3&gt;'>trace</failure></testcase>\
        <testcase classname='C' name='breaks' file='c.py'><error><![CDATA[\n boom <1>\nat c.py]]></error>\
            <system-err>x</system-err></testcase>\
        <testcase classname='C' name='both'><error message='e'/><failure message='f'/></testcase>\
        <testcase classname='C' name='flaky'><flakyFailure message='f'/></testcase>\
        <testcase classname='C' name='left out'><skipped message='later'/></testcase>\
        </testsuite>";
    let tests = read_all(&[suite]);
    assert_eq!((tests.tests, tests.failed, tests.errors, tests.skipped), (6, 2, 1, 1));
    assert_eq!(tests.time_us, 1_000_750_000);
    let failures = tests.failures.iter().map(|failure| {
        format!("{:?} {} {} {:?}", failure.kind, failure.name, failure.file, failure.message)
    });
    assert_eq!(
        failures.collect::<Vec<_>>(),
        ["Failed fails  \"expected <3>\"", "Error breaks c.py \"boom <1>\"", "Failed both  \"f\""]
    );
}

#[test]
fn one_of_each_class_name_and_result_counts() {
    let first = "<testsuite><testcase classname='C' name='a'/><testcase classname='C' name='a'/>\
                 <testcase classname='D' name='a'/></testsuite>";
    let second = "<testsuite><testcase classname='C' name='a'><failure/></testcase>\
                  <testcase classname='C' name='a'/></testsuite>";
    assert_eq!(counts(&[first, second]), (3, 1, 0, 0, 2));
}

#[test]
fn a_broken_file_is_named_and_the_others_count() {
    let good = "<testsuite><testcase name='a'/></testsuite>";
    for (bad, message) in [
        ("", "it is empty"),
        ("tests: 3", "it is not XML"),
        ("<html/>", "it is no JUnit report"),
        ("<testsuite>\n<testcase name='a'>\n</testsuite>", "line 3"),
        ("<testsuite><testcase name='x'/>", "it is cut short: <testsuite> has no end"),
        ("<testsuite/><testsuite/>", "second element"),
        ("<testsuite/>more", "text after the end"),
        ("<testsuite><testcase name='a' name='b'/></testsuite>", "duplicated"),
        ("<testsuite><testcase name=a/></testsuite>", "enclosed"),
        ("<testsuite name='&#27;'/>", "&#27;"),
        ("<testsuite>&#x1b;</testsuite>", "&#27;"),
    ] {
        let tests = read_all(&[bad, good]);
        assert_eq!((tests.files, tests.tests), (1, 1), "{bad:?}");
        let problems = serde_json::to_string(&tests.problems).expect("JSON");
        assert!(problems.contains("0.xml") && problems.contains(message), "{bad:?}: {problems}");
    }
}

#[test]
fn what_means_harm_is_bounded() {
    let deep = "<testsuite>".repeat(100_000);
    let wide =
        format!("<testsuite {}/>", (0..100_000).map(|n| format!("a{n}='' ")).collect::<String>());
    for (bad, message) in [(&deep, "nested more than"), (&wide, "attributes")] {
        let tests = read_all(&[bad]);
        let problems = serde_json::to_string(&tests.problems).expect("JSON");
        assert!(tests.tests == 0 && problems.contains(message), "{problems}");
    }
    // Entities are not expanded, and nothing is fetched.
    let entities: String = (1..10)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let bomb = format!(
        "<!DOCTYPE t [<!ENTITY l0 \"ha\">{entities}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>\
         <testsuite><testcase name='&l9;'><failure>&f;&l9; &amp; more</failure></testcase></testsuite>"
    );
    let tests = read_all(&[&bomb]);
    assert_eq!((tests.tests, tests.failed), (1, 1));
    assert_eq!(tests.failures[0].name, "&l9;");
    assert_eq!(tests.failures[0].message, "&f;&l9; & more");
    let many: String = (0..1_000)
        .map(|n| format!("<testcase name='{n}{}'><error/></testcase>", "x".repeat(9_000)))
        .collect();
    let tests = read_all(&[&format!("<testsuite>{many}</testsuite>")]);
    assert_eq!((tests.errors, tests.failures.len()), (1_000, MAX_FAILURES));
    assert!(serde_json::to_vec(&tests).expect("JSON").len() < 100_000);
}
