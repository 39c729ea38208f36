//! Signals and the commands that `trap` sets for them.

use std::collections::BTreeMap;
use std::rc::Rc;

use greenroom_process as process;

use crate::state::{Flow, Shell, Unwind};

/// `trap` conditions that are no signals, numbered beyond them.
pub(crate) const EXIT: u8 = 0;
pub(crate) const DEBUG: u8 = 65;
pub(crate) const ERR: u8 = 66;
pub(crate) const RETURN: u8 = 67;
pub(crate) const PIPE: u8 = 13;

/// The signals by number from 1, as on Linux.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The number of a condition given by name (with or without `SIG`) or by number.
pub(crate) fn number(name: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(name).ok()?;
    if let Ok(number) = text.parse::<u8>() {
        return (number <= 31).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "EXIT" => return Some(EXIT),
        "DEBUG" => return Some(DEBUG),
        "ERR" => return Some(ERR),
        "RETURN" => return Some(RETURN),
        _ => {}
    }
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let index = NAMES.iter().position(|n| *n == bare)?;
    u8::try_from(index + 1).ok()
}

/// The name of a condition as `trap -p` prints it.
pub(crate) fn name(number: u8) -> String {
    match number {
        EXIT => "EXIT".into(),
        DEBUG => "DEBUG".into(),
        ERR => "ERR".into(),
        RETURN => "RETURN".into(),
        _ => format!("SIG{}", bare_name(number)),
    }
}

/// The name of a signal without `SIG`.
pub(crate) fn bare_name(number: u8) -> &'static str {
    match number {
        EXIT => "EXIT",
        _ => NAMES.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("?"),
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Ignore,
    Run(Rc<[u8]>),
}

/// The traps of a shell.
#[derive(Default)]
pub(crate) struct Traps {
    actions: BTreeMap<u8, Action>,
    /// What the parent of this subshell had set: listed by `trap`, but not run.
    parents: bool,
    pending: u32,
    running: bool,
}

impl Traps {
    pub(crate) fn is_ignored(&self, condition: u8) -> bool {
        matches!(self.actions.get(&condition), Some(Action::Ignore))
    }

    pub(crate) fn command(&self, condition: u8) -> Option<Rc<[u8]>> {
        match self.actions.get(&condition) {
            Some(Action::Run(text)) if !self.parents => Some(Rc::clone(text)),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = (u8, &Action)> {
        self.actions.iter().map(|(condition, action)| (*condition, action))
    }

    pub(crate) fn set(&mut self, condition: u8, action: Option<Action>) {
        self.own();
        match action {
            Some(action) => drop(self.actions.insert(condition, action)),
            None => drop(self.actions.remove(&condition)),
        }
        process::take_signals(self.handled());
    }

    /// Functions do not inherit the trap on RETURN, unless `functrace` says so.
    pub(crate) fn suspend_return(&mut self, inherited: bool) -> Option<Action> {
        if inherited { None } else { self.actions.remove(&RETURN) }
    }

    /// Undoes [`Self::suspend_return`], unless the function set a trap of its own.
    pub(crate) fn resume_return(&mut self, action: Option<Action>) {
        if let Some(action) = action {
            self.actions.entry(RETURN).or_insert(action);
        }
    }

    fn own(&mut self) {
        if self.parents {
            self.parents = false;
            self.actions.retain(|_, action| matches!(action, Action::Ignore));
        }
    }

    /// The signals that do not end the process.
    fn handled(&self) -> u32 {
        if self.parents {
            return self.ignored();
        }
        let mut mask = 0;
        for &condition in self.actions.keys().filter(|c| (1..32).contains(*c)) {
            mask |= 1 << condition;
        }
        if self.command(EXIT).is_some() {
            // The trap on EXIT runs when one of these ends the shell.
            mask |= 1 << 1 | 1 << 2 | 1 << 15;
        }
        mask
    }

    fn ignored(&self) -> u32 {
        let ignored = |(c, a): (&u8, &Action)| {
            ((1..32).contains(c) && matches!(a, Action::Ignore)).then(|| 1u32 << c)
        };
        self.actions.iter().filter_map(ignored).fold(0, |mask, bit| mask | bit)
    }

    /// What a subshell begins with: ignored signals stay ignored, the rest is reset.
    pub(crate) fn enter_subshell(&mut self) {
        self.parents = true;
        self.pending = 0;
        self.running = false;
        let ignored = self.ignored();
        if ignored != 0 {
            process::take_signals(ignored);
        }
    }
}

impl Shell {
    /// Whether signals have to be looked for at all.
    pub(crate) fn has_traps(&self) -> bool {
        !self.traps.actions.is_empty()
    }

    /// Fetches what arrived; true if a signal is waiting for its trap.
    pub(crate) fn poll_signals(&mut self) -> bool {
        if !self.has_traps() {
            return false;
        }
        let arrived = process::take_signals(self.traps.handled());
        self.traps.pending |= arrived & !self.traps.ignored();
        self.traps.pending != 0
    }

    /// The first signal that waits for its trap.
    pub(crate) fn pending_signal(&self) -> Option<u8> {
        (self.traps.pending != 0).then(|| self.traps.pending.trailing_zeros() as u8)
    }

    /// Runs the traps of the signals that have arrived.
    pub(crate) fn run_signal_traps(&mut self) -> Result<(), Unwind> {
        while let Some(signal) = self.pending_signal() {
            self.traps.pending &= !(1 << signal);
            match self.traps.command(signal) {
                Some(text) => {
                    let status = self.status;
                    self.run_trap(&text)?;
                    self.status = status;
                }
                None => return Err(Unwind::Exit(128 + signal)),
            }
        }
        Ok(())
    }

    /// Runs the trap of a pseudo-signal, keeping `$?`.
    pub(crate) fn run_condition_trap(&mut self, condition: u8) -> Result<(), Unwind> {
        if self.traps.running {
            return Ok(());
        }
        let Some(text) = self.traps.command(condition) else { return Ok(()) };
        let (status, pipe_status) = (self.status, self.pipe_status.clone());
        self.traps.running = true;
        let flow = self.run_trap(&text);
        self.traps.running = false;
        self.status = status;
        self.pipe_status = pipe_status;
        flow.map(drop)
    }

    fn run_trap(&mut self, text: &[u8]) -> Flow {
        let line = self.line;
        let flow = self.deeper_by(4, |sh| sh.eval(text, line));
        self.line = line;
        flow
    }

    /// Runs the trap on EXIT, once, and returns the status to exit with.
    pub(crate) fn run_exit_trap(&mut self, status: u8) -> u8 {
        self.status = status;
        let Some(text) = self.traps.command(EXIT) else { return status };
        self.traps.set(EXIT, None);
        self.errexit_off = 0;
        match self.run_trap(&text) {
            Err(Unwind::Exit(status)) => status,
            _ => status,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn conditions_have_names_and_numbers() {
        for text in ["TERM", "SIGTERM", "sigterm", "15"] {
            assert_eq!(super::number(text.as_bytes()), Some(15));
        }
        assert_eq!(super::number(b"EXIT"), Some(0));
        assert_eq!(super::number(b"nothing"), None);
        assert_eq!(super::name(2), "SIGINT");
    }
}
