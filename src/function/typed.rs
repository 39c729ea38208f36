//! A typed step: its component's signature in place of a `func.yml`, and values held against it.

use std::borrow::Cow;

use indexmap::IndexMap;

use super::definition::{Body, Declaration, Definition, Needs, Outputs, Spec};
use super::expression::{Data, Value};
use super::place::Place;
use super::types::Type;
use crate::signature::{Field, Kind, Signature};

/// The function that a component is, by the name of its file.
pub fn typed(signature: &Signature, file: &str) -> Definition {
    let place = Place { file: file.into(), ..Place::default() };
    let declared = |fields: &[Field]| -> IndexMap<String, Declaration> {
        let declaration = |field: &Field| Declaration {
            kind: Type::of(&field.kind),
            default: field.kind.is_optional().then_some(Value::NULL),
            description: None,
            sensitive: field.kind.is_secret(),
            detail: Some(field.kind.clone()),
            place: place.clone(),
        };
        fields.iter().map(|field| (field.name.clone(), declaration(field))).collect()
    };
    Definition {
        spec: Spec {
            inputs: declared(&signature.inputs),
            outputs: Outputs::Declared(declared(&signature.outputs)),
        },
        body: Body::Component,
        env: Vec::new(),
        needs: Needs::default(),
        place,
    }
}

impl Type {
    /// What a component's type is among those of `func.yml`.
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Bool => Self::Boolean,
            Kind::Integer(..) | Kind::Float => Self::Number,
            Kind::String | Kind::Secret | Kind::Enum(_) => Self::String,
            Kind::List(_) => Self::Array,
            Kind::Record(_) => Self::Struct,
            Kind::Option(inner) => Self::of(inner),
        }
    }
}

/// How a value differs from what is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What it should be, with an article.
    expected: String,
    /// Where in the value: `.name` and `[1]`, empty for the whole.
    at: String,
    /// What is there.
    pub found: Cow<'static, str>,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Misfit {
    /// What is wrong with the value of a name: half a sentence.
    pub fn told(&self, name: &str) -> String {
        format!("`{name}{}` must be {}", self.at, self.expected)
    }
}

impl Declaration {
    /// What it takes, with an article.
    pub fn takes(&self) -> String {
        match &self.detail {
            Some(Kind::Option(inner)) => inner.to_string(),
            Some(kind) => kind.to_string(),
            None => self.kind.to_string(),
        }
    }

    /// What is wrong with a value, if anything is. Nothing is converted.
    pub fn misfit(&self, value: &Value) -> Option<Misfit> {
        if let Some(detail) = &self.detail {
            return misfit(detail, value, &mut String::new());
        }
        (!self.kind.accepts(value)).then(|| Misfit {
            expected: self.kind.to_string(),
            at: String::new(),
            found: value.kind().into(),
            advice: self.kind.advice(value).map(str::to_owned),
        })
    }
}

fn misfit(kind: &Kind, value: &Value, at: &mut String) -> Option<Misfit> {
    let wrong = |found: Cow<'static, str>, at: &str, advice: Option<String>| {
        let advice = advice.or_else(|| Type::of(kind).advice(value).map(str::to_owned));
        Some(Misfit { expected: kind.to_string(), at: at.to_owned(), found, advice })
    };
    // What is secret is not shown where it is wrong, either.
    let shown = |text: String| match value.sensitive {
        true => Cow::Borrowed("another one"),
        false => Cow::Owned(text),
    };
    match (kind, &value.data) {
        (Kind::Option(_), Data::Null) => None,
        (Kind::Option(inner), _) => misfit(inner, value, at),
        (Kind::Bool, Data::Bool(_))
        | (Kind::Float, Data::Number(_))
        | (Kind::String | Kind::Secret, Data::String(_)) => None,
        (Kind::Integer(least, most), Data::Number(number)) => {
            // Both bounds are exact: the widest are those of what f64 holds exactly.
            let fits = (*least as f64..=*most as f64).contains(number) && number.fract() == 0.0;
            if fits { None } else { wrong(shown(number.to_string()), at, None) }
        }
        (Kind::Enum(cases), Data::String(text)) if cases.iter().any(|case| **case == **text) => {
            None
        }
        (Kind::Enum(cases), Data::String(text)) => {
            let similar = crate::diagnostic::similar(text, cases.iter().map(String::as_str));
            let advice = similar.map(|similar| format!("did you mean `{similar}`?"));
            wrong(shown(format!("`{text}`")), at, advice)
        }
        (Kind::List(inner), Data::Array(array)) => {
            array.items().iter().enumerate().find_map(|(index, item)| {
                within(at, &format!("[{index}]"), |at| misfit(inner, item, at))
            })
        }
        (Kind::Record(fields), Data::Object(object)) => {
            let known = |name: &str| fields.iter().any(|field| field.name == name);
            if let Some((name, _)) = object.iter().find(|(name, _)| !known(name)) {
                let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
                let advice = format!("it has `{}`", names.join("`, `"));
                return Some(Misfit {
                    expected: kind.to_string(),
                    at: at.clone(),
                    found: format!("one with an unknown `{name}`").into(),
                    advice: Some(advice),
                });
            }
            fields.iter().find_map(|field| match object.get(&field.name) {
                Some(value) => {
                    within(at, &format!(".{}", field.name), |at| misfit(&field.kind, value, at))
                }
                None if field.kind.is_optional() => None,
                None => Some(Misfit {
                    expected: kind.to_string(),
                    at: at.clone(),
                    found: format!("one without `{}`", field.name).into(),
                    advice: Some(format!("`{}` is {}", field.name, field.kind)),
                }),
            })
        }
        _ => wrong(value.kind().into(), at, None),
    }
}

