//! `declare`, `local`, `export`, `readonly` and `let`.

mod listing;

pub(super) use listing::all;
use listing::{functions, plain_form, print, print_with};

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::bytes;
use crate::expand::quote;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::AssignValue;
use crate::syntax::is_name;
use crate::vars::{Assoc, Attributes, Name, Value};

/// What the options of a declaration ask for.
#[derive(Default)]
struct Request {
    add: Attributes,
    remove: Attributes,
    indexed: bool,
    assoc: bool,
    global: bool,
    print: bool,
    functions: bool,
    function_names: bool,
    inherit: bool,
    local: bool,
    remove_export: bool,
    /// The first operand.
    operands: usize,
}

fn attribute(letter: u8) -> Option<Attributes> {
    Some(match letter {
        b'i' => Attributes::INTEGER,
        b'l' => Attributes::LOWER,
        b'n' => Attributes::NAMEREF,
        b'r' => Attributes::READONLY,
        b't' => Attributes::TRACE,
        b'u' => Attributes::UPPER,
        b'x' => Attributes::EXPORT,
        _ => return None,
    })
}

/// Reads the options of a declaration; `Err` is the status after a message.
fn request(sh: &mut Shell, arguments: &[Vec<u8>], builtin: &str) -> Result<Request, Flow> {
    let mut request = Request { operands: 1, ..Request::default() };
    while let Some(option) = arguments.get(request.operands) {
        let (minus, letters) = match option.split_first() {
            Some((b'-', letters)) if !letters.is_empty() => (true, letters),
            Some((b'+', letters)) if !letters.is_empty() && builtin == "declare" => {
                (false, letters)
            }
            _ => break,
        };
        request.operands += 1;
        if option == b"--" {
            break;
        }
        for &letter in letters {
            match (builtin, letter) {
                ("export", b'n') => request.remove_export = true,
                (_, b'a') => request.indexed = minus,
                (_, b'A') => request.assoc = minus,
                ("declare" | "local", b'g') => request.global = true,
                ("declare" | "local", b'I') => request.inherit = true,
                (_, b'p') => request.print = true,
                (_, b'f') => request.functions = true,
                ("declare" | "local", b'F') => {
                    request.functions = true;
                    request.function_names = true;
                }
                ("declare" | "local", _) if attribute(letter).is_some() => {
                    if let Some(attribute) = attribute(letter) {
                        if minus {
                            request.add.add(attribute);
                        } else {
                            request.remove.add(attribute);
                        }
                    }
                }
                _ => {
                    let sign = if minus { b'-' } else { b'+' };
                    let usage = super::synopses::synopsis(builtin.as_bytes()).unwrap_or_default();
                    return Err(sh.usage_error(builtin, &[sign, letter], usage));
                }
            }
        }
    }
    Ok(request)
}

