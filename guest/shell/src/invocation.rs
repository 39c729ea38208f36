//! How the shell is started: its arguments and its environment.

use crate::bytes;
use crate::fds::FdTable;
use crate::output::io_text;
use crate::state::{Flow, Mode, Shell, Unwind};
use crate::syntax::{Parser, is_name};
use crate::vars::{Attributes, Value};

const VERSION: &str = "GNU bash, version 5.2.15(1)-release compatible (greenroom shell ";

/// Variables that nobody can set, whatever the environment says.
const IDENTITIES: [&[u8]; 3] = [b"EUID", b"PPID", b"UID"];

enum Input {
    Command(Vec<u8>),
    File(Vec<u8>),
    Stdin,
    Job(Vec<Vec<u8>>),
}

/// The arguments, sorted out.
struct Invocation {
    input: Input,
    positional: Vec<Vec<u8>>,
    name: Vec<u8>,
    startup: Startup,
}

/// Which files run first.
#[derive(Default)]
struct Startup {
    login: bool,
    /// `--rcfile FILE`, or `--norc`.
    rc: Option<Option<Vec<u8>>>,
}

pub(crate) fn run(
    arguments: Vec<Vec<u8>>,
    environment: impl Iterator<Item = (Vec<u8>, Vec<u8>)>,
) -> u8 {
    let name = arguments.first().cloned().unwrap_or_else(|| b"bash".to_vec());
    let mut sh = Shell::new(name, FdTable::inherited([true; 3]));
    import(&mut sh, environment);
    if sh.name.ends_with(b"/sh") || sh.name == b"sh" {
        crate::builtins::set_option(&mut sh, b"posix", true);
    }
    let invocation = match parse(&mut sh, &arguments) {
        Ok(invocation) => invocation,
        Err(status) => return status,
    };
    sh.positional = invocation.positional;
    sh.source = invocation.name.as_slice().into();
    sh.name = invocation.name;
    if !matches!(invocation.input, Input::Job(_))
        && let Err(status) = start_up(&mut sh, &invocation.startup)
    {
        return status;
    }
    match invocation.input {
        Input::Command(text) => {
            sh.mode = Mode::Command;
            let source = sh.source.clone();
            let mut parser = Parser::new(text, 1, source, sh.syntax());
            let flow = sh.run_parser(&mut parser, "");
            sh.end(flow)
        }
        Input::File(path) => {
            sh.mode = Mode::Script;
            file(&mut sh, &path)
        }
        Input::Stdin => {
            sh.mode = Mode::Stdin;
            let flow = sh.run_stdin();
            sh.end(flow)
        }
        Input::Job(entries) => {
            sh.mode = Mode::Job;
            sh.run_job(&entries)
        }
    }
}

fn file(sh: &mut Shell, path: &[u8]) -> u8 {
    let mut found = path.to_vec();
    if !path.contains(&b'/') && std::fs::metadata(sh.path(path)).is_err() {
        // As bash does, a script that is not here is looked for in PATH.
        if let Some(program) = sh.find_program(path, false) {
            found = program;
        }
    }
    let text = match std::fs::metadata(sh.path(&found)) {
        Ok(metadata) if metadata.is_dir() => Err((126, "Is a directory".to_owned())),
        _ => std::fs::read(sh.path(&found)).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            (if missing { 127 } else { 126 }, io_text(&error))
        }),
    };
    let mut text = match text {
        Ok(text) => text,
        Err((status, message)) => {
            let shown = bytes::display(path).into_owned();
            let shell = if message == "Is a directory" { &shown } else { "bash" };
            sh.write_error(format!("{shell}: {shown}: {message}\n").as_bytes());
            return status;
        }
    };
    let first = text.split(|&b| b == b'\n').next().unwrap_or_default();
    if first.contains(&0) {
        let shown = bytes::display(path).into_owned();
        sh.write_error(format!("{shown}: {shown}: cannot execute binary file\n").as_bytes());
        return 126;
    }
    text.retain(|&b| b != 0);
    let source = sh.source.clone();
    let mut parser = Parser::new(text, 1, source, sh.syntax());
    let flow: Flow = sh.run_parser(&mut parser, "");
    sh.end(flow)
}

