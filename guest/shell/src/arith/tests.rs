use std::collections::HashMap;

use super::{ArithError, Scope, eval_text};

#[derive(Default)]
struct Vars(HashMap<Vec<u8>, Vec<u8>>, u32);

impl Scope for Vars {
    fn get(&mut self, name: &[u8], _: Option<&[u8]>) -> Result<Option<Vec<u8>>, ArithError> {
        Ok(self.0.get(name).cloned())
    }
    fn set(&mut self, name: &[u8], _: Option<&[u8]>, value: i64) -> Result<(), ArithError> {
        self.0.insert(name.to_vec(), value.to_string().into_bytes());
        Ok(())
    }
    fn depth(&mut self) -> &mut u32 {
        &mut self.1
    }
}

fn value(text: &str) -> i64 {
    eval_text(text.as_bytes(), &mut Vars::default()).unwrap()
}

fn message(text: &str) -> String {
    match eval_text(text.as_bytes(), &mut Vars::default()) {
        Err(ArithError::Message(m)) => String::from_utf8(m).unwrap(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn operators_bind_as_in_c() {
    assert_eq!(value("1 + 2 * 3 - 4 / 2"), 5);
    assert_eq!(value("2 ** 3 ** 2"), 512);
    assert_eq!(value("-2 ** 2"), 4);
    assert_eq!(value("1 << 2 + 1"), 8);
    assert_eq!(value("1 | 2 ^ 3 & 1"), 3);
    assert_eq!(value("5 > 3 == 1 && !0"), 1);
    assert_eq!(value("0 ? 1 : 0 ? 2 : 3"), 3);
    assert_eq!(value("(1, 2, 3)"), 3);
    assert_eq!(value("7 % -3"), 1);
    assert_eq!(value("-7 / 2"), -3);
    assert_eq!(value("~0"), -1);
    assert_eq!(value("- - 3"), 3);
}

#[test]
fn numbers_have_bases() {
    assert_eq!(value("0x1F + 017 + 2#101 + 36#z + 64#_"), 31 + 15 + 5 + 35 + 63);
    assert_eq!(value("9223372036854775807 + 1"), i64::MIN);
    assert!(message("08").contains("value too great for base (error token is \"08\")"));
}

#[test]
fn variables_are_read_set_and_evaluated() {
    let mut vars = Vars::default();
    vars.0.insert(b"e".to_vec(), b"x + 1".to_vec());
    assert_eq!(eval_text(b"x = 4, x += 2, x++, ++x, e", &mut vars).unwrap(), 9);
    assert_eq!(eval_text(b"x-- - --x", &mut vars).unwrap(), 2);
    vars.0.insert(b"loop".to_vec(), b"loop".to_vec());
    assert!(eval_text(b"loop", &mut vars).is_err());
}

#[test]
fn logic_does_not_evaluate_what_it_need_not() {
    let mut vars = Vars::default();
    assert_eq!(eval_text(b"0 && (x = 1)", &mut vars).unwrap(), 0);
    assert_eq!(eval_text(b"1 || (x = 1)", &mut vars).unwrap(), 1);
    assert!(vars.0.is_empty());
}

#[test]
fn messages_are_bashs() {
    assert_eq!(message("1/0"), "1/0: division by 0 (error token is \"0\")");
    assert_eq!(message("1+"), "1+: syntax error: operand expected (error token is \"+\")");
    assert_eq!(
        message("1 = 2"),
        "1 = 2: attempted assignment to non-variable (error token is \"= 2\")"
    );
    assert_eq!(message("1 2"), "1 2: syntax error in expression (error token is \"2\")");
}

#[test]
fn deep_nesting_is_an_error() {
    let text = format!("{}1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(message(&text).contains("recursion level exceeded"));
    let text = format!("{}1", "-".repeat(5001).replace("--", "- "));
    assert!(message(&text).contains("recursion level exceeded"));
}