pub(super) fn declare(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut request = match request(sh, arguments, "declare") {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    request.local = in_function(sh) && !request.global;
    if request.functions {
        return functions(sh, arguments, &request);
    }
    if request.print || arguments.len() == request.operands {
        return print(sh, arguments, &request, "declare");
    }
    apply(sh, arguments, &request, "declare")
}

pub(super) fn local(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if !in_function(sh) {
        return sh.builtin_error("local", "can only be used in a function");
    }
    let mut request = match request(sh, arguments, "local") {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    request.local = true;
    if arguments.len() == request.operands {
        let mut out = Vec::new();
        let mut names = sh.vars.local_names();
        names.sort();
        for name in names {
            out.extend_from_slice(&plain_form(sh, &name));
        }
        return sh.print("local", &out);
    }
    apply(sh, arguments, &request, "local")
}

pub(super) fn export(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut request = match request(sh, arguments, "export") {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    if request.functions {
        for name in &arguments[request.operands..] {
            if !sh.functions.contains_key(&name[..]) {
                let shown = bytes::display(name).into_owned();
                return sh.builtin_error("export", &format!("{shown}: not a function"));
            }
            let name: Name = name.as_slice().into();
            if request.remove_export {
                sh.exported_functions.remove(&name);
            } else {
                sh.exported_functions.insert(name);
            }
        }
        return Ok(0);
    }
    if request.remove_export {
        request.remove.add(Attributes::EXPORT);
    } else {
        request.add.add(Attributes::EXPORT);
    }
    if arguments.len() == request.operands {
        return print_with(sh, Attributes::EXPORT, "export");
    }
    apply(sh, arguments, &request, "export")
}

pub(super) fn readonly(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut request = match request(sh, arguments, "readonly") {
        Ok(request) => request,
        Err(flow) => return flow,
    };
    request.add.add(Attributes::READONLY);
    if request.functions {
        return listing::attributes(sh, &arguments[request.operands..], &request);
    }
    if arguments.len() == request.operands {
        return print_with(sh, Attributes::READONLY, "readonly");
    }
    apply(sh, arguments, &request, "readonly")
}

fn in_function(sh: &Shell) -> bool {
    sh.frames.iter().any(|frame| frame.function.is_some())
}

fn apply(sh: &mut Shell, arguments: &[Vec<u8>], request: &Request, builtin: &str) -> Flow {
    let mut status = 0;
    let arrays = std::mem::take(&mut sh.array_arguments);
    for (index, argument) in arguments.iter().enumerate().skip(request.operands) {
        let array = arrays.iter().find(|(i, _)| *i == index).map(|(_, a)| Rc::clone(a));
        let result = one(sh, argument, array.as_deref(), request, builtin);
        match result {
            Ok(done) => status = status.max(done),
            Err(Unwind::Discard(failed)) if builtin != "readonly" => status = status.max(failed),
            Err(unwind) => return Err(unwind),
        }
    }
    Ok(status)
}

/// One operand: `name`, `name=value`, `name+=value`, `name[subscript]=value` or `name=( … )`.
fn one(
    sh: &mut Shell,
    argument: &[u8],
    array: Option<&crate::syntax::ast::Assignment>,
    request: &Request,
    builtin: &str,
) -> Flow {
    let equals = equals_sign(argument).filter(|_| array.is_none());
    let (left, value) = match equals {
        Some(at) => (&argument[..at], Some(argument[at + 1..].to_vec())),
        None => (argument, None),
    };
    let (left, append) = match (left.strip_suffix(b"+"), value.is_some()) {
        (Some(left), true) => (left, true),
        _ => (left, false),
    };
    let (name, element) = match crate::expand::split_element(left) {
        Some((name, element)) => (name, Some(element)),
        None => (left, None),
    };
    let whole = matches!(builtin, "export" | "readonly");
    if !is_name(name) || (whole && element.is_some()) {
        let shown = bytes::display(argument).into_owned();
        return sh.builtin_error(builtin, &format!("`{shown}': not a valid identifier"));
    }
    let resolved;
    let reference = request.add.has(Attributes::NAMEREF);
    if reference && let Err(flow) = check_reference(sh, name, value.as_deref(), request, builtin) {
        return flow;
    }
    let element = match element {
        Some(element) if !matches!(element, b"@" | b"*") => Some(sh.subscript(element)?),
        Some(element) => Some(element.to_vec()),
        None => None,
    };
    let element = element.as_deref();
    let unresolved = reference || request.remove.has(Attributes::NAMEREF) || request.local;
    let name = if unresolved {
        name
    } else {
        resolved = sh.resolve(name);
        &resolved
    };
    if request.local {
        let before = sh.vars.get(name).cloned();
        if sh.vars.make_local(name)
            && let Some(before) = before
        {
            let readonly = before.attributes.has(Attributes::READONLY);
            if request.inherit || readonly {
                *sh.vars.entry(name) = before;
            }
        }
    }
    if request.global && sh.vars.in_function() {
        return global(sh, name, value, request);
    }
    let present = sh.vars.get(name).map(|v| v.attributes).unwrap_or_default();
    if present.has(Attributes::READONLY)
        && (value.is_some() || array.is_some() || request.remove.has(Attributes::READONLY))
    {
        let shown = bytes::display(name).into_owned();
        if matches!(builtin, "export" | "readonly") {
            sh.error(&format!("{shown}: readonly variable"));
            sh.misused = true;
        } else {
            sh.error(&format!("{builtin}: {shown}: readonly variable"));
        }
        return Ok(1);
    }
    let kind = sh.vars.get(name).map(|v| (v.is_array(), matches!(v.value, Value::Assoc(_))));
    let converted = match kind {
        Some((true, false)) if request.assoc => Some("indexed to associative"),
        Some((true, true)) if request.indexed => Some("associative to indexed"),
        _ => None,
    };
    if let Some(how) = converted {
        let shown = bytes::display(name).into_owned();
        return sh.builtin_error(builtin, &format!("{shown}: cannot convert {how} array"));
    }
    let assigned = array.is_some() || value.is_some();
    let array_builtin = matches!(builtin, "declare" | "local") || assigned;
    prepare(sh, name, request, element.is_some(), array_builtin);
    if let Some(assignment) = array
        && let AssignValue::Array(items) = &assignment.value
    {
        let name = name.to_vec();
        let assoc = matches!(sh.vars.get(&name).map(|v| &v.value), Some(Value::Assoc(_)));
        let result = sh.assign_array(&name, items, assignment.append, assoc);
        sh.vars.entry(&name).attributes.add(request.add);
        result?;
    } else if let Some(value) = value {
        let name = name.to_vec();
        let kind = sh.vars.get(&name).map(|v| (v.is_array(), matches!(v.value, Value::Assoc(_))));
        if let (Some((true, assoc)), None, [b'(', .., b')']) = (kind, element, &value[..]) {
            // The text of a compound assignment, which only arrays look into.
            let items = match crate::syntax::array_items(&value, sh.line, sh.syntax()) {
                Ok(items) => items,
                Err(error) => {
                    sh.syntax_error(&error, "");
                    return Ok(1);
                }
            };
            let result = sh.assign_array(&name, &items, append, assoc);
            sh.vars.entry(&name).attributes.add(request.add);
            return result.map(|()| 0);
        }
        if request.add.has(Attributes::NAMEREF) {
            sh.vars.entry(&name).value = Value::Scalar(value);
        } else {
            if sh.options.xtrace && matches!(builtin, "export" | "readonly") {
                let text = [&name[..], b"=", &quote::traced(&value)].concat();
                sh.trace(&text)?;
            }
            sh.assign(&name, element, value, append)?;
        }
        sh.vars.entry(&name).attributes.add(request.add);
    } else {
        sh.vars.entry(name).attributes.add(request.add);
    }
    Ok(0)
}

/// The `=` of an assignment, which is not inside of its subscript.
fn equals_sign(text: &[u8]) -> Option<usize> {
    let mut depth = 0u32;
    text.iter().position(|&byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b'=' && depth == 0
    })
}

/// Whether `name` may become a reference to `value` or to what it holds already.
fn check_reference(
    sh: &mut Shell,
    name: &[u8],
    value: Option<&[u8]>,
    request: &Request,
    builtin: &str,
) -> Result<(), Flow> {
    let shown = bytes::display(name).into_owned();
    let present = sh.vars.get(name).filter(|_| !request.local || !sh.vars.in_function());
    if present.is_some_and(crate::vars::Variable::is_array) || request.indexed || request.assoc {
        let message = format!("{shown}: reference variable cannot be an array");
        return Err(sh.builtin_error(builtin, &message));
    }
    let target = match (value, present) {
        (Some(value), _) => value.to_vec(),
        (None, Some(variable)) => match variable.scalar() {
            Some(text) => text.to_vec(),
            None => return Ok(()),
        },
        (None, None) => return Ok(()),
    };
    if target == name {
        if request.local {
            sh.error(&format!("{builtin}: warning: {shown}: circular name reference"));
            return Ok(());
        }
        let message = format!("{shown}: nameref variable self references not allowed");
        return Err(sh.builtin_error(builtin, &message));
    }
    if !crate::assign::is_reference(&target) {
        let what = bytes::display(&target).into_owned();
        let message = if target.is_empty() {
            format!("`{what}': not a valid identifier")
        } else {
            format!("`{what}': invalid variable name for name reference")
        };
        return Err(sh.builtin_error(builtin, &message));
    }
    Ok(())
}

/// Gives the variable its attributes and kind before it is assigned to.
fn prepare(sh: &mut Shell, name: &[u8], request: &Request, element: bool, arrays: bool) {
    let variable = sh.vars.entry(name);
    let mut early = request.add;
    early.remove(Attributes::READONLY);
    if request.add.has(Attributes::LOWER) {
        variable.attributes.remove(Attributes::UPPER);
    }
    if request.add.has(Attributes::UPPER) {
        variable.attributes.remove(Attributes::LOWER);
    }
    variable.attributes.add(early);
    variable.attributes.remove(request.remove);
    if !arrays {
        return;
    }
    if (request.assoc || request.indexed) && matches!(variable.value, Value::Unset) {
        variable.attributes.add(Attributes::UNASSIGNED);
    }
    if request.assoc && !matches!(variable.value, Value::Assoc(_)) {
        let mut items = Assoc::default();
        if let Value::Scalar(text) = &variable.value {
            items.insert(b"0".to_vec(), text.clone());
        }
        variable.value = Value::Assoc(items);
    } else if request.indexed && !variable.is_array() {
        crate::assign::indexed(&mut variable.value);
    } else if element && !variable.is_array() {
        variable.value = Value::Indexed(BTreeMap::new());
    }
}

fn global(sh: &mut Shell, name: &[u8], value: Option<Vec<u8>>, request: &Request) -> Flow {
    let variable = sh.vars.global(name);
    variable.attributes.add(request.add);
    variable.attributes.remove(request.remove);
    if request.assoc && !matches!(variable.value, Value::Assoc(_)) {
        variable.value = Value::Assoc(Assoc::default());
    } else if request.indexed {
        crate::assign::indexed(&mut variable.value);
    }
    if let Some(value) = value {
        variable.value = Value::Scalar(value);
    }
    Ok(0)
}

pub(super) fn let_(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut value = 0;
    if arguments.len() < 2 {
        return sh.builtin_error("let", "expression expected");
    }
    for text in &arguments[1..] {
        match crate::arith::eval_text(text, sh) {
            Ok(result) => value = result,
            Err(crate::arith::ArithError::Message(message)) => {
                sh.arith_depth = 0;
                let shown = bytes::display(&message).into_owned();
                return sh.builtin_error("let", &shown);
            }
            Err(crate::arith::ArithError::Unbound(name)) => return Err(sh.unbound(&name)),
            Err(crate::arith::ArithError::Reported) => return Ok(1),
        }
    }
    Ok(u8::from(value == 0))
}
