//! `wait`, `jobs`, `kill` and `disown`.

use greenroom_process as process;

use crate::bytes;
use crate::state::{Flow, Shell, Unwind};
use crate::traps;

pub(super) fn wait(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut next, mut variable) = (false, None);
    let mut index = 1;
    while let Some(option) = arguments.get(index) {
        match option.as_slice() {
            b"-n" => next = true,
            b"-f" => {}
            b"-p" => {
                index += 1;
                variable = arguments.get(index).cloned();
            }
            b"--" => {
                index += 1;
                break;
            }
            _ => break,
        }
        index += 1;
    }
    let operands = &arguments[index..];
    if next {
        return wait_next(sh, operands, variable);
    }
    if operands.is_empty() {
        while sh.jobs.list.iter().any(crate::jobs::Job::is_running) {
            match process::wait(process::Child::Any, None) {
                Ok(Some(exit)) => sh.jobs.note(exit),
                Err(process::Errno::INTR) => {
                    if let Some(status) = interrupted(sh)? {
                        return Ok(status);
                    }
                }
                Ok(None) => {}
                Err(_) => break,
            }
        }
        sh.jobs.clear();
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let pid = if operand.starts_with(b"%") {
            match sh.jobs.by_spec(operand) {
                Some(job) => Some(job.last),
                None => {
                    let shown = bytes::display(operand).into_owned();
                    sh.error(&format!("wait: {shown}: no such job"));
                    status = 127;
                    continue;
                }
            }
        } else {
            bytes::parse_int(operand).and_then(|n| u32::try_from(n).ok())
        };
        let Some(pid) = pid else {
            let shown = bytes::display(operand).into_owned();
            sh.error(&format!("wait: `{shown}': not a pid or valid job spec"));
            status = 2;
            continue;
        };
        status = match wait_for(sh, pid)? {
            Ok(status) => status,
            Err(interrupted) => return Ok(interrupted),
        };
        if let Some(name) = &variable {
            sh.assign(name, None, pid.to_string().into_bytes(), false)?;
        }
    }
    Ok(status)
}

/// Waits for one background process; `Err` is the status after a trapped signal.
fn wait_for(sh: &mut Shell, pid: process::Pid) -> Result<Result<u8, u8>, Unwind> {
    loop {
        if let Some(job) = sh.jobs.by_pid(pid) {
            if let Some(status) = job.status.filter(|_| !job.is_running()) {
                let number = job.number;
                sh.jobs.finished.push((pid, status));
                sh.jobs.remove(number);
                return Ok(Ok(status));
            }
        } else if let Some(exit) = sh.jobs.take_ended(pid) {
            return Ok(Ok(exit.status));
        } else if let Some((_, status)) = sh.jobs.finished.iter().find(|(p, _)| *p == pid) {
            return Ok(Ok(*status));
        } else {
            // A process substitution is a child, too, though no job.
            match process::wait(process::Child::Pid(pid), None) {
                Ok(Some(exit)) => {
                    sh.jobs.finished.push((pid, exit.status));
                    return Ok(Ok(exit.status));
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
            return Ok(Ok(127));
        }
        match process::wait(process::Child::Pid(pid), None) {
            Ok(Some(exit)) => {
                if let Some(job) = sh.jobs.by_pid(exit.pid) {
                    let text = job.text.clone();
                    sh.report_signal(exit, &text);
                }
                sh.jobs.note(exit);
            }
            Err(process::Errno::INTR) => {
                if let Some(status) = interrupted(sh)? {
                    return Ok(Err(status));
                }
            }
            Ok(None) => {}
            Err(_) => return Ok(Ok(127)),
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
    let wanted: Vec<process::Pid> = operands
        .iter()
        .filter_map(|o| match o.starts_with(b"%") {
            true => sh.jobs.by_spec(o).map(|job| job.last),
            false => bytes::parse_int(o).and_then(|n| u32::try_from(n).ok()),
        })
        .collect();
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
            if let Some(name) = &variable {
                sh.assign(name, None, pid.to_string().into_bytes(), false)?;
            }
            return Ok(status);
        }
        if !sh.jobs.list.iter().any(candidate) {
            return Ok(127);
        }
        match process::wait(process::Child::Any, None) {
            Ok(Some(exit)) => sh.jobs.note(exit),
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

pub(super) fn jobs(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    sh.reap();
    let mut letters = Vec::new();
    for argument in &arguments[1..] {
        if let [b'-', rest @ ..] = argument.as_slice() {
            letters.extend_from_slice(rest);
        }
    }
    let mut out = String::new();
    let count = sh.jobs.list.len();
    for (index, job) in sh.jobs.list.iter().enumerate() {
        if letters.contains(&b'r') && !job.is_running() {
            continue;
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
        let state = match (job.is_running(), job.signal, job.status) {
            (true, ..) => "Running".to_owned(),
            (_, Some(15), _) => "Terminated".to_owned(),
            (_, Some(9), _) => "Killed".to_owned(),
            (_, _, Some(0) | None) => "Done".to_owned(),
            (_, _, Some(status)) => format!("Exit {status}"),
        };
        let text = bytes::display(&job.text).into_owned();
        let tail = if job.is_running() { " &" } else { "" };
        let pid = if letters.contains(&b'l') { format!("{:>5} ", job.last) } else { String::new() };
        out.push_str(&format!("[{}]{mark}  {pid}{state:<24}{text}{tail}\n", job.number));
    }
    let ended: Vec<u32> =
        sh.jobs.list.iter().filter(|j| !j.is_running()).map(|j| j.number).collect();
    for number in ended {
        if let Some(job) = sh.jobs.list.iter().find(|j| j.number == number) {
            let entry = (job.last, job.status.unwrap_or(0));
            sh.jobs.finished.push(entry);
        }
        sh.jobs.remove(number);
    }
    sh.print("jobs", out.as_bytes())
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
            match sh.jobs.by_spec(operand) {
                Some(job) => process::Target::Pid(job.last),
                None => {
                    status = sh.builtin_error("kill", &format!("{shown}: no such job"))?;
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
    let mut out = String::new();
    if operands.is_empty() {
        for number in 1..=31u8 {
            let end = if number % 5 == 0 { '\n' } else { '\t' };
            out.push_str(&format!("{number:>2}) SIG{}{end}", traps::bare_name(number)));
        }
        out.push('\n');
    }
    for operand in operands {
        let status = bytes::parse_int(operand);
        match status {
            Some(number) => {
                let number = if number > 128 { number - 128 } else { number };
                match u8::try_from(number).ok().filter(|n| *n <= 31) {
                    Some(number) => out.push_str(traps::bare_name(number)),
                    None => return invalid(sh, operand),
                }
            }
            None => match traps::number(operand).filter(|n| *n <= 31) {
                Some(number) => out.push_str(&number.to_string()),
                None => return invalid(sh, operand),
            },
        }
        out.push('\n');
    }
    sh.print("kill", out.as_bytes())
}

pub(super) fn disown(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if arguments.len() == 1 || arguments[1] == b"-a" {
        sh.jobs.list.clear();
    }
    for operand in &arguments[1..] {
        let number = sh.jobs.by_spec(operand).map(|job| job.number);
        if let Some(number) = number {
            sh.jobs.remove(number);
        }
    }
    Ok(0)
}

pub(super) fn no_job_control(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let name = bytes::display(&arguments[0]).into_owned();
    sh.builtin_error(&name, "no job control")
}
