//! Between JSON and the values of a component.
//!
//! What is handed in has been held against the component's signature before, and what comes out is
//! held against it after; a value that does not fit here is an error all the same, as the file may
//! have changed in between.

use serde_json::{Map, Number, Value};
use wasmtime::component::{Type, Val};

use crate::signature::name;

/// The largest whole number up to which a pipeline knows all.
const MAX_EXACT: u64 = 1 << 53;

type Result<T> = std::result::Result<T, String>;

/// A value as a component takes it.
pub(super) fn lower(value: &Value, kind: &Type) -> Result<Val> {
    let wrong = || format!("{value} is not what it takes");
    let whole = || value.as_f64().filter(|number| number.fract() == 0.0).ok_or_else(wrong);
    // In range, as `signature` has read the same type.
    macro_rules! integer {
        ($val:ident, $number:ty) => {{
            #[expect(clippy::cast_possible_truncation, reason = "whole, and compared again")]
            let number = whole()? as i64;
            Ok(Val::$val(<$number>::try_from(number).map_err(|_| wrong())?))
        }};
    }
    match kind {
        Type::Bool => value.as_bool().map(Val::Bool).ok_or_else(wrong),
        Type::S8 => integer!(S8, i8),
        Type::U8 => integer!(U8, u8),
        Type::S16 => integer!(S16, i16),
        Type::U16 => integer!(U16, u16),
        Type::S32 => integer!(S32, i32),
        Type::U32 => integer!(U32, u32),
        Type::S64 => integer!(S64, i64),
        Type::U64 => integer!(U64, u64),
        #[expect(clippy::cast_possible_truncation, reason = "as near as the type can be")]
        Type::Float32 => value.as_f64().map(|n| Val::Float32(n as f32)).ok_or_else(wrong),
        Type::Float64 => value.as_f64().map(Val::Float64).ok_or_else(wrong),
        Type::String => value.as_str().map(|text| Val::String(text.to_owned())).ok_or_else(wrong),
        Type::Enum(_) => value.as_str().map(|case| Val::Enum(case.to_owned())).ok_or_else(wrong),
        Type::Option(inner) => Ok(Val::Option(match value {
            Value::Null => None,
            value => Some(Box::new(lower(value, &inner.ty())?)),
        })),
        Type::List(list) => {
            let items = value.as_array().ok_or_else(wrong)?;
            let items = items.iter().map(|item| lower(item, &list.ty()));
            items.collect::<Result<_>>().map(Val::List)
        }
        Type::Record(record) => {
            if let (Some(text), [field]) =
                (value.as_str(), &record.fields().collect::<Vec<_>>()[..])
            {
                return Ok(Val::Record(vec![(
                    field.name.to_owned(),
                    Val::String(text.to_owned()),
                )]));
            }
            let entries = value.as_object().ok_or_else(wrong)?;
            let fields = record.fields().map(|field| {
                let given = entries.get(&name(field.name)).unwrap_or(&Value::Null);
                Ok((field.name.to_owned(), lower(given, &field.ty)?))
            });
            fields.collect::<Result<_>>().map(Val::Record)
        }
        _ => Err("its types are not those of a step".to_owned()),
    }
}

/// A value as a pipeline knows it; `at` names it in messages.
pub(super) fn lift(value: Val, at: &str) -> Result<Value> {
    Ok(match value {
        Val::Bool(value) => value.into(),
        Val::S8(value) => value.into(),
        Val::U8(value) => value.into(),
        Val::S16(value) => value.into(),
        Val::U16(value) => value.into(),
        Val::S32(value) => value.into(),
        Val::U32(value) => value.into(),
        Val::S64(value) if value.unsigned_abs() <= MAX_EXACT => value.into(),
        Val::U64(value) if value <= MAX_EXACT => value.into(),
        Val::S64(value) => return Err(too_large(at, value)),
        Val::U64(value) => return Err(too_large(at, value)),
        Val::Float32(value) => number(f64::from(value), at)?,
        Val::Float64(value) => number(value, at)?,
        Val::String(text) | Val::Enum(text) => text.into(),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => lift(*value, at)?,
        Val::List(items) => {
            let items = (0..).zip(items).map(|(index, item)| lift(item, &format!("{at}[{index}]")));
            Value::Array(items.collect::<Result<_>>()?)
        }
        Val::Record(mut fields) => match (fields.len(), fields.first_mut()) {
            (1, Some((name, Val::String(text)))) if name == "secret" => {
                Value::String(std::mem::take(text))
            }
            _ => Value::Object(self::fields(fields, at)?),
        },
        _ => return Err(format!("`{at}` has a type that no pipeline knows")),
    })
}

/// A record by the names that pipelines write.
pub(super) fn fields(fields: Vec<(String, Val)>, at: &str) -> Result<Map<String, Value>> {
    let field = |(kebab, value): (String, Val)| {
        let name = name(&kebab);
        let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        Ok((name, lift(value, &at)?))
    };
    fields.into_iter().map(field).collect()
}

fn number(value: f64, at: &str) -> Result<Value> {
    let number = Number::from_f64(value);
    number.map(Value::Number).ok_or_else(|| format!("its output `{at}` is {value}, no number"))
}

fn too_large(at: &str, value: impl std::fmt::Display) -> String {
    format!(
        "its output `{at}` is {value}, and a pipeline's numbers are exact up to 2^53 only: it should \
         return a string"
    )
}
