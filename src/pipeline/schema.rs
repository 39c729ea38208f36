//! A JSON Schema of pipeline files for editors, made of the tables that the reader itself uses.
//!
//! It is more lenient than `greenroom check`: what only code can judge is left to it.

use serde_json::{Map, Value, json};

use super::keywords::{KEYWORDS, Place, Support};
use super::shape;

/// The schema as a JSON document.
pub fn schema() -> Value {
    let mut top = properties(Place::Global);
    top.insert("default".to_owned(), object(properties(Place::Default)));
    top.insert("workflow".to_owned(), object(properties(Place::Workflow)));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Pipeline files that greenroom runs",
        "type": "object",
        "properties": top,
        "patternProperties": { "^\\.": {} },
        "additionalProperties": { "$ref": "#/definitions/job" },
        "definitions": {
            "job": object(properties(Place::Job)),
            "rule": object(properties(Place::Rule)),
            "reference": {
                "description": "!reference [job, keyword]",
                "type": "array",
                "items": { "type": ["string", "integer", "array"] },
            },
            "elsewhere": {
                "anyOf": [
                    { "type": "null" },
                    { "type": "string", "pattern": "\\$\\[\\[" },
                    { "$ref": "#/definitions/reference" },
                ],
            },
            "script": {
                "anyOf": [
                    { "type": "string" },
                    { "type": "array", "items": { "$ref": "#/definitions/script" } },
                ],
            },
        },
    })
}

fn object(properties: Map<String, Value>) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// The keywords of a place, each with its form and what greenroom does about it.
fn properties(place: Place) -> Map<String, Value> {
    let here = KEYWORDS.iter().filter(|keyword| keyword.place == place);
    here.map(|keyword| {
        // Nothing, a reference, or an input may stand in the place of any value.
        let mut form = json!({
            "anyOf": [form(place, keyword.name), { "$ref": "#/definitions/elsewhere" }],
        });
        let said = match keyword.support {
            Support::Yes => None,
            Support::NoEffect(why) => Some(format!("No effect here: {why}.")),
            Support::NotYet(meaning) | Support::Refused(meaning) => {
                Some(format!("Not supported yet: {meaning}."))
            }
        };
        if let Some(said) = said {
            form["description"] = said.into();
        }
        (keyword.name.to_owned(), form)
    })
    .collect()
}

/// The form of a keyword.
fn form(place: Place, name: &str) -> Value {
    let reference = json!({ "$ref": "#/definitions/reference" });
    let words = json!({ "type": "array", "items": { "type": "string" } });
    match name {
        "script" | "before_script" | "after_script" => json!({ "$ref": "#/definitions/script" }),
        "rules" if place != Place::Include => json!({
            "type": "array",
            "items": { "anyOf": [
                { "$ref": "#/definitions/rule" }, { "type": "array" },
            ] },
        }),
        "stages" => json!({ "type": "array" }),
        "stage" => json!({ "type": "string" }),
        "extends" => json!({ "anyOf": [{ "type": "string" }, words] }),
        "variables" if place != Place::Inherit && place != Place::Policy => {
            json!({ "anyOf": [{ "type": "object" }, reference] })
        }
        "image" => json!({ "anyOf": [
            { "type": "string" }, object(properties(Place::Image)), reference,
        ] }),
        "inherit" => object(properties(Place::Inherit)),
        "allow_failure" if place == Place::Job => json!({ "anyOf": [
            { "type": "boolean" }, object(properties(Place::AllowFailure)), reference,
        ] }),
        _ => match shape::of(name) {
            Some(shape) if place != Place::Policy => {
                json!({ "anyOf": [shape.schema(), reference] })
            }
            _ => json!({}),
        },
    }
}
