//! The state of a shell.

use std::rc::Rc;
use std::time::Instant;

use greenroom_process as process;

use crate::fds::FdTable;
use crate::jobs::Jobs;
use crate::options::{Options, Shopts};
use crate::syntax::SyntaxOptions;
use crate::syntax::ast::Function;
use crate::traps::Traps;
use crate::vars::{NameMap, Variables};

/// Why execution leaves the command at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwind {
    Break(u32),
    Continue(u32),
    Return(u8),
    Exit(u8),
    /// An error of expansion or assignment: the rest of the complete command is given up.
    Discard(u8),
}

/// The result of executing something: its status, or why it was left.
pub(crate) type Flow = Result<u8, Unwind>;

/// A call of a function or of a sourced script.
pub(crate) struct Frame {
    /// Empty for a sourced script, whose name in `FUNCNAME` is `source`.
    pub(crate) function: Option<Rc<Function>>,
    pub(crate) source: Rc<[u8]>,
    pub(crate) call_line: u32,
}

/// How the shell was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Script,
    Command,
    Stdin,
    Job,
}

/// A shell: everything that a subshell inherits.
pub(crate) struct Shell {
    pub(crate) mode: Mode,
    /// Started with `-i`.
    pub(crate) interactive: bool,
    pub(crate) vars: Variables,
    pub(crate) functions: NameMap<Rc<Function>>,
    pub(crate) aliases: Rc<crate::syntax::Aliases>,
    pub(crate) exported_functions: std::collections::BTreeSet<crate::vars::Name>,
    /// Builtins that `enable -n` took away.
    pub(crate) disabled: std::collections::BTreeSet<Vec<u8>>,
    /// What `readonly -f` names.
    pub(crate) readonly_functions: std::collections::BTreeSet<crate::vars::Name>,
    /// Functions with the attribute of `declare -ft`.
    pub(crate) traced_functions: std::collections::BTreeSet<crate::vars::Name>,
    pub(crate) positional: Vec<Vec<u8>>,
    /// `$0`
    pub(crate) name: Vec<u8>,
    /// The name that messages begin with, and the source of commands outside of functions.
    pub(crate) source: Rc<[u8]>,
    pub(crate) options: Options,
    pub(crate) shopts: Shopts,
    pub(crate) fds: FdTable,
    pub(crate) status: u8,
    /// The status of the last command substitution of a command without a name.
    pub(crate) substitution_status: Option<u8>,
    pub(crate) pipe_status: Vec<u8>,
    pub(crate) last_background: Option<process::Pid>,
    /// `$$`
    pub(crate) pid: process::Pid,
    pub(crate) line: u32,
    pub(crate) frames: Vec<Frame>,
    pub(crate) jobs: Jobs,
    /// Coprocesses and the names of their variables.
    pub(crate) coprocesses: Vec<(process::Pid, Box<[u8]>)>,
    pub(crate) traps: Traps,
    /// How many surrounding contexts keep `set -e` from acting.
    pub(crate) errexit_off: u32,
    pub(crate) loops: u32,
    pub(crate) depth: u32,
    pub(crate) max_depth: u32,
    pub(crate) subshells: u32,
    /// Output of descriptor 1 is collected here instead.
    pub(crate) capture: Option<Vec<u8>>,
    pub(crate) cwd: Vec<u8>,
    pub(crate) directories: Vec<Vec<u8>>,
    pub(crate) hash: NameMap<(Vec<u8>, u32)>,
    pub(crate) arith_depth: u32,
    pub(crate) arith_prefix: &'static str,
    pub(crate) random: u32,
    pub(crate) started: Instant,
    pub(crate) seconds_offset: i64,
    /// Position inside the current word of `getopts`, and the `OPTIND` it belongs to.
    pub(crate) getopts: (usize, i64),
    /// Assignments before a command that runs in this process are exported while it runs.
    pub(crate) last_argument: Vec<u8>,
    pub(crate) trace_depth: u32,
    pub(crate) umask: u32,
    pub(crate) limits: crate::builtins::OwnLimits,
    /// Descriptor 0 is what this shell was started with, not a pipeline's or a redirection's.
    pub(crate) own_stdin: bool,
    /// Compound assignments among the arguments of the declaration builtin that runs now.
    pub(crate) array_arguments: Vec<(usize, Rc<crate::syntax::ast::Assignment>)>,
    /// Temporary descriptors of process substitutions of the running command.
    pub(crate) substitutions: Vec<u32>,
    pub(crate) current_command: Box<[u8]>,
    /// The signal that ends the shell.
    pub(crate) killed_by: Option<u8>,
    /// How the program of the simple command at hand ended.
    pub(crate) signaled: Option<process::Exit>,
    /// A loop is left because `break` or `continue` was called wrongly.
    pub(crate) failed_loop: bool,
    /// The builtin that runs was called wrongly.
    pub(crate) misused: bool,
    /// The script asks for `BASH_COMMAND`, so that it has to be kept.
    pub(crate) mentions_command: bool,
    /// The parent has run the trap on DEBUG for the one command of this process, and traced it.
    pub(crate) announced: bool,
    /// The parent has traced the one command of this process.
    pub(crate) traced: bool,
    /// The trap on EXIT runs.
    pub(crate) exiting: bool,
}

