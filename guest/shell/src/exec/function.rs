//! Functions and sourced scripts.

use std::rc::Rc;

use crate::state::{Flow, Frame, Shell, Unwind};
use crate::syntax::ast::Function;
use crate::vars::{Attributes, ScopeKind, Value};

impl Shell {
    pub(super) fn define(&mut self, function: &Rc<Function>) -> Flow {
        let name = &*function.name;
        let posix = self.options.posix && !crate::syntax::is_name(name);
        if posix || name.iter().any(|b| matches!(b, b'$' | b'`' | b'\'' | b'"' | b'\\')) {
            self.error(&format!("`{}': not a valid identifier", Self::shown(name)));
            return if posix { Err(Unwind::Exit(2)) } else { Ok(1) };
        }
        if self.options.posix && crate::builtins::find(name).is_some_and(|b| b.special) {
            self.error(&format!("`{}': is a special builtin", Self::shown(name)));
            return Err(Unwind::Exit(2));
        }
        if self.readonly_functions.contains(name) {
            self.error(&format!("{}: readonly function", Self::shown(name)));
            return Ok(1);
        }
        self.functions.insert(Rc::from(name), Rc::clone(function));
        Ok(0)
    }

    /// Defines the one function that the list consists of; false if it is anything else.
    pub(crate) fn define_only(&mut self, list: &crate::syntax::ast::List) -> bool {
        let [item] = list.items.as_slice() else { return false };
        let [command] = item.and_or.first.commands.as_slice() else { return false };
        let crate::syntax::ast::CommandKind::Function(function) = &command.kind else {
            return false;
        };
        self.define(function).is_ok()
    }

    /// Calls a function. `temporary` are the assignments before the call.
    pub(super) fn call(
        &mut self,
        function: &Rc<Function>,
        arguments: Vec<Vec<u8>>,
        temporary: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Flow {
        let function = Rc::clone(function);
        self.deeper(|sh| {
            let positional = std::mem::replace(&mut sh.positional, arguments);
            let loops = std::mem::replace(&mut sh.loops, 0);
            let call_line = sh.line;
            sh.frames.push(Frame {
                function: Some(Rc::clone(&function)),
                source: Rc::clone(&function.source),
                call_line,
            });
            sh.push_temporary(ScopeKind::Function, temporary);
            let suspended = sh.suspend_traps(&function);
            let flow = match sh.debug_trap().and_then(|_| sh.command(&function.body)) {
                Err(Unwind::Return(status)) => Ok(status),
                Err(Unwind::Break(_) | Unwind::Continue(_)) => Ok(0),
                flow => flow,
            };
            let flow = match flow {
                Ok(status) => {
                    sh.status = status;
                    sh.run_condition_trap(crate::traps::RETURN).map(|_| status)
                }
                flow => flow,
            };
            sh.traps.resume(suspended);
            sh.vars.pop_scope();
            sh.frames.pop();
            sh.line = call_line;
            sh.loops = loops;
            sh.positional = positional;
            flow
        })
    }

    /// Takes the traps away that the function does not inherit.
    fn suspend_traps(&mut self, function: &Function) -> crate::traps::Suspended {
        use crate::traps::{DEBUG, ERR, RETURN};
        if !self.has_traps() {
            return Vec::new();
        }
        let traced = self.options.functrace || self.traced_functions.contains(&*function.name);
        let mut conditions = Vec::new();
        if !traced {
            conditions.extend([DEBUG, RETURN]);
        }
        if !self.options.errtrace {
            conditions.push(ERR);
        }
        self.traps.suspend(&conditions)
    }

    /// Opens a scope with the assignments before a command that runs in this shell.
    pub(super) fn push_temporary(
        &mut self,
        kind: ScopeKind,
        temporary: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) {
        self.vars.push_scope(kind);
        for (name, value) in temporary {
            let variable = self.vars.bind_temporary(&name);
            variable.value = Value::Scalar(value);
            variable.attributes.add(Attributes::EXPORT);
            if crate::vars::is_locale(&name) {
                self.vars.note_locale();
            }
        }
    }

    /// Runs the text of a sourced script.
    pub(crate) fn source_text(
        &mut self,
        path: &[u8],
        text: Vec<u8>,
        arguments: Option<Vec<Vec<u8>>>,
    ) -> Flow {
        self.deeper_by(4, |sh| {
            let own = arguments.is_some();
            let positional = match arguments {
                Some(arguments) => std::mem::replace(&mut sh.positional, arguments),
                None => Vec::new(),
            };
            let call_line = sh.line;
            let source: Rc<[u8]> = path.into();
            sh.frames.push(Frame { function: None, source: Rc::clone(&source), call_line });
            let mut parser = crate::syntax::Parser::new(text, 1, source, sh.syntax());
            // The trap on RETURN runs after a script; that on DEBUG only runs in it with functrace.
            let debug = (!sh.options.functrace).then_some(crate::traps::DEBUG);
            let suspended = sh.traps.suspend(debug.as_slice());
            let flow = match sh.run_parser(&mut parser, "") {
                Err(Unwind::Return(status)) => Ok(status),
                flow => flow,
            };
            sh.frames.pop();
            sh.line = call_line;
            if own {
                sh.positional = positional;
            }
            if let Ok(status) = flow {
                sh.status = status;
                sh.run_condition_trap(crate::traps::RETURN)?;
            }
            sh.traps.resume(suspended);
            flow
        })
    }
}
