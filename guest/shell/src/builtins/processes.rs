//! `wait`, `jobs`, `kill` and `disown`.

use greenroom_process as process;

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::jobs::NoJob;
use crate::state::{Flow, Shell, Unwind};
use crate::traps;

const WAIT_USAGE: &str = "wait [-fn] [-p var] [id ...]";

pub(super) fn wait(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut next, mut variable) = (false, None);
    let mut options = OptionParser::new(arguments, "fnp:");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'n') => next = true,
            Parsed::Flag(_) => {}
            Parsed::Value(_, name) => variable = Some(name.to_vec()),
            Parsed::Unknown(letter) => {
                return sh.usage_error("wait", &[b'-', letter], WAIT_USAGE);
            }
            Parsed::MissingValue(letter) => {
                return sh.missing_value("wait", letter, WAIT_USAGE);
            }
        }
    }
    if let Some(name) = &variable {
        let plain = crate::expand::split_element(name).map_or(&name[..], |(n, _)| n);
        if !crate::syntax::is_name(plain) {
            let shown = bytes::display(name).into_owned();
            return sh.builtin_error("wait", &format!("`{shown}': not a valid identifier"));
        }
        // Without a process to name, it is left unset.
        sh.vars.unset(name);
    }
    let operands = &arguments[options.operands()..];
    if next {
        return wait_next(sh, operands, variable);
    }
    if operands.is_empty() {
        while sh.jobs.list.iter().any(crate::jobs::Job::is_running) {
            match process::wait(process::Child::Any, None) {
                Ok(Some(exit)) => report_and_note(sh, exit),
                Err(process::Errno::INTR) => {
                    if let Some(status) = interrupted(sh)? {
                        return Ok(status);
                    }
                }
                Ok(None) => {}
                Err(_) => break,
            }
        }
        sh.jobs.forget();
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let pid = if operand.starts_with(b"%") {
            match job_of(sh, "wait", operand) {
                Some(pid) => pid,
                None => {
                    status = 127;
                    continue;
                }
            }
        } else {
            let Some(pid) = bytes::parse_int(operand).and_then(|n| u32::try_from(n).ok()) else {
                let shown = bytes::display(operand).into_owned();
                sh.error(&format!("wait: `{shown}': not a pid or valid job spec"));
                return Ok(1);
            };
            pid
        };
        status = match wait_for(sh, pid)? {
            Ok(Some(status)) => {
                if let Some(name) = &variable {
                    sh.assign(name, None, pid.to_string().into_bytes(), false)?;
                }
                status
            }
            Ok(None) => 127,
            Err(interrupted) => return Ok(interrupted),
        };
    }
    Ok(status)
}

/// The process of a job; `None` after a message.
fn job_of(sh: &mut Shell, builtin: &str, spec: &[u8]) -> Option<process::Pid> {
    match sh.jobs.by_spec(spec) {
        Ok(job) => Some(job.last),
        Err(reason) => {
            no_job(sh, builtin, spec, reason);
            None
        }
    }
}

fn no_job(sh: &mut Shell, builtin: &str, spec: &[u8], reason: NoJob) {
    let shown = bytes::display(spec).into_owned();
    if reason == NoJob::Ambiguous {
        let text = shown.trim_start_matches('%').trim_start_matches('?');
        sh.error(&format!("{builtin}: {text}: ambiguous job spec"));
    }
    sh.error(&format!("{builtin}: {shown}: no such job"));
}

/// Notes the end of a process, and says so if a signal ended it.
fn report_and_note(sh: &mut Shell, exit: process::Exit) {
    if let Some(job) = sh.jobs.by_pid(exit.pid) {
        let text = job.text.clone();
        sh.report_signal(exit, true, || text);
    }
    sh.jobs.note(exit);
}

