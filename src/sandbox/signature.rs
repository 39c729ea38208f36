//! What a component says about the step that it is.
//!
//! The types are read without compiling anything: a pipeline is checked before its programs are
//! loaded.

use wasmparser::component_types::{
    ComponentDefinedType, ComponentEntityType, ComponentFuncTypeId, ComponentValType, RecordType,
};
use wasmparser::types::TypesRef;
use wasmparser::{Parser, PrimitiveValType, ValidPayload, Validator};

use crate::signature::{Field, Kind, Signature, name};

/// The function that makes a component a step.
pub(crate) const RUN: &str = "run";

/// Types within types.
const MAX_NESTING: usize = 30;
/// Types of one signature. Types share parts, which are counted wherever they stand.
const MAX_TYPES: usize = 10_000;
/// The largest number up to which a pipeline knows all whole ones.
const MAX_EXACT: i128 = 1 << 53;

/// The inputs and outputs of a component, if it exports a function `run`; none if it is a program
/// or a library of another kind.
///
/// # Errors
/// If it is not valid, or its function has types that a pipeline cannot express: what is wrong, and
/// what to do.
pub fn signature(component: &[u8]) -> Result<Option<Signature>, String> {
    let invalid = |error: wasmparser::BinaryReaderError| format!("it is not valid: {error}");
    let mut validator = Validator::new();
    let mut types = None;
    for payload in Parser::new(0).parse_all(component) {
        // Code is not looked at: the compiler validates it when the step runs.
        if let ValidPayload::End(found) =
            validator.payload(&payload.map_err(invalid)?).map_err(invalid)?
        {
            types = Some(found);
        }
    }
    let Some(types) = types else { return Ok(None) };
    let types = types.as_ref();
    match types.component_item_for_export(RUN).map(|item| item.ty) {
        Some(ComponentEntityType::Func(id)) => Reader { types, left: MAX_TYPES }.run(id).map(Some),
        _ => Ok(None),
    }
}

struct Reader<'t> {
    types: TypesRef<'t>,
    left: usize,
}

impl<'t> Reader<'t> {
    fn run(&mut self, id: ComponentFuncTypeId) -> Result<Signature, String> {
        const FORM: &str =
            "write it as `run: func(inputs: inputs) -> result<outputs, string>`, with two records";
        let function = self.types.get(id).ok_or("its function `run` has no type")?;
        if function.async_ {
            return Err(format!("its function `run` is async; {FORM}"));
        }
        let inputs = match &function.params[..] {
            [] => vec![],
            [(_, kind)] => match self.record(*kind) {
                Some(record) => self.fields(record, "inputs", 0)?,
                None => return Err(format!("what its function `run` takes is no record; {FORM}")),
            },
            _ => return Err(format!("its function `run` takes more than one value; {FORM}")),
        };
        let no_result = || format!("its function `run` does not return a `result`; {FORM}");
        let Some(ComponentValType::Type(id)) = function.result else { return Err(no_result()) };
        let Some(ComponentDefinedType::Result { ok, err, .. }) = self.types.get(id) else {
            return Err(no_result());
        };
        let is_text = match err {
            Some(ComponentValType::Primitive(kind)) => *kind == PrimitiveValType::String,
            Some(ComponentValType::Type(id)) => matches!(
                self.types.get(*id),
                Some(ComponentDefinedType::Primitive(PrimitiveValType::String))
            ),
            None => false,
        };
        if !is_text {
            return Err(format!("the error of its function `run` is no string; {FORM}"));
        }
        let outputs = match ok {
            None => vec![],
            Some(kind) => match self.record(*kind) {
                Some(record) => self.fields(record, "outputs", 0)?,
                None => {
                    return Err(format!("what its function `run` returns is no record; {FORM}"));
                }
            },
        };
        Ok(Signature { inputs, outputs })
    }