/// Takes the variables of the environment over and sets those that every shell has.
fn import(sh: &mut Shell, environment: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) {
    for (name, value) in environment {
        if let Some(function) = name.strip_prefix(b"BASH_FUNC_").and_then(|n| n.strip_suffix(b"%%"))
        {
            import_function(sh, function, &value);
            continue;
        }
        if name == b"SHELLOPTS" || name == b"BASHOPTS" {
            for option in value.split(|&b| b == b':') {
                if name == b"SHELLOPTS" {
                    crate::builtins::set_option(sh, option, true);
                } else if let Some(flag) = sh.shopts.by_name(option) {
                    *flag = true;
                }
            }
            sh.vars.entry(&name).attributes.add(Attributes::EXPORT);
            continue;
        }
        if PROVIDED.iter().any(|(provided, _)| *provided == name) {
            continue;
        }
        if is_name(&name) && !IDENTITIES.contains(&&name[..]) {
            let variable = sh.vars.entry(&name);
            variable.value = Value::Scalar(value);
            variable.attributes.add(Attributes::EXPORT);
        }
    }
    for (name, attributes) in PROVIDED {
        let variable = sh.vars.entry(name);
        variable.attributes.add(Attributes::READONLY);
        variable.attributes.add(attributes);
    }
    if sh.is_set(b"POSIXLY_CORRECT") {
        crate::builtins::set_option(sh, b"posix", true);
    }
    let pwd = sh.get(b"PWD").filter(|pwd| pwd.starts_with(b"/"));
    let own = || std::env::current_dir().ok().map(|d| d.into_os_string().into_encoded_bytes());
    sh.cwd = crate::paths::normalize(&pwd.or_else(own).unwrap_or_else(|| b"/".to_vec()));
    let cwd = sh.cwd.clone();
    sh.set_plain(b"PWD", &cwd);
    sh.vars.entry(b"PWD").attributes.add(Attributes::EXPORT);
    // What the parent counted is one less than what a child sees.
    let level = sh.get(b"SHLVL").and_then(|t| bytes::parse_int(&t)).unwrap_or(0);
    sh.set_plain(b"SHLVL", (level + 1).to_string().as_bytes());
    sh.vars.entry(b"SHLVL").attributes.add(Attributes::EXPORT);
    for (name, value) in
        [(&b"IFS"[..], &b" \t\n"[..]), (b"OPTIND", b"1"), (b"PS4", b"+ "), (b"OPTERR", b"1")]
    {
        if name == b"PS4" && sh.is_set(name) {
            continue;
        }
        let variable = sh.vars.entry(name);
        variable.value = Value::Scalar(value.to_vec());
        variable.attributes = Attributes::default();
    }
    sh.vars.note_locale();
    for name in IDENTITIES {
        let value = sh.dynamic(name).unwrap_or_default();
        let variable = sh.vars.entry(name);
        variable.value = Value::Scalar(value);
        variable.attributes.add(Attributes::INTEGER);
        variable.attributes.add(Attributes::READONLY);
    }
    if !sh.is_set(b"SHELL") {
        sh.set_plain(b"SHELL", b"/bin/bash");
    }
    if !sh.is_set(b"PATH") {
        sh.set_plain(b"PATH", b"/usr/local/bin:/usr/bin:/bin");
    }
}

/// What every shell provides and no script may change: its value is computed.
const PROVIDED: [(&[u8], Attributes); 5] = [
    (b"SHELLOPTS", Attributes::READONLY),
    (b"BASHOPTS", Attributes::READONLY),
    (b"UID", Attributes::INTEGER),
    (b"EUID", Attributes::INTEGER),
    (b"PPID", Attributes::INTEGER),
];

/// Runs what a shell of this kind runs before anything else.
fn start_up(sh: &mut Shell, startup: &Startup) -> Result<(), u8> {
    let home = sh.get(b"HOME").unwrap_or_default();
    let of_home = |name: &str| [&home[..], b"/", name.as_bytes()].concat();
    let mut files = Vec::new();
    if startup.login {
        files.push(b"/etc/profile".to_vec());
        let own = [".bash_profile", ".bash_login", ".profile"].map(of_home);
        files.extend(own.into_iter().find(|file| std::fs::metadata(sh.path(file)).is_ok()));
    } else if sh.interactive {
        files.extend(startup.rc.clone().unwrap_or_else(|| Some(of_home(".bashrc"))));
    } else if !sh.options.posix
        && let Some(file) = sh.get(b"BASH_ENV")
    {
        let word = crate::syntax::here_text(&file, 1, sh.syntax());
        files.extend(sh.expand_here(&word));
    }
    for file in files {
        let Ok(text) = std::fs::read(sh.path(&file)) else { continue };
        match sh.source_text(&file, text, None) {
            Err(Unwind::Exit(status)) => return Err(sh.end(Err(Unwind::Exit(status)))),
            _ => sh.status = 0,
        }
    }
    Ok(())
}

