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
    if !text.trim().is_empty() && text.trim().bytes().all(|b| b.is_ascii_digit()) {
        return text.trim().parse().ok().filter(|number| *number <= 31);
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

/// The first and the last of the real-time signals, which scripts can name but nobody sends.
const REAL_TIME: std::ops::RangeInclusive<u8> = 34..=64;

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

/// The name of a signal as `kill -l NUMBER` prints it.
pub(crate) fn known_name(number: u8) -> Option<String> {
    match number {
        0..=31 => Some(bare_name(number).into()),
        number if REAL_TIME.contains(&number) => Some(real_time(number)),
        _ => None,
    }
}

fn real_time(number: u8) -> String {
    match number {
        34 => "RTMIN".into(),
        35..=49 => format!("RTMIN+{}", number - 34),
        50..=63 => format!("RTMAX-{}", 64 - number),
        _ => "RTMAX".into(),
    }
}

/// All signals, as `kill -l` and `trap -l` show them.
pub(crate) fn table() -> String {
    let mut out = String::new();
    let numbers = (1..=31).chain(REAL_TIME).enumerate();
    for (index, number) in numbers {
        let name = known_name(number).unwrap_or_default();
        let end = if index % 5 == 4 { '\n' } else { '\t' };
        out.push_str(&format!("{number:>2}) SIG{name}{end}"));
    }
    out.push('\n');
    out
}

/// The name of a signal without `SIG`.
pub(crate) fn bare_name(number: u8) -> &'static str {
    match number {
        EXIT => "EXIT",
        _ => NAMES.get(usize::from(number).wrapping_sub(1)).copied().unwrap_or("?"),
    }
}

/// What is said of a process that a signal ended.
pub(crate) fn description(number: u8) -> &'static str {
    match number {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        5 => "Trace/breakpoint trap",
        6 => "Aborted",
        7 => "Bus error",
        8 => "Floating point exception",
        9 => "Killed",
        10 => "User defined signal 1",
        11 => "Segmentation fault",
        12 => "User defined signal 2",
        13 => "Broken pipe",
        14 => "Alarm clock",
        15 => "Terminated",
        _ => bare_name(number),
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Ignore,
    Run(Rc<[u8]>),
}

/// One trap.
#[derive(Clone, Debug)]
struct Trap {
    action: Action,
    /// It was set by the parent of this subshell: listed by `trap`, but not run.
    parents: bool,
}

/// The traps of a shell.
#[derive(Default)]
pub(crate) struct Traps {
    actions: BTreeMap<u8, Trap>,
    pending: u32,
    /// The conditions whose traps are running: a trap does not interrupt itself.
    running: u128,
}

/// Traps that a function does not inherit, while it runs.
pub(crate) type Suspended = Vec<(u8, Option<Action>)>;

impl Traps {
    pub(crate) fn is_ignored(&self, condition: u8) -> bool {
        matches!(self.actions.get(&condition), Some(Trap { action: Action::Ignore, .. }))
    }

    pub(crate) fn command(&self, condition: u8) -> Option<Rc<[u8]>> {
        match self.actions.get(&condition) {
            Some(Trap { action: Action::Run(text), parents: false }) => Some(Rc::clone(text)),
            _ => None,
        }
    }

    /// Whether the trap of this condition would run now.
    pub(crate) fn fires(&self, condition: u8) -> bool {
        !self.is_running(condition)
            && matches!(
                self.actions.get(&condition),
                Some(Trap { action: Action::Run(_), parents: false })
            )
    }

    pub(crate) fn is_running(&self, condition: u8) -> bool {
        self.running & 1 << condition != 0
    }

