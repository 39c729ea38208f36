use proptest::prelude::*;

use super::*;

fn variables(name: &str) -> Option<&'static str> {
    match name {
        "A" => Some("a"),
        "EMPTY" => Some(""),
        "BLANK" => Some("  "),
        "BRANCH" => Some("feature/x"),
        "PATTERN" => Some("/^FEAT/i"),
        "NO_PATTERN" => Some("feature"),
        "LINES" => Some("one\ntwo"),
        _ => None,
    }
}

fn holds(text: &str) -> bool {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).holds(&variables)
}

#[test]
fn conditions_hold_as_on_gitlab() {
    for (text, expected) in [
        ("$A", true),
        ("$EMPTY", false),
        ("$BLANK", false),
        ("$UNSET", false),
        ("$A == 'a'", true),
        ("$A == \"a\"", true),
        ("'a' == $A", true),
        ("$A != \"b\"", true),
        ("$UNSET == null", true),
        ("$EMPTY == null", false),
        ("$EMPTY == ''", true),
        ("$UNSET == ''", false),
        ("$UNSET != \"x\"", true),
        ("null == $UNSET", true),
        ("$UNSET == $OTHER", true),
        ("$BRANCH =~ /^feature/", true),
        ("$BRANCH =~ /FEATURE/i", true),
        ("$BRANCH !~ /^main$/", true),
        ("$BRANCH =~ /^feature\\/x$/", true),
        ("$BRANCH =~ $PATTERN", true),
        ("$BRANCH !~ $PATTERN", false),
        ("$BRANCH =~ $NO_PATTERN", false),
        ("$BRANCH =~ \"feature\"", false),
        ("$BRANCH =~ $UNSET", false),
        ("$BRANCH !~ $UNSET", true),
        ("$UNSET =~ /^$/", true),
        ("$UNSET =~ /x+/", false),
        ("$LINES =~ /^two$/", false),
        ("$LINES =~ /^two$/m", true),
        ("$LINES =~ /one.two/s", true),
        ("$A && $UNSET", false),
        ("$A || $UNSET", true),
        ("$UNSET || $A == 'b'", false),
        ("$A == 'a' && $UNSET == null", true),
        ("$UNSET && $UNSET || $A", true),
        ("$A || $UNSET && $UNSET", true),
        ("($A || $UNSET) && $UNSET", false),
        ("$EMPTY && $A == 'a'", true),
        ("($A)", true),
        ("$A=='a'&&$EMPTY==''", true),
        ("\"text\"", true),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_a_condition_says_where() {
    for (text, at) in [
        ("", 0),
        ("   ", 3),
        ("$A ==", 5),
        ("== $A", 0),
        ("$A $B", 3),
        ("${A} == 'a'", 0),
        ("$ == 'a'", 0),
        ("$A == 'a", 6),
        ("$A = 'a'", 3),
        ("!$A", 0),
        ("$A == b", 6),
        ("($A", 0),
        ("$A)", 2),
        ("$A =~ /x/", 6),
        ("$A =~ //", 6),
        ("$A =~ /unclosed", 6),
        ("$A =~ /(un/", 6),
        ("$A =~ /a(?=b)/", 6),
        ("$A & $B", 3),
        ("$A && ü", 6),
        ("$A && && $B", 6),
        ("()", 1),
    ] {
        let error = Expression::parse(text).expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!("{}$A{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(Expression::parse(&deep).is_err());
    assert!(Expression::parse("$A =~ /(x{1000}){1000}/").is_err());
    assert!(Expression::parse(&vec!["$A"; 10_000].join(" == ")).is_err());
    assert!(holds(&vec!["$A"; 10_000].join(" && ")));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[$A-C{}()=!~&|/'\" énull\\\\.*]{0,30}") {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.holds(&variables);
        }
    }
}