fn within<T>(at: &mut String, part: &str, look: impl FnOnce(&mut String) -> T) -> T {
    let before = at.len();
    at.push_str(part);
    let found = look(at);
    at.truncate(before);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, kind: Kind) -> Field {
        Field { name: name.to_owned(), kind }
    }

    fn told(kind: &Kind, json: &str) -> String {
        let value: Value = serde_json::from_str(json).unwrap();
        match misfit(kind, &value, &mut String::new()) {
            None => "fits".to_owned(),
            Some(misfit) => {
                let advice = misfit.advice.as_ref().map(|a| format!("; {a}")).unwrap_or_default();
                format!("{}, and this is {}{advice}", misfit.told("x"), misfit.found)
            }
        }
    }

    #[test]
    fn values_are_held_against_types() {
        let byte = Kind::Integer(0, 255);
        let names = Kind::List(Box::new(Kind::String));
        let mode = Kind::Enum(vec!["fast".to_owned(), "thorough".to_owned()]);
        let record = Kind::Record(vec![
            field("name", Kind::String),
            field("sizes", Kind::Option(Box::new(Kind::List(Box::new(byte.clone()))))),
        ]);
        for (kind, json, expected) in [
            (&byte, "255", "fits"),
            (&byte, "256", "must be a whole number from 0 to 255, and this is 256"),
            (&byte, "1.5", "must be a whole number from 0 to 255, and this is 1.5"),
            (&byte, "-1", "and this is -1"),
            (&byte, "\"1\"", "and this is a string; write it without quotes"),
            (&Kind::Float, "1.5", "fits"),
            (&Kind::Bool, "1", "must be a boolean, and this is a number"),
            (&Kind::String, "null", "must be a string, and this is null"),
            (&Kind::Option(Box::new(Kind::String)), "null", "fits"),
            (&Kind::Option(Box::new(Kind::String)), "1", "must be a string, and this is a number"),
            (&names, "[]", "fits"),
            (&names, "[\"a\", 1]", "`x[1]` must be a string, and this is a number"),
            (&names, "\"a\"", "must be an array of strings, and this is a string"),
            (&mode, "\"fast\"", "fits"),
            (&mode, "\"fas\"", "must be one of `fast`, `thorough`, and this is `fas`; did you"),
            (&record, "{\"name\": \"a\"}", "fits"),
            (&record, "{\"name\": \"a\", \"sizes\": null}", "fits"),
            (&record, "{\"sizes\": []}", "and this is one without `name`; `name` is a string"),
            (
                &record,
                "{\"name\": \"a\", \"size\": 1}",
                "one with an unknown `size`; it has `name`",
            ),
            (
                &record,
                "{\"name\": \"a\", \"sizes\": [1, 999]}",
                "`x.sizes[1]` must be a whole number from 0 to 255, and this is 999",
            ),
        ] {
            let found = told(kind, json);
            assert!(found.contains(expected), "{kind:?}, {json}: {found}");
        }
    }

    #[test]
    fn a_signature_is_a_spec() {
        let signature = Signature {
            inputs: vec![
                field("files", Kind::List(Box::new(Kind::String))),
                field("limit", Kind::Option(Box::new(Kind::Integer(0, 9)))),
                field("token", Kind::Secret),
            ],
            outputs: vec![field("found", Kind::Integer(0, 9))],
        };
        let definition = typed(&signature, "lint.wasm");
        let inputs = &definition.spec.inputs;
        assert_eq!(inputs["files"].kind, Type::Array);
        assert!(inputs["files"].default.is_none() && !inputs["files"].sensitive);
        assert_eq!(
            (inputs["limit"].kind, &inputs["limit"].default),
            (Type::Number, &Some(Value::NULL))
        );
        assert!(inputs["token"].sensitive);
        assert_eq!(definition.place.to_string(), "lint.wasm");
    }
}