impl Shell {
    /// A shell without variables or descriptors.
    pub(crate) fn new(name: Vec<u8>, fds: FdTable) -> Self {
        let pid = process::getpid();
        Self {
            mode: Mode::Script,
            interactive: false,
            vars: Variables::default(),
            functions: NameMap::default(),
            aliases: Rc::default(),
            exported_functions: std::collections::BTreeSet::new(),
            disabled: std::collections::BTreeSet::new(),
            readonly_functions: std::collections::BTreeSet::new(),
            traced_functions: std::collections::BTreeSet::new(),
            positional: Vec::new(),
            source: name.as_slice().into(),
            name,
            options: Options::default(),
            shopts: Shopts::default(),
            fds,
            status: 0,
            substitution_status: None,
            pipe_status: Vec::new(),
            last_background: None,
            pid,
            line: 1,
            frames: Vec::new(),
            jobs: Jobs::default(),
            coprocesses: Vec::new(),
            traps: Traps::default(),
            errexit_off: 0,
            loops: 0,
            depth: 0,
            max_depth: max_depth(),
            subshells: 0,
            capture: None,
            cwd: b"/".to_vec(),
            directories: Vec::new(),
            hash: NameMap::default(),
            arith_depth: 0,
            arith_prefix: "",
            random: pid.wrapping_mul(2_654_435_761),
            started: Instant::now(),
            seconds_offset: 0,
            getopts: (0, 1),
            last_argument: Vec::new(),
            trace_depth: 0,
            umask: 0o022,
            limits: crate::builtins::OwnLimits::default(),
            own_stdin: true,
            array_arguments: Vec::new(),
            substitutions: Vec::new(),
            current_command: Box::default(),
            killed_by: None,
            signaled: None,
            failed_loop: false,
            misused: false,
            mentions_command: false,
            announced: false,
            traced: false,
            exiting: false,
        }
    }

    pub(crate) fn syntax(&self) -> SyntaxOptions {
        let expand = self.shopts.expand_aliases || self.options.posix;
        let aliases = (expand && !self.aliases.is_empty()).then(|| Rc::clone(&self.aliases));
        SyntaxOptions { extglob: self.shopts.extglob, posix: self.options.posix, aliases }
    }

    /// Runs `step` one level deeper, if the stack allows that.
    pub(crate) fn deeper(&mut self, step: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.deeper_by(1, step)
    }

    /// As [`Self::deeper`], for a step that needs the stack of several.
    pub(crate) fn deeper_by(&mut self, levels: u32, step: impl FnOnce(&mut Self) -> Flow) -> Flow {
        if self.depth + levels > self.max_depth {
            let limit = self.max_depth;
            self.error(&format!("maximum nesting level exceeded ({limit})"));
            return Err(Unwind::Exit(1));
        }
        self.depth += levels;
        let flow = step(self);
        self.depth -= levels;
        flow
    }

    /// The names in force for `SyntaxError`s and functions that are defined now.
    pub(crate) fn current_source(&self) -> Rc<[u8]> {
        self.frames.last().map_or_else(|| Rc::clone(&self.source), |f| Rc::clone(&f.source))
    }
}

/// Nested commands use both the sandbox's call stack and the stack in memory; each level needs
/// at most some kilobytes of either.
fn max_depth() -> u32 {
    const BYTES_PER_LEVEL: u64 = 2048;
    let stack = process::limit(process::Limit::Stack).unwrap_or(2 << 20);
    u32::try_from(stack / BYTES_PER_LEVEL).unwrap_or(u32::MAX).clamp(64, 1000)
}
