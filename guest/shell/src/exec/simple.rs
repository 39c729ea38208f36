//! Simple commands.

use crate::builtins::Builtin;
use crate::expand::quote;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{AssignValue, Part, Redirect, Simple};
use crate::vars::ScopeKind;

/// Assignments before a command: names and values.
type Temporary = Vec<(Vec<u8>, Vec<u8>)>;

impl Shell {
    pub(super) fn simple(&mut self, simple: &Simple, redirects: &[Redirect], line: u32) -> Flow {
        self.line = line;
        if !self.coprocesses.is_empty() {
            self.drop_ended_coprocesses();
        }
        if self.announce_simple(simple, redirects)? {
            return Ok(0);
        }
        self.substitution_status = None;
        let mark = self.substitutions.len();
        let arrays = std::mem::take(&mut self.array_arguments);
        let flow = self.simple_parts(simple, redirects, line);
        if let Some(exit) = self.signaled.take() {
            self.report_signal(exit, false, || crate::syntax::print::simple(simple, redirects));
        }
        self.array_arguments = arrays;
        self.close_substitutions(mark);
        flow
    }

    fn simple_parts(&mut self, simple: &Simple, redirects: &[Redirect], line: u32) -> Flow {
        let arguments = self.arguments(simple)?;
        if arguments.is_empty() {
            return self.only_assignments(simple, redirects);
        }
        self.line = line;
        let Some(temporary) = self.temporary(simple)? else { return Ok(1) };
        let traced = std::mem::take(&mut self.traced);
        if self.options.xtrace && !traced {
            let words: Vec<_> = arguments.iter().map(|a| quote::traced(a)).collect();
            self.trace(&words.join(&b' '))?;
        }
        if redirects.is_empty() {
            return self.invoke(arguments, temporary);
        }
        let saved = match self.redirect(redirects)? {
            Some(saved) => saved,
            None => {
                self.pipe_status = vec![1];
                let special = self.builtin(&arguments[0]).is_some_and(|b| b.special);
                if self.options.posix && special {
                    return Err(Unwind::Exit(1));
                }
                return Ok(1);
            }
        };
        // `exec` without a command keeps its redirections.
        let keeps = arguments[0] == b"exec"
            && (arguments.len() == 1 || arguments.len() == 2 && arguments[1] == b"--");
        let flow = self.invoke(arguments, temporary);
        if keeps && flow.is_ok() {
            drop(saved);
        } else {
            self.restore(saved);
        }
        flow
    }

    /// The assignments before a command; `None` after a message.
    pub(super) fn temporary(&mut self, simple: &Simple) -> Result<Option<Temporary>, Unwind> {
        let mut temporary = Vec::with_capacity(simple.assignments.len());
        for assignment in &simple.assignments {
            if assignment.subscript.is_some() {
                // An element of an array cannot be handed to a command.
                let text = crate::syntax::print::assignment(assignment);
                let end = crate::bytes::find(&text, b"=").unwrap_or(text.len());
                let place = text[..end].strip_suffix(b"+").unwrap_or(&text[..end]);
                self.error(&format!("`{}': not a valid identifier", Self::shown(place)));
                continue;
            }
            let AssignValue::Scalar(word) = &assignment.value else {
                let text = crate::syntax::print::array(assignment);
                temporary.push((assignment.name.to_vec(), text));
                continue;
            };
            let earlier = !temporary.is_empty() && word.parts.iter().any(|p| !is_plain(p));
            if earlier {
                // The assignments before this one count already.
                self.push_temporary(ScopeKind::Builtin, temporary.iter().cloned());
            }
            let value = self.expand_single(word);
            if earlier {
                self.vars.pop_scope();
            }
            let mut value = value?;
            if assignment.append {
                let mut before = self.get(&assignment.name).unwrap_or_default();
                before.extend_from_slice(&value);
                value = before;
            }
            if self.options.xtrace {
                let text = [&*assignment.name, b"=", &quote::traced(&value)[..]].concat();
                self.trace(&text)?;
            }
            let readonly = self
                .vars
                .get(&assignment.name)
                .is_some_and(|v| v.attributes.has(crate::vars::Attributes::READONLY));
            if readonly {
                self.error(&format!("{}: readonly variable", Self::shown(&assignment.name)));
                if self.options.posix {
                    return Err(Unwind::Exit(1));
                }
                // The command runs all the same, with the old value.
                continue;
            }
            temporary.push((assignment.name.to_vec(), value));
        }
        Ok(Some(temporary))
    }

