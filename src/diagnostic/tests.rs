//! How findings look, with and without colours, and as JSON.

use super::*;

fn findings() -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let text = "stages: [build]\njob:\n\tscript: échø\n  stage: tset\n";
    let main = diagnostics.sources_mut().add("ci.yml", text);
    let other = diagnostics.sources_mut().add("other.yml", "a: 1\n\nb: 2\n");
    let at = |file, needle: &str, text: &str| {
        let start = text.find(needle).expect("it is there");
        Span::new(file, start..start + needle.len())
    };
    diagnostics.push(
        Diagnostic::error(Code::StageUndefined, "the stage `tset` is not defined")
            .label(at(main, "tset", text), "not among `stages`")
            .label(at(main, "[build]", text), "these are the stages")
            .help("did you mean `test`?"),
    );
    diagnostics.push(
        Diagnostic::warning(Code::DuplicateKey, "a key is in two files")
            .label(at(main, "échø", text), "here")
            .label(Span::new(other, 6..7), "and here"),
    );
    diagnostics.push(Diagnostic::error(Code::FileNotFound, "no \u{1b}[31mfile\u{202e}"));
    diagnostics
}

#[test]
fn text_without_colours() {
    insta::assert_snapshot!(findings().render(Style::PLAIN));
}

#[test]
fn text_in_ascii() {
    let style = Style { color: false, unicode: false, width: 60 };
    insta::assert_snapshot!(findings().render(style));
}

#[test]
fn text_with_colours() {
    let style = Style { color: true, unicode: true, width: 100 };
    insta::assert_snapshot!(findings().render(style).replace('\u{1b}', "␛"));
}

#[test]
fn machine_form() {
    let json = serde_json::to_string_pretty(&findings().to_json()).expect("it is JSON");
    insta::assert_snapshot!(json);
}

#[test]
fn a_place_is_told_once() {
    let mut diagnostics = Diagnostics::new();
    let file = diagnostics.sources_mut().add("ci.yml", "a: b\n");
    let finding = |start| {
        Diagnostic::error(Code::WrongType, "wrong").label(Span::new(file, start..start + 1), "")
    };
    diagnostics.push(finding(0));
    diagnostics.push(finding(0));
    diagnostics.push(finding(3));
    assert_eq!(diagnostics.error_count(), 2);
}

#[test]
fn places_count_characters_from_one() {
    let mut sources = SourceMap::default();
    let file = sources.add("ci.yml", "é: ü\r\nx: ö\r\n");
    let place = |start| {
        let place = sources.location(Span::new(file, start..start));
        (place.line, place.column)
    };
    assert_eq!(place(0), (1, 1));
    assert_eq!(place(4), (1, 4));
    assert_eq!(place(8), (2, 1));
    assert_eq!(place(11), (2, 4));
    assert_eq!(place(4_000_000_000), (3, 1));
}

#[test]
fn codes_are_unique_and_in_kebab_case() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert!(
        names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || "-8".contains(c)))
    );
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn similar_names_are_found_and_others_are_not() {
    let names = ["script", "before_script", "needs", "stage"];
    assert_eq!(similar("scrpit", names), Some("script"));
    assert_eq!(similar("before-script", names), Some("before_script"));
    assert_eq!(similar("Needs", names), Some("needs"));
    assert_eq!(similar("image", names), None);
    assert_eq!(similar("x", names), None);
    assert_eq!(similar("", names), None);
}
