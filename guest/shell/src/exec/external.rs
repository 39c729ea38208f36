//! Programs.

use greenroom_process as process;

use crate::fds::Handle;
use crate::output::errno_text;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{Command, CommandKind};
use crate::vars::{Attributes, Value};

/// Commands that need what no sandbox has.
const NEVER: [&str; 26] = [
    "apk",
    "apt",
    "apt-get",
    "brew",
    "chroot",
    "dnf",
    "docker",
    "docker-compose",
    "dpkg",
    "helm",
    "kubectl",
    "mount",
    "pacman",
    "podman",
    "rpm",
    "scp",
    "service",
    "sftp",
    "ssh",
    "su",
    "sudo",
    "systemctl",
    "umount",
    "yum",
    "zypper",
    "buildah",
];

impl Shell {
    /// Runs a program in the foreground.
    pub(super) fn external(
        &mut self,
        arguments: &[Vec<u8>],
        temporary: &[(Vec<u8>, Vec<u8>)],
    ) -> Flow {
        let path = match self.locate(&arguments[0], temporary) {
            Ok(path) => path,
            Err(status) => return Ok(status),
        };
        let pairs = self.fds.pairs();
        match self.start(&path, arguments, temporary, &pairs, true) {
            Ok(Started::Ended(exit)) => {
                self.signaled = Some(exit);
                Ok(exit.status)
            }
            Ok(Started::Running(pid)) => Ok(self.wait_foreground(pid)),
            Err(status) => Ok(status),
        }
    }

    /// Runs the program of that file.
    pub(crate) fn program_at(&mut self, path: &[u8], arguments: &[Vec<u8>]) -> Flow {
        let pairs = self.fds.pairs();
        match self.start(path, arguments, &[], &pairs, true) {
            Ok(Started::Ended(exit)) => {
                self.signaled = Some(exit);
                Ok(exit.status)
            }
            Ok(Started::Running(pid)) => Ok(self.wait_foreground(pid)),
            Err(status) => Ok(status),
        }
    }

    /// Runs a program, for builtins that start commands.
    pub(crate) fn program(&mut self, arguments: &[Vec<u8>]) -> Flow {
        self.external(arguments, &[])
    }

    /// Starts a command of a pipeline or a background list beside the shell, if it is a program
    /// whose words can be expanded here without effect on this shell. In the foreground, only its
    /// status comes back.
    pub(super) fn start_external(
        &mut self,
        command: &Command,
        stdin: Option<&Handle>,
        stdout: Option<&Handle>,
        foreground: bool,
    ) -> Result<Option<Result<process::Pid, u8>>, Unwind> {
        let CommandKind::Simple(simple) = &command.kind else { return Ok(None) };
        if self.options.xtrace || !self.is_pure_command(simple, &command.redirects) {
            return Ok(None);
        }
        let Some(name) = simple.words.first().and_then(|w| w.as_literal()) else {
            return Ok(None);
        };
        if self.functions.contains_key(name) || self.builtin(name).is_some() {
            return Ok(None);
        }
        self.line = command.line;
        let arguments = self.expand_words(&simple.words)?;
        let Some(temporary) = self.temporary(simple)? else { return Ok(Some(Err(1))) };
        let mut saved = super::Saved::new();
        for (number, handle) in [(0, stdin), (1, stdout)] {
            if let Some(handle) = handle {
                saved.push((number, self.fds.set(number, handle.clone())));
            }
        }
        let started = match self.redirect(&command.redirects)? {
            None => Err(1),
            Some(inner) => {
                let started = match self.locate(&arguments[0], &temporary) {
                    Ok(path) => {
                        let pairs = self.fds.pairs();
                        match self.start(&path, &arguments, &temporary, &pairs, foreground) {
                            Ok(Started::Running(pid)) => Ok(pid),
                            Ok(Started::Ended(exit)) => Err(exit.status),
                            Err(status) => Err(status),
                        }
                    }
                    Err(status) => Err(status),
                };
                self.restore(inner);
                started
            }
        };
        self.restore(saved);
        Ok(Some(started))
    }