    fn record(&self, kind: ComponentValType) -> Option<&'t RecordType> {
        let ComponentValType::Type(id) = kind else { return None };
        match self.types.get(id)? {
            ComponentDefinedType::Record(record) => Some(record),
            _ => None,
        }
    }

    fn fields(
        &mut self,
        record: &RecordType,
        at: &str,
        depth: usize,
    ) -> Result<Vec<Field>, String> {
        let field = |(kebab, kind): (&wasmparser::names::KebabString, &ComponentValType)| {
            let name = name(kebab.as_str());
            let kind = self.kind(*kind, &format!("{at}.{name}"), depth + 1)?;
            Ok(Field { name, kind })
        };
        record.fields.iter().map(field).collect()
    }

    fn kind(&mut self, kind: ComponentValType, at: &str, depth: usize) -> Result<Kind, String> {
        if depth > MAX_NESTING {
            return Err(format!("`{at}`: its types are nested more than {MAX_NESTING} deep"));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            format!("its function `run` has more than {MAX_TYPES} types, with those within others")
        })?;
        let defined = match kind {
            ComponentValType::Primitive(kind) => return primitive(kind, at),
            ComponentValType::Type(id) => self.types.get(id),
        };
        let defined = defined.ok_or_else(|| format!("`{at}` has no type"))?;
        let refused = |what: &str, help: &str| Err(refused(at, what, help));
        match defined {
            ComponentDefinedType::Primitive(kind) => primitive(*kind, at),
            ComponentDefinedType::Record(record) => {
                let fields = self.fields(record, at, depth)?;
                Ok(match &fields[..] {
                    [Field { name, kind: Kind::String }] if name == "secret" => Kind::Secret,
                    _ => Kind::Record(fields),
                })
            }
            ComponentDefinedType::List { element, .. } => {
                let element = self.kind(*element, &format!("{at}[]"), depth + 1)?;
                Ok(Kind::List(Box::new(element)))
            }
            ComponentDefinedType::Option { ty, .. } => match self.kind(*ty, at, depth + 1)? {
                Kind::Option(_) => {
                    refused("an option of an option", "use one `option`: there is one null")
                }
                inner => Ok(Kind::Option(Box::new(inner))),
            },
            ComponentDefinedType::Enum(cases) => {
                Ok(Kind::Enum(cases.iter().map(|case| case.as_str().to_owned()).collect()))
            }
            ComponentDefinedType::Variant(_) => {
                refused("a `variant`", "use an `enum`, or a record with an `option` for each case")
            }
            ComponentDefinedType::Result { .. } => {
                refused("a `result`", "use a record with two `option`s")
            }
            ComponentDefinedType::Flags(_) => {
                refused("`flags`", "use a list of an `enum`, or a `bool` for each flag")
            }
            ComponentDefinedType::Tuple(_) => refused("a `tuple`", "use a record"),
            ComponentDefinedType::Map { .. } => {
                refused("a `map`", "use a list of a record with a name and a value")
            }
            ComponentDefinedType::FixedLengthList { .. } => {
                refused("a list of a fixed length", "use a `list` without a length")
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => {
                refused("a resource", "use a record with what it holds")
            }
            ComponentDefinedType::Future { .. } | ComponentDefinedType::Stream { .. } => {
                refused("a `future` or `stream`", "write to a file, and return its path")
            }
        }
    }
}

fn primitive(kind: PrimitiveValType, at: &str) -> Result<Kind, String> {
    use PrimitiveValType as P;
    let up_to = |most: i128| Kind::Integer(0, most);
    let around = |bits: u32| Kind::Integer(-(1 << (bits - 1)), (1 << (bits - 1)) - 1);
    Ok(match kind {
        P::Bool => Kind::Bool,
        P::S8 => around(8),
        P::U8 => up_to(u8::MAX.into()),
        P::S16 => around(16),
        P::U16 => up_to(u16::MAX.into()),
        P::S32 => around(32),
        P::U32 => up_to(u32::MAX.into()),
        P::S64 => Kind::Integer(-MAX_EXACT, MAX_EXACT),
        P::U64 => up_to(MAX_EXACT),
        P::F32 | P::F64 => Kind::Float,
        P::String => Kind::String,
        P::Char => return Err(refused(at, "a `char`", "use a `string`")),
        P::ErrorContext => return Err(refused(at, "an `error-context`", "use a `string`")),
    })
}

fn refused(at: &str, what: &str, help: &str) -> String {
    format!("`{at}` is {what}, which has no counterpart in a pipeline; {help}")
}
