use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The names that the cases know.
struct Example(Object);

impl Example {
    fn new() -> Self {
        let text = r#"{
            "name": "Ada", "empty": "", "count": 3, "zero": 0, "yes": true, "no": false,
            "nothing": null, "list": [1, "two", [3]], "none": [], "thing": {"a": 1, "b-c": "d"},
            "inputs": {"type": "tar", "number": 4.5}, "vars": {"CI_PROJECT_NAME": "green"},
            "steps": {"build": {"outputs": {"items": ["x", "y"], "critical": 0}}}
        }"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let Data::Object(mut object) = value.data else { unreachable!() };
        object.insert("secret", Value::from("hunter2").marked(true)).unwrap();
        let inner = Object::new([("password", Value::from("xyzzy").marked(true))]).unwrap();
        object.insert("account", inner.into()).unwrap();
        Self(object)
    }
}

impl Context for Example {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name).collect()
    }

    fn advice(&self, name: &str) -> Option<String> {
        (name == "job").then(|| "write `vars.` instead of `job.`".to_owned())
    }
}

fn answer(template: &str) -> String {
    let evaluated = Template::parse(template).and_then(|t| t.evaluate(&Example::new()));
    match evaluated {
        Ok(value) => {
            let secret = if value.holds_secrets() { " (secret)" } else { "" };
            format!("{}{secret}", serde_json::to_string(&value).unwrap())
        }
        Err(error) => {
            let help = error.help.map(|help| format!(" | {help}")).unwrap_or_default();
            let place = template.get(error.at).expect("an error's place lies on characters");
            format!("error at `{place}`: {}{help}", error.message)
        }
    }
}

/// Each line of `cases.txt` is a template and what becomes of it.
#[test]
#[expect(clippy::disallowed_methods, reason = "how tests are told to write what they expect")]
fn cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/function/expression/cases.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut blessed = String::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            writeln!(blessed, "{line}").unwrap();
            continue;
        }
        let template = line.split(" ⇒ ").next().unwrap();
        let unescaped = template.replace("⏎", "\n");
        writeln!(blessed, "{template} ⇒ {}", answer(&unescaped).replace('\n', "⏎")).unwrap();
    }
    if std::env::var_os("GREENROOM_BLESS").is_some() {
        std::fs::write(&path, &blessed).unwrap();
    }
    for (expected, found) in text.lines().zip(blessed.lines()) {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let open = |c: &str| format!("${{{{ {} }}}}", c.repeat(100_000));
    for text in ["(", "[", "!", "-", "{a:", "\"${{", "1+", "str(", "a["] {
        assert!(Template::parse(&open(text)).is_err(), "{text}");
    }
    let chain = format!("${{{{ 1{} }}}}", " + 1".repeat(200));
    assert!(Template::parse(&chain).unwrap_err().message.contains("more than 100 operators"));
    let chain = format!("${{{{ 1{} }}}}", " + 1".repeat(90));
    assert_eq!(
        Template::parse(&chain).unwrap().evaluate(&Example::new()).unwrap().to_string(),
        "91"
    );
}

struct Only(Value);

impl Context for Only {
    fn get(&self, _: &str) -> Option<Value> {
        Some(self.0.clone())
    }

    fn names(&self) -> Vec<&str> {
        vec![]
    }
}

#[test]
fn values_cannot_grow_without_end() {
    for (template, expected) in [
        ("${{ x + x }}", "larger than 16 MiB"),
        ("${{x}}${{x}}", "larger than 16 MiB"),
        ("${{ [x, x] }}", "larger than 16 MiB"),
        ("${{ {a: x, b: x} }}", "larger than 16 MiB"),
        ("${{ [x] }}", "nested more than 100 deep"),
    ] {
        let template = Template::parse(template).unwrap();
        let mut context = Only("x".repeat(1000).into());
        let grown = (0..200).try_for_each(|_| {
            context = Only(template.evaluate(&context)?);
            Ok::<_, ExpressionError>(())
        });
        let error = grown.unwrap_err();
        assert!(error.message.contains(expected), "{error}");
    }
}

#[test]
fn secrets_are_found_wherever_they_are() {
    let evaluate = |text: &str| {
        let value = Template::parse(text).unwrap().evaluate(&Example::new()).unwrap();
        let mut secrets = Vec::new();
        value.secrets(&mut secrets);
        secrets
    };
    assert_eq!(evaluate("${{ secret }}"), ["hunter2"]);
    assert_eq!(evaluate("a ${{ secret }}"), ["a hunter2"]);
    assert_eq!(evaluate("${{ [name, account] }}"), ["xyzzy"]);
    assert_eq!(evaluate("${{ secret == \"hunter2\" }}"), Vec::<String>::new());
    assert_eq!(evaluate("${{ secret && name }}"), Vec::<String>::new());
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"[ -~]{0,20}\$\{\{[ -~ä]{0,40}(\}\})?"#) {
        answer(&text);
    }

    #[test]
    fn words_in_any_order(words in proptest::collection::vec(
        prop::sample::select(vec![
            "${{", "}}", "{", "}", "[", "]", "(", ")", "\"", "'", "\\", ".", ",", ":", "1", "name",
            "list", "thing", "+", "-", "==", "&&", "||", "!", "str", " ", "null", "0", "%", "/",
        ]), 0..24,
    )) {
        answer(&words.concat());
        answer(&format!("${{{{ {} }}}}", words.concat()));
    }

    #[test]
    fn numbers_print_as_they_are_read(number: f64) {
        prop_assume!(number.is_normal() || number == 0.0);
        let value = Value::number(number).unwrap();
        let read: f64 = value.to_string().parse().unwrap();
        prop_assert_eq!(read, number);
        let json = serde_json::to_string(&value).unwrap();
        let Data::Number(read) = serde_json::from_str::<Value>(&json).unwrap().data else {
            panic!("{json} is a number");
        };
        // The last of its 53 bits may differ, and the reader of JSON takes the liberty.
        prop_assert!((read - number).abs() <= number.abs() * 2.0 * f64::EPSILON);
    }
}