/// Waits for one background process; `None` if it is not a child, `Err` is the status after a trapped signal.
fn wait_for(sh: &mut Shell, pid: process::Pid) -> Result<Result<Option<u8>, u8>, Unwind> {
    loop {
        if let Some(job) = sh.jobs.by_pid(pid) {
            if let Some(status) = job.status.filter(|_| !job.is_running()) {
                let number = job.number;
                sh.jobs.finish(pid, status);
                sh.jobs.remove(number);
                return Ok(Ok(Some(status)));
            }
        } else if let Some(exit) = sh.jobs.take_ended(pid) {
            return Ok(Ok(Some(exit.status)));
        } else if let Some((_, status)) = sh.jobs.finished.iter().find(|(p, _)| *p == pid) {
            return Ok(Ok(Some(*status)));
        } else {
            // A process substitution is a child, too, though no job.
            match process::wait(process::Child::Pid(pid), None) {
                Ok(Some(exit)) => {
                    sh.jobs.finish(pid, exit.status);
                    return Ok(Ok(Some(exit.status)));
                }
                Err(process::Errno::INTR) => {
                    if let Some(status) = interrupted(sh)? {
                        return Ok(Err(status));
                    }
                    continue;
                }
                Ok(None) => continue,
                Err(_) => {}
            }
            sh.error(&format!("wait: pid {pid} is not a child of this shell"));
            return Ok(Ok(None));
        }
        match process::wait(process::Child::Pid(pid), None) {
            Ok(Some(exit)) => report_and_note(sh, exit),
            Err(process::Errno::INTR) => {
                if let Some(status) = interrupted(sh)? {
                    return Ok(Err(status));
                }
            }
            Ok(None) => {}
            Err(_) => return Ok(Ok(Some(127))),
        }
    }
}

/// Runs the traps of arrived signals; the status that `wait` then has.
fn interrupted(sh: &mut Shell) -> Result<Option<u8>, Unwind> {
    if !sh.poll_signals() {
        return Ok(None);
    }
    let signal = sh.pending_signal();
    sh.run_signal_traps()?;
    Ok(signal.map(|signal| 128 + signal))
}

fn wait_next(sh: &mut Shell, operands: &[Vec<u8>], variable: Option<Vec<u8>>) -> Flow {
    let mut wanted = Vec::new();
    for operand in operands {
        let known = if operand.starts_with(b"%") {
            sh.jobs.by_spec(operand).map(|job| job.last)
        } else {
            bytes::parse_int(operand)
                .and_then(|n| u32::try_from(n).ok())
                .filter(|pid| sh.jobs.by_pid(*pid).is_some())
                .ok_or(NoJob::Unknown)
        };
        match known {
            Ok(pid) => wanted.push(pid),
            Err(reason) => no_job(sh, "wait", operand, reason),
        }
    }
    if wanted.is_empty() && !operands.is_empty() {
        return Ok(127);
    }
    loop {
        let candidate = |job: &crate::jobs::Job| wanted.is_empty() || wanted.contains(&job.last);
        let ended = sh
            .jobs
            .list
            .iter()
            .find(|job| candidate(job) && !job.is_running())
            .map(|job| (job.number, job.last, job.status.unwrap_or(127)));
        if let Some((number, pid, status)) = ended {
            sh.jobs.remove(number);
            sh.jobs.finish(pid, status);
            if let Some(name) = &variable {
                sh.assign(name, None, pid.to_string().into_bytes(), false)?;
            }
            return Ok(status);
        }
        if !sh.jobs.list.iter().any(candidate) {
            return Ok(127);
        }
        match process::wait(process::Child::Any, None) {
            Ok(Some(exit)) => report_and_note(sh, exit),
            Err(process::Errno::INTR) => {
                if let Some(status) = interrupted(sh)? {
                    return Ok(status);
                }
            }
            Ok(None) => {}
            Err(_) => return Ok(127),
        }
    }
}

const JOBS_USAGE: &str = "jobs [-lnprs] [jobspec ...] or jobs -x command [args]";