    /// Starts a program file.
    pub(crate) fn start(
        &mut self,
        path: &[u8],
        arguments: &[Vec<u8>],
        temporary: &[(Vec<u8>, Vec<u8>)],
        pairs: &[[process::Fd; 2]],
        foreground: bool,
    ) -> Result<Started, u8> {
        let environment = self.environment(temporary);
        let env: Vec<&[u8]> = environment.iter().map(Vec::as_slice).collect();
        let argv: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let mut command = process::Command {
            program: path,
            argv: &argv,
            env: &env,
            cwd: &self.cwd,
            fds: pairs,
            new_group: false,
        };
        let run = |command: &process::Command<'_>| {
            if foreground {
                command.run().map(Started::Ended)
            } else {
                command.spawn().map(Started::Running)
            }
        };
        let mut result = run(&command);
        let mut script_argv = Vec::new();
        if result.as_ref().is_err_and(|errno| *errno == process::Errno::NOEXEC)
            && looks_like_text(&self.path(path))
        {
            // As any shell, run a file without `#!` as a script.
            script_argv.extend([&b"bash"[..], path]);
            script_argv.extend_from_slice(argv.get(1..).unwrap_or_default());
            command.program = b"/bin/bash";
            command.argv = &script_argv;
            result = run(&command);
        }
        result.map_err(|errno| self.start_error(&arguments[0], path, errno))
    }

    fn start_error(&mut self, name: &[u8], path: &[u8], errno: process::Errno) -> u8 {
        let shown = Self::shown(if name.contains(&b'/') { name } else { path });
        match errno {
            process::Errno::NOENT => {
                self.error(&format!("{shown}: No such file or directory"));
                127
            }
            process::Errno::NOEXEC => {
                self.error(&format!("{shown}: cannot execute binary file: Exec format error"));
                126
            }
            process::Errno::AGAIN => {
                self.error("fork: Resource temporarily unavailable");
                254
            }
            process::Errno::TOOBIG => {
                self.error(&format!("{shown}: Argument list too long"));
                126
            }
            _ => {
                self.error(&format!("{shown}: {}", errno_text(errno)));
                126
            }
        }
    }

    /// The file of a command, or the status after a message.
    fn locate(&mut self, name: &[u8], temporary: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<u8>, u8> {
        if name.contains(&b'/') {
            let shown = Self::shown(name);
            let Ok(metadata) = std::fs::metadata(self.path(name)) else {
                let error = std::fs::metadata(self.path(name)).err();
                let text = error.map_or_else(String::new, |e| crate::output::io_text(&e));
                self.error(&format!("{shown}: {text}"));
                return Err(127);
            };
            if metadata.is_dir() {
                self.error(&format!("{shown}: Is a directory"));
                return Err(126);
            }
            if !self.is_executable_file(name) {
                self.error(&format!("{shown}: Permission denied"));
                return Err(126);
            }
            return Ok(name.to_vec());
        }
        let path = temporary.iter().find(|(n, _)| n == b"PATH").map(|(_, value)| value.clone());
        let shown = Self::shown(name);
        let present = path.is_some() || self.is_set(b"PATH");
        let found = match path {
            Some(path) => self.search(name, &path),
            None => self.find_program(name, true),
        };
        if let Some(found) = found {
            if !self.is_executable_file(&found) {
                let shown = Self::shown(&found);
                self.error(&format!("{shown}: Permission denied"));
                return Err(126);
            }
            // As `PATH` has it: a script finds this in `$0`.
            return Ok(found);
        }
        if !present {
            self.error(&format!("{shown}: No such file or directory"));
            return Err(127);
        }
        self.error(&format!("{shown}: command not found"));
        if NEVER.contains(&shown.as_str()) {
            self.write_error(
                format!(
                    "hint: no sandbox offers `{shown}`: commands here are WebAssembly modules, \
                     without root, containers, package managers or other hosts\n"
                )
                .as_bytes(),
            );
        }
        Err(127)
    }

    /// Looks a command up in the hash table and in `PATH`.
    pub(crate) fn find_program(&mut self, name: &[u8], remember: bool) -> Option<Vec<u8>> {
        if name.is_empty() {
            return None;
        }
        if let Some((path, hits)) = self.hash.get_mut(name) {
            if remember {
                *hits += 1;
            }
            let path = path.clone();
            if !self.shopts.checkhash || self.is_executable_file(&path) {
                return Some(path);
            }
        }
        let path = self.get(b"PATH")?;
        let found = self.search(name, &path)?;
        if remember && self.options.hashall && self.is_executable_file(&found) {
            self.hash.insert(name.into(), (found.clone(), 1));
        }
        Some(found)
    }

    pub(crate) fn search(&self, name: &[u8], path: &[u8]) -> Option<Vec<u8>> {
        self.candidates(name, path).find(|candidate| self.is_executable_file(candidate)).or_else(
            || {
                // As in bash, a file that is there but may not run is found, and refused.
                self.candidates(name, path)
                    .find(|c| std::fs::metadata(self.path(c)).is_ok_and(|m| m.is_file()))
            },
        )
    }

    /// The executable files of that name in `path`.
    pub(crate) fn search_all(&self, name: &[u8], path: &[u8]) -> Vec<Vec<u8>> {
        self.candidates(name, path).filter(|c| self.is_executable_file(c)).collect()
    }

    /// In every directory the name itself, and the module that the sandbox finds under it.
    fn candidates(&self, name: &[u8], path: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        path.split(|&b| b == b':').flat_map(move |directory| {
            [b"".as_slice(), b".wasm"].map(|suffix| match directory {
                b"" => [b"./", name, suffix].concat(),
                [.., b'/'] => [directory, name, suffix].concat(),
                _ => [directory, b"/", name, suffix].concat(),
            })
        })
    }

    /// The environment of a child.
    pub(crate) fn environment(&self, temporary: &[(Vec<u8>, Vec<u8>)]) -> Vec<Vec<u8>> {
        let mut environment = Vec::with_capacity(64);
        for (name, variable) in self.vars.iter() {
            if !variable.attributes.has(Attributes::EXPORT)
                || temporary.iter().any(|(n, _)| **n == **name)
            {
                continue;
            }
            match &variable.value {
                Value::Scalar(value) => environment.push([name, &b"="[..], value].concat()),
                Value::Unset if variable.attributes.has(Attributes::READONLY) => {
                    if let Some(value) = self.dynamic(name) {
                        environment.push([name, &b"="[..], &value].concat());
                    }
                }
                _ => {}
            }
        }
        for (name, value) in temporary {
            environment.push([&name[..], b"=", value].concat());
        }
        for (name, function) in &self.functions {
            if self.exported_functions.contains(name) {
                let body = function_export(function);
                environment.push([b"BASH_FUNC_", &name[..], b"%%=", &body].concat());
            }
        }
        environment.sort();
        environment
    }

    /// Says which signal ended a program or subshell whose command is `text`.
    pub(crate) fn report_signal(
        &mut self,
        exit: process::Exit,
        background: bool,
        text: impl FnOnce() -> Vec<u8>,
    ) {
        let process::How::Signaled(signal) = exit.how else { return };
        if matches!(signal, 2 | 13) || (signal == 15 && background) {
            return;
        }
        let name = crate::traps::description(signal);
        if signal == 15 || self.traps.command(signal).is_some() {
            self.write_error(format!("{name}\n").as_bytes());
            return;
        }
        let text = text();
        let (pid, text) = (exit.pid, Self::shown(&text));
        self.error(&format!("{pid:>5} {name:<23} {text}"));
    }
}

/// How a program that was started stands.
pub(crate) enum Started {
    Running(process::Pid),
    Ended(process::Exit),
}

/// The definition of a function as the environment carries it: `() { … }`.
fn function_export(function: &crate::syntax::ast::Function) -> Vec<u8> {
    let text = crate::syntax::print::function(function);
    let body = text.get(function.name.len()..).unwrap_or_default();
    let body = body.strip_prefix(b" () \n").unwrap_or(body);
    [b"() ", body].concat()
}

/// Whether the beginning of a file has no NUL byte in its first line, as bash asks.
fn looks_like_text(path: &std::path::Path) -> bool {
    use std::io::Read;
    let mut start = [0; 80];
    let Ok(n) = std::fs::File::open(path).and_then(|mut file| file.read(&mut start)) else {
        return false;
    };
    let first = start[..n].split(|&b| b == b'\n').next().unwrap_or_default();
    !first.contains(&0)
}