    /// Whether any trap's command is running.
    pub(crate) fn any_running(&self) -> bool {
        self.running != 0
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = (u8, &Action)> {
        self.actions.iter().map(|(condition, trap)| (*condition, &trap.action))
    }

    pub(crate) fn set(&mut self, condition: u8, action: Option<Action>) {
        self.actions.retain(|_, trap| !trap.parents);
        match action {
            Some(action) => {
                self.actions.insert(condition, Trap { action, parents: false });
            }
            None => drop(self.actions.remove(&condition)),
        }
        process::take_signals(self.handled());
    }

    /// Takes the traps away that a function does not inherit.
    pub(crate) fn suspend(&mut self, conditions: &[u8]) -> Suspended {
        conditions
            .iter()
            .map(|condition| {
                let trap = self.actions.remove(condition).filter(|trap| !trap.parents);
                (*condition, trap.map(|trap| trap.action))
            })
            .collect()
    }

    /// Undoes [`Self::suspend`], but for traps that the function set itself.
    pub(crate) fn resume(&mut self, suspended: Suspended) {
        for (condition, action) in suspended {
            if let Some(action) = action {
                self.actions.entry(condition).or_insert(Trap { action, parents: false });
            }
        }
    }

    /// The signals that do not end the process.
    fn handled(&self) -> u32 {
        let mut mask = 0;
        for (&condition, trap) in self.actions.range(1..32) {
            if !trap.parents || matches!(trap.action, Action::Ignore) {
                mask |= 1 << condition;
            }
        }
        if self.command(EXIT).is_some() {
            // The trap on EXIT runs when one of these ends the shell.
            mask |= 1 << 1 | 1 << 2 | 1 << 15;
        }
        mask
    }

    fn ignored(&self) -> u32 {
        self.actions
            .range(1..32)
            .filter(|(_, trap)| matches!(trap.action, Action::Ignore))
            .fold(0, |mask, (condition, _)| mask | 1 << condition)
    }

    /// What a subshell begins with: ignored signals stay ignored, the rest is reset but for the
    /// conditions in `inherited`.
    pub(crate) fn enter_subshell(&mut self, inherited: &[u8]) {
        for (condition, trap) in &mut self.actions {
            trap.parents |= matches!(trap.action, Action::Run(_)) && !inherited.contains(condition);
        }
        self.pending = 0;
        self.running &= inherited.iter().fold(0, |mask, condition| mask | 1 << condition);
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
                Some(text) => drop(self.run_trap(signal, &text)?),
                None => {
                    self.killed_by = Some(signal);
                    return Err(Unwind::Exit(128 + signal));
                }
            }
        }
        Ok(())
    }

    /// Runs the trap of a pseudo-signal, keeping `$?`. The status is that of its last command.
    pub(crate) fn run_condition_trap(&mut self, condition: u8) -> Flow {
        if self.traps.is_running(condition) {
            return Ok(0);
        }
        match self.traps.command(condition) {
            Some(text) => self.run_trap(condition, &text),
            None => Ok(0),
        }
    }

    /// Runs the trap on DEBUG before a command; true if the command is not to be run then.
    pub(crate) fn debug_trap(&mut self) -> Result<bool, Unwind> {
        let status = self.run_condition_trap(DEBUG)?;
        if !self.shopts.extdebug {
            return Ok(false);
        }
        if status == 2 && !self.frames.is_empty() {
            return Err(Unwind::Return(self.status));
        }
        Ok(status != 0)
    }

    /// Runs a trap's command; `$?` and `PIPESTATUS` are as before afterwards.
    fn run_trap(&mut self, condition: u8, text: &[u8]) -> Flow {
        let (status, pipe_status) = (self.status, self.pipe_status.clone());
        let line = self.line;
        // Only these commands are about the line at hand.
        let first = if matches!(condition, DEBUG | ERR | RETURN) { line } else { 1 };
        let outer = self.traps.running;
        let errexit_off = self.errexit_off;
        self.traps.running |= 1 << condition;
        let flow = self.deeper_by(4, |sh| sh.eval(text, first));
        self.traps.running = outer;
        self.errexit_off = errexit_off;
        self.line = line;
        if flow.is_ok() {
            self.status = status;
            self.pipe_status = pipe_status;
        }
        flow
    }

    /// Runs the trap on EXIT, once, and returns the status to exit with.
    pub(crate) fn run_exit_trap(&mut self, status: u8) -> u8 {
        let signal = self.killed_by.take();
        if signal.is_none() {
            self.status = status;
        }
        let Some(text) = self.traps.command(EXIT) else { return status };
        self.traps.set(EXIT, None);
        self.errexit_off = 0;
        self.exiting = true;
        match self.run_trap(EXIT, &text) {
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