pub(super) fn jobs(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    reap_and_report(sh);
    let mut letters = Vec::new();
    let mut options = OptionParser::new(arguments, "lnprsx");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(letter) => letters.push(letter),
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("jobs", &[b'-', letter], JOBS_USAGE);
            }
        }
    }
    let operands = &arguments[options.operands()..];
    if letters.contains(&b'x') {
        return replace_and_run(sh, operands);
    }
    let mut status = 0;
    let mut wanted = Vec::new();
    for operand in operands {
        match sh.jobs.by_spec(operand) {
            Ok(job) => wanted.push(job.number),
            Err(reason) => {
                no_job(sh, "jobs", operand, reason);
                status = 1;
            }
        }
    }
    let mut out = String::new();
    let mut listed = Vec::new();
    let count = sh.jobs.list.len();
    for (index, job) in sh.jobs.list.iter().enumerate() {
        if !operands.is_empty() && !wanted.contains(&job.number) {
            continue;
        }
        // No job is ever stopped, and none changes without being reported.
        let left_out = letters.contains(&b'r') && !job.is_running()
            || letters.contains(&b's')
            || letters.contains(&b'n') && job.is_running();
        if left_out {
            continue;
        }
        if !job.is_running() {
            listed.push(job.number);
        }
        if letters.contains(&b'p') {
            out.push_str(&format!("{}\n", job.last));
            continue;
        }
        let mark = match count - index {
            1 => '+',
            2 => '-',
            _ => ' ',
        };
        let pid = if letters.contains(&b'l') { format!("{:>5} ", job.last) } else { " ".into() };
        let tail = if job.is_running() { " &" } else { "" };
        let (number, state) = (job.number, state(job));
        let text = bytes::display(&job.text);
        out.push_str(&format!("[{number}]{mark} {pid}{state:<24}{text}{tail}\n"));
    }
    for number in listed {
        if let Some(job) = sh.jobs.list.iter().find(|job| job.number == number) {
            let (pid, status) = (job.last, job.status.unwrap_or(0));
            sh.jobs.finish(pid, status);
        }
        sh.jobs.remove(number);
    }
    Ok(sh.print("jobs", out.as_bytes())?.max(status))
}

fn state(job: &crate::jobs::Job) -> String {
    match (job.is_running(), job.signal, job.status) {
        (true, ..) => "Running".to_owned(),
        (_, Some(signal), _) => traps::description(signal).to_owned(),
        (_, _, Some(0) | None) => "Done".to_owned(),
        (_, _, Some(status)) => format!("Exit {status}"),
    }
}

/// Notes the processes that have ended. Jobs that a signal ended are reported, and gone.
fn reap_and_report(sh: &mut Shell) {
    while let Ok(Some(exit)) = process::wait(process::Child::Any, Some(0)) {
        report_and_note(sh, exit);
        let reported = match exit.how {
            process::How::Signaled(signal) => !matches!(signal, 2 | 13 | 15),
            _ => false,
        };
        if reported && let Some(number) = sh.jobs.by_pid(exit.pid).map(|job| job.number) {
            sh.jobs.remove(number);
            sh.jobs.finish(exit.pid, exit.status);
        }
    }
}

/// `jobs -x`: runs a command, with process identifiers in place of job specifications.
fn replace_and_run(sh: &mut Shell, operands: &[Vec<u8>]) -> Flow {
    let mut words = operands.to_vec();
    for word in &mut words {
        if word.starts_with(b"%")
            && let Ok(job) = sh.jobs.by_spec(word)
        {
            *word = job.last.to_string().into_bytes();
        }
    }
    let Some(name) = words.first() else { return Ok(0) };
    match super::find(name) {
        Some(builtin) => (builtin.run)(sh, &words),
        None => sh.program(&words),
    }
}

pub(super) fn kill(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut signal = 15;
    let mut index = 1;
    match arguments.get(1).map(Vec::as_slice) {
        Some(b"-l" | b"-L") => return list(sh, &arguments[2..]),
        Some(option @ (b"-s" | b"-n")) => {
            let Some(name) = arguments.get(2) else {
                let option = bytes::display(option).into_owned();
                return sh.builtin_error("kill", &format!("{option}: option requires an argument"));
            };
            match traps::number(name).filter(|n| *n <= 31) {
                Some(number) => signal = number,
                None => return invalid(sh, name),
            }
            index = 3;
        }
        Some(b"--") => index = 2,
        Some(option) if option.len() > 1 && option[0] == b'-' => {
            match traps::number(&option[1..]).filter(|n| *n <= 31) {
                Some(number) => signal = number,
                None => return invalid(sh, &option[1..]),
            }
            index = 2;
        }
        _ => {}
    }
    if arguments.get(index).is_some_and(|a| a == b"--") {
        index += 1;
    }
    if index >= arguments.len() {
        sh.write_error(
            b"kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n",
        );
        return Ok(2);
    }
    let mut status = 0;
    for operand in &arguments[index..] {
        let shown = bytes::display(operand).into_owned();
        let target = if operand.starts_with(b"%") {
            match job_of(sh, "kill", operand) {
                Some(pid) => process::Target::Pid(pid),
                None => {
                    status = 1;
                    continue;
                }
            }
        } else {
            match bytes::parse_int(operand) {
                Some(0) => process::Target::OwnGroup,
                Some(n) if n > 0 => process::Target::Pid(n as process::Pid),
                Some(n) => process::Target::Group(n.unsigned_abs() as process::Pid),
                None => {
                    status = sh.builtin_error(
                        "kill",
                        &format!("{shown}: arguments must be process or job IDs"),
                    )?;
                    continue;
                }
            }
        };
        if let Err(errno) = process::kill(target, signal) {
            let text = match errno {
                process::Errno::SRCH => "No such process".to_owned(),
                errno => crate::output::errno_text(errno),
            };
            status = sh.builtin_error("kill", &format!("({shown}) - {text}"))?;
        }
    }
    if sh.poll_signals() {
        sh.status = status;
        sh.run_signal_traps()?;
    }
    Ok(status)
}