fn import_function(sh: &mut Shell, name: &[u8], text: &[u8]) {
    if !text.starts_with(b"() ") {
        return;
    }
    let definition = [name, b" ", text].concat();
    let source = std::rc::Rc::from(&b"environment"[..]);
    let mut parser = Parser::new(definition, 1, source, sh.syntax());
    if let Ok(Some(list)) = parser.complete_command()
        && sh.define_only(&list)
    {
        sh.exported_functions.insert(name.into());
    }
}

/// What `-i` means without a terminal.
fn interactive(sh: &mut Shell) {
    sh.interactive = true;
    sh.options.emacs = true;
    sh.shopts.expand_aliases = true;
    for (name, value) in [(&b"PS1"[..], "\\s-\\v\\$ "), (b"PS2", "> ")] {
        if !sh.is_set(name) {
            sh.set_plain(name, value.as_bytes());
        }
    }
    let file = [&sh.get(b"HOME").unwrap_or_default()[..], b"/.bash_history"].concat();
    sh.set_plain(b"HISTFILE", &file);
}

/// Sorts the arguments out; `Err` is the status after a message.
fn parse(sh: &mut Shell, arguments: &[Vec<u8>]) -> Result<Invocation, u8> {
    let (mut command, mut stdin) = (false, false);
    let mut startup = Startup { login: sh.name.starts_with(b"-"), rc: None };
    let mut profile = true;
    let mut index = 1;
    while let Some(argument) = arguments.get(index) {
        let on = match argument.first() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => break,
        };
        index += 1;
        match argument.as_slice() {
            b"--" | b"-" => break,
            b"--job" => {
                let entries = arguments[index..].to_vec();
                return Ok(Invocation {
                    input: Input::Job(entries),
                    positional: Vec::new(),
                    name: b"bash".to_vec(),
                    startup,
                });
            }
            b"--version" => {
                let version = env!("CARGO_PKG_VERSION");
                let _ = sh.write(1, format!("{VERSION}{version})\n").as_bytes());
                return Err(0);
            }
            b"--help" => {
                let _ = sh.write(
                    1,
                    b"usage: bash [option ...] [-c command | script | -s] [argument ...]\n",
                );
                return Err(0);
            }
            b"--posix" => {
                crate::builtins::set_option(sh, b"posix", true);
            }
            b"--verbose" => sh.options.verbose = true,
            b"--login" => startup.login = true,
            b"--noprofile" => profile = false,
            b"--norc" => startup.rc = Some(None),
            b"--noediting" | b"--restricted" => {}
            b"--rcfile" | b"--init-file" => {
                startup.rc = startup.rc.or_else(|| Some(arguments.get(index).cloned()));
                index += 1;
            }
            long if long.starts_with(b"--") => {
                let shown = bytes::display(long).into_owned();
                sh.write_error(format!("bash: {shown}: invalid option\n").as_bytes());
                return Err(2);
            }
            letters => {
                for &letter in &letters[1..] {
                    match letter {
                        b'c' => command = true,
                        b's' => stdin = true,
                        b'i' => interactive(sh),
                        b'l' => startup.login = true,
                        b'o' | b'O' => {
                            let Some(name) = arguments.get(index) else { continue };
                            index += 1;
                            let known = if letter == b'o' {
                                crate::builtins::set_option(sh, name, on)
                            } else {
                                sh.shopts.by_name(name).map(|flag| *flag = on).is_some()
                            };
                            if !known {
                                let shown = bytes::display(name).into_owned();
                                sh.write_error(
                                    format!("bash: {shown}: invalid option name\n").as_bytes(),
                                );
                                return Err(2);
                            }
                        }
                        _ => match sh.options.by_letter(letter) {
                            Some(flag) => *flag = on,
                            None => {
                                let shown = char::from(letter);
                                sh.write_error(
                                    format!("bash: -{shown}: invalid option\n").as_bytes(),
                                );
                                return Err(2);
                            }
                        },
                    }
                }
            }
        }
    }
    startup.login &= profile;
    let mut operands = arguments[index..].iter().cloned();
    let own_name = sh.name.clone();
    if command {
        let Some(text) = operands.next() else {
            sh.write_error(b"bash: -c: option requires an argument\n");
            return Err(2);
        };
        let name = operands.next().unwrap_or(own_name);
        return Ok(Invocation {
            input: Input::Command(text),
            positional: operands.collect(),
            name,
            startup,
        });
    }
    if !stdin && let Some(path) = operands.next() {
        return Ok(Invocation {
            name: path.clone(),
            input: Input::File(path),
            positional: operands.collect(),
            startup,
        });
    }
    Ok(Invocation { input: Input::Stdin, positional: operands.collect(), name: own_name, startup })
}