    /// The arguments of a command; those of declaration builtins may be assignments.
    fn arguments(&mut self, simple: &Simple) -> Result<Vec<Vec<u8>>, Unwind> {
        let mut arguments = Vec::with_capacity(simple.words.len());
        for word in &simple.words {
            match &word.assignment {
                None => self.expand_fields(word, &mut arguments)?,
                Some(assignment) => {
                    if let AssignValue::Array(_) = assignment.value {
                        self.array_arguments
                            .push((arguments.len(), std::rc::Rc::clone(assignment)));
                        arguments.push(assignment.name.to_vec());
                    } else {
                        arguments.push(self.expand_single(word)?);
                    }
                }
            }
        }
        Ok(arguments)
    }

    fn only_assignments(&mut self, simple: &Simple, redirects: &[Redirect]) -> Flow {
        self.last_argument.clear();
        for assignment in &simple.assignments {
            match self.perform(assignment) {
                Err(Unwind::Discard(status)) if self.options.posix => {
                    return Err(Unwind::Exit(status));
                }
                done => done?,
            }
        }
        if !redirects.is_empty() {
            match self.redirect(redirects)? {
                Some(saved) => self.restore(saved),
                None => return Ok(1),
            }
        }
        let status = self.substitution_status.unwrap_or(0);
        self.last_argument.clear();
        self.pipe_status = vec![status];
        Ok(status)
    }

    /// Runs a command by name: function, builtin or program.
    fn invoke(&mut self, arguments: Vec<Vec<u8>>, temporary: Vec<(Vec<u8>, Vec<u8>)>) -> Flow {
        if let Some(last) = arguments.last() {
            self.last_argument.clone_from(last);
        }
        let builtin = self.builtin(&arguments[0]);
        // In POSIX mode a special builtin comes before a function of its name.
        let first = self.options.posix && builtin.is_some_and(|b| b.special);
        let function = self.functions.get(&arguments[0][..]).filter(|_| !first).cloned();
        let status = if let Some(function) = function {
            let arguments = arguments.into_iter().skip(1).collect();
            let last = self.last_argument.clone();
            let status = self.call(&function, arguments, temporary)?;
            self.last_argument = last;
            status
        } else if let Some(builtin) = builtin {
            self.run_builtin(builtin, &arguments, temporary)?
        } else {
            self.external(&arguments, &temporary)?
        };
        self.pipe_status.clear();
        self.pipe_status.push(status);
        Ok(status)
    }

    /// Runs a builtin. Assignments before a special builtin last in POSIX mode, and its wrong use
    /// ends the shell.
    pub(crate) fn run_builtin(
        &mut self,
        builtin: Builtin,
        arguments: &[Vec<u8>],
        temporary: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Flow {
        let special = builtin.special && self.options.posix;
        self.misused = false;
        let flow = if temporary.is_empty() {
            (builtin.run)(self, arguments)
        } else if special {
            for (name, value) in temporary {
                self.assign(&name, None, value, false)?;
                self.vars.entry(&name).attributes.add(crate::vars::Attributes::EXPORT);
            }
            (builtin.run)(self, arguments)
        } else {
            let kind = match arguments[0].as_slice() {
                b"eval" | b"source" | b"." => ScopeKind::Commands,
                _ => ScopeKind::Builtin,
            };
            self.push_temporary(kind, temporary);
            let flow = (builtin.run)(self, arguments);
            self.vars.pop_scope();
            flow
        };
        match flow {
            Ok(status) if special && self.errexit_off == 0 && std::mem::take(&mut self.misused) => {
                Err(Unwind::Exit(status))
            }
            flow => flow,
        }
    }
}

fn is_plain(part: &Part) -> bool {
    matches!(part, Part::Literal(_) | Part::Quoted(_))
}