fn invalid(sh: &mut Shell, name: &[u8]) -> Flow {
    let shown = bytes::display(name).into_owned();
    sh.builtin_error("kill", &format!("{shown}: invalid signal specification"))
}

fn list(sh: &mut Shell, operands: &[Vec<u8>]) -> Flow {
    if operands.is_empty() {
        if sh.options.posix {
            let names: Vec<String> = (1..=64).filter_map(traps::known_name).collect();
            return sh.print("kill", format!("{}\n", names.join(" ")).as_bytes());
        }
        return sh.print("kill", traps::table().as_bytes());
    }
    let mut status = 0;
    for operand in operands {
        let line = match bytes::parse_int(operand) {
            Some(number) => {
                let number = if number > 128 { number - 128 } else { number };
                u8::try_from(number).ok().and_then(traps::known_name)
            }
            None => traps::number(operand).filter(|n| *n <= 31).map(|n| n.to_string()),
        };
        match line {
            Some(line) => status = status.max(sh.print("kill", format!("{line}\n").as_bytes())?),
            None => status = invalid(sh, operand)?,
        }
    }
    Ok(status)
}

pub(super) fn disown(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut all, mut keep) = (false, false);
    let mut options = OptionParser::new(arguments, "ahr");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'h') => keep = true,
            Parsed::Flag(_) => all = true,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                let usage = "disown [-h] [-ar] [jobspec ... | pid ...]";
                return sh.usage_error("disown", &[b'-', letter], usage);
            }
        }
    }
    let operands = &arguments[options.operands()..];
    if operands.is_empty() {
        if all {
            sh.jobs.list.clear();
        } else if sh.jobs.list.is_empty() {
            return sh.builtin_error("disown", "current: no such job");
        } else if !keep {
            sh.jobs.list.pop();
        }
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let pid = bytes::parse_int(operand).and_then(|n| u32::try_from(n).ok());
        let number = match pid.and_then(|pid| sh.jobs.by_pid(pid)).map(|job| job.number) {
            Some(number) => Ok(number),
            None => sh.jobs.by_spec(operand).map(|job| job.number),
        };
        match number {
            Ok(number) if !keep => sh.jobs.remove(number),
            Ok(_) => {}
            Err(reason) => {
                no_job(sh, "disown", operand, reason);
                status = 1;
            }
        }
    }
    Ok(status)
}

/// `fg` waits for a job, `bg` has nothing to continue: no job is ever stopped.
pub(super) fn foreground(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let name = bytes::display(&arguments[0]).into_owned();
    if !sh.options.monitor {
        return sh.builtin_error(&name, "no job control");
    }
    let spec = arguments.get(1).map_or(&b"%%"[..], Vec::as_slice);
    let (pid, number, text) = match sh.jobs.by_spec(spec) {
        Ok(job) => (job.last, job.number, job.text.clone()),
        Err(NoJob::Unknown) if arguments.len() == 1 => {
            return sh.builtin_error(&name, "current: no such job");
        }
        Err(reason) => {
            no_job(sh, &name, spec, reason);
            return Ok(1);
        }
    };
    if name == "bg" {
        return sh.builtin_error("bg", &format!("job {number} already in background"));
    }
    sh.print("fg", &[&text[..], b"\n"].concat())?;
    match wait_for(sh, pid)? {
        Ok(status) => Ok(status.unwrap_or(127)),
        Err(interrupted) => Ok(interrupted),
    }
}

pub(super) fn suspend(sh: &mut Shell, _: &[Vec<u8>]) -> Flow {
    sh.builtin_error("suspend", "cannot suspend: no job control")
}
