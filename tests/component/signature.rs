//! What is read from a component before it runs: the types of its function `run`.

use greenroom::sandbox::signature;
use greenroom::signature::Kind;

/// A component whose function has this type; its code does not matter. Types of records have to
/// have names in a component, so that they are imported as such.
fn with(types: &str, function: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {types}
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "run") unreachable))
            (import "run" (func $run {function}))
            (export "run" (func $run)))"#
    );
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// How one field of the inputs is read.
fn field(types: &str, kind: &str) -> Result<Kind, String> {
    let types = format!(
        r#"{types}
        (import "inputs" (type $inputs (eq $record)))"#
    )
    .replace("KIND", kind);
    let types = match types.contains("$record (") {
        true => types,
        false => format!("(type $record (record (field \"a-field\" {kind}))){types}"),
    };
    let function = "(param \"inputs\" $inputs) (result (result (error string)))";
    let signature = signature(&with(&types, function))?.expect("a step");
    assert!(signature.outputs.is_empty());
    assert_eq!(signature.inputs[0].name, "a_field");
    Ok(signature.inputs[0].kind.clone())
}

#[test]
fn types_become_those_of_a_pipeline() {
    for (kind, expected) in [
        ("bool", "a boolean"),
        ("s8", "a whole number from -128 to 127"),
        ("u8", "a whole number from 0 to 255"),
        ("s16", "a whole number from -32768 to 32767"),
        ("u16", "a whole number from 0 to 65535"),
        ("s32", "a whole number from -2147483648 to 2147483647"),
        ("u32", "a whole number from 0 to 4294967295"),
        ("s64", "a whole number from -9007199254740992 to 9007199254740992"),
        ("u64", "a whole number from 0 to 9007199254740992"),
        ("f32", "a number"),
        ("f64", "a number"),
        ("string", "a string"),
        ("(list string)", "an array of strings"),
        ("(list (list u8))", "an array of arrays of whole numbers"),
        ("(option string)", "a string or null"),
        ("(list (option bool))", "an array of booleans"),
    ] {
        assert_eq!(field("", kind).map(|kind| kind.to_string()), Ok(expected.to_owned()), "{kind}");
    }
}

#[test]
fn named_types_are_followed() {
    let record = "(type $record (record (field \"a-field\" $inner)))";
    for (inner, expected) in [
        ("(enum \"fast\" \"line-by-line\")", "one of `fast`, `line-by-line`"),
        ("(record (field \"x\" u8) (field \"the-y\" string))", "an object with `x`, `the_y`"),
        ("(record (field \"secret\" string))", "a string"),
    ] {
        let types =
            format!("(type $plain {inner}) (import \"inner\" (type $inner (eq $plain))) {record}");
        let kind = field(&types, "").expect("it can be told");
        assert_eq!(kind.to_string(), expected, "{inner}");
        assert_eq!(kind.is_secret(), inner.contains("secret"));
    }
}

#[test]
fn what_no_pipeline_knows_is_refused_with_a_way_out() {
    let record = "(type $record (record (field \"a-field\" $inner)))";
    let named = |inner: &str| {
        format!("(type $plain {inner}) (import \"inner\" (type $inner (eq $plain))) {record}")
    };
    for (types, kind, what, help) in [
        (String::new(), "char", "a `char`", "use a `string`"),
        (String::new(), "(tuple u8 u8)", "a `tuple`", "use a record"),
        (String::new(), "(result)", "a `result`", "use a record"),
        (String::new(), "(option (option u8))", "an option of an option", "one `option`"),
        (String::new(), "(list char)", "`inputs.a_field[]` is a `char`", "use a `string`"),
        (named("(variant (case \"a\" u8))"), "", "a `variant`", "use an `enum`"),
        (named("(flags \"a\")"), "", "`flags`", "use a list of an `enum`"),
    ] {
        let reason = field(&types, kind).expect_err(kind);
        assert!(reason.contains("`inputs.a_field"), "{reason}");
        assert!(reason.contains(what) && reason.contains(help), "{reason}");
    }
}

#[test]
fn other_functions_are_refused() {
    let inputs = "(type $record (record (field \"a\" u8)))
        (import \"inputs\" (type $inputs (eq $record)))";
    for (function, expected) in [
        ("(param \"inputs\" $inputs)", "does not return a `result`"),
        ("(param \"inputs\" $inputs) (result u8)", "does not return a `result`"),
        ("(param \"inputs\" $inputs) (result (result))", "the error of its function `run`"),
        ("(param \"inputs\" string) (result (result (error string)))", "takes is no record"),
        ("(result (result u8 (error string)))", "returns is no record"),
        (
            "(param \"inputs\" $inputs) (param \"more\" u8) (result (result (error string)))",
            "takes more than one value",
        ),
    ] {
        let reason = signature(&with(inputs, function)).expect_err(function);
        assert!(reason.contains(expected) && reason.contains("func(inputs: inputs)"), "{reason}");
    }
}

#[test]
fn what_is_no_step_has_no_signature() {
    let plain = signature(&with("", "(result (result (error string)))"));
    assert_eq!(plain.map(|signature| signature.is_some()), Ok(true), "no inputs, no outputs");
    for text in ["(module)", "(component)", "(component (import \"run\" (func)))"] {
        assert_eq!(signature(&wat::parse_str(text).unwrap()), Ok(None), "{text}");
    }
    let whole = with("", "(result (result (error string)))");
    for end in [0, 4, 9, whole.len() / 2, whole.len() - 1] {
        let cut = signature(&whole[..end]);
        assert!(!matches!(cut, Ok(Some(_))), "cut at {end}: {cut:?}");
    }
}

/// Each level refers to the one below twice: its parts double with every level.
#[test]
fn types_that_share_parts_are_counted_wherever_they_stand() {
    let mut types =
        "(type $t0 (record (field \"a\" u8))) (import \"t0\" (type $n0 (eq $t0)))".to_owned();
    for level in 1..16 {
        let below = level - 1;
        types += &format!(
            "(type $t{level} (record (field \"a\" $n{below}) (field \"b\" $n{below})))
             (import \"t{level}\" (type $n{level} (eq $t{level})))"
        );
    }
    let function = "(param \"inputs\" $n15) (result (result (error string)))";
    let reason = signature(&with(&types, function)).expect_err("too many");
    assert!(reason.contains("more than 10000 types"), "{reason}");
}
