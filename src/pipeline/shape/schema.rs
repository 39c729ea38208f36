//! Shapes as JSON Schema.

use serde_json::{Map, Value, json};

use super::{Field, Shape};

impl Shape {
    /// The schema of what has this shape. Forms that only code can judge are strings.
    pub(in crate::pipeline) fn schema(&self) -> Value {
        match self {
            Self::Any => json!({}),
            Self::Text | Self::Form(..) => json!({ "type": "string" }),
            Self::NonEmpty => json!({ "type": "string", "minLength": 1 }),
            Self::Scalar => json!({ "type": ["string", "number"] }),
            Self::Bool => json!({ "type": "boolean" }),
            Self::Integer(least, most) => {
                let bound = |value: i128| i64::try_from(value).ok();
                let mut schema = json!({ "type": "integer" });
                for (name, value) in [("minimum", bound(*least)), ("maximum", bound(*most))] {
                    if let Some(value) = value {
                        schema[name] = value.into();
                    }
                }
                schema
            }
            Self::Word(words) => json!({ "enum": words }),
            Self::List(of, least, most) => {
                let mut schema = json!({ "type": "array", "items": of.schema() });
                if *least > 0 {
                    schema["minItems"] = (*least).into();
                }
                if *most < usize::MAX {
                    schema["maxItems"] = (*most).into();
                }
                schema
            }
            Self::Map(fields) => {
                let properties: Map<String, Value> = fields
                    .iter()
                    .map(|field| (field.name.to_owned(), field.shape.schema()))
                    .collect();
                let required: Vec<&str> =
                    fields.iter().filter(|f| f.required).map(|f: &Field| f.name).collect();
                json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
            Self::Names(of) => json!({ "type": "object", "additionalProperties": of.schema() }),
            Self::Either(shapes, _) => {
                let any: Vec<Value> = shapes.iter().map(Self::schema).collect();
                json!({ "anyOf": any })
            }
            Self::OneKeyOf(keys, shape) => {
                let one: Vec<Value> = keys.iter().map(|key| json!({ "required": [key] })).collect();
                json!({ "allOf": [shape.schema(), { "anyOf": one }] })
            }
            Self::Together(key, other, shape) => {
                json!({ "allOf": [shape.schema()], "dependencies": { *key: [other] } })
            }
        }
    }
}
