//! The side that asks: starts the process, watches over it and takes its result.

use super::{VERB, code};
use crate::sandbox::store::{Compiler, Failure, Order};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

/// How much of what the process says is kept.
const WORDS: u64 = 16 << 10;
/// Programs from so many bytes on are compiled one after the other: each uses all cores, and only
/// one at a time takes the memory.
const LARGE: usize = 1 << 20;

/// Compiles in a process of the program that this process runs.
#[derive(Debug)]
pub struct OwnProcess {
    program: PathBuf,
    large: Mutex<()>,
}

impl Default for OwnProcess {
    fn default() -> Self {
        // The very file that runs, even if its name means another by now.
        #[cfg(target_os = "linux")]
        let program = PathBuf::from("/proc/self/exe");
        #[cfg(not(target_os = "linux"))]
        let program = std::env::current_exe().unwrap_or_default();
        Self::of(program)
    }
}

impl OwnProcess {
    /// Compiles in a process of another program file: of a greenroom.
    pub fn of(program: PathBuf) -> Self {
        Self { program, large: Mutex::default() }
    }

    fn start(&self, order: &Order<'_>, output: &File) -> io::Result<Child> {
        let pid = rustix::process::getpid().as_raw_nonzero();
        let mut command = Command::new(&self.program);
        command
            .arg0("greenroom")
            .arg(VERB)
            .args(["--parent", &pid.to_string()])
            .args(["--generation", order.generation.to_hex().as_str()])
            .args(["--memory", &order.memory.to_string()])
            .args(["--seconds", &order.time.as_secs().max(1).to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(Stdio::piped())
            // Ctrl-C is for greenroom, which ends it in its own time.
            .process_group(0);
        if order.component {
            command.arg("--component");
        }
        command.spawn()
    }
}

impl crate::sandbox::store::sealed::Sealed for OwnProcess {}

impl Compiler for OwnProcess {
    fn compile(&self, order: &Order<'_>) -> Result<File, Failure> {
        let _turn = (order.bytes.len() >= LARGE)
            .then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
        let output = unnamed_file().map_err(Failure::Unreachable)?;
        let child = self.start(order, &output).map_err(Failure::Unreachable)?;
        let ended = watch(child, order.bytes, order.time).map_err(Failure::Unreachable)?;
        if !ended.in_time {
            return Err(Failure::TooSlow);
        }
        judge(ended.status, &ended.said)?;
        seal(&output).map_err(Failure::Unreachable)?;
        Ok(output)
    }
}

struct Ended {
    status: ExitStatus,
    said: String,
    in_time: bool,
}

/// Hands the program over and waits for the end, which comes by itself or when the time is up.
fn watch(mut child: Child, bytes: &[u8], time: Duration) -> io::Result<Ended> {
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(1);
        let writer = thread::Builder::new().spawn_scoped(scope, move || {
            // One that does not read to the end says why in another way.
            let _ = stdin.map(|mut stdin| stdin.write_all(bytes));
        });
        // The end of what it says is the end of the process.
        let reader = thread::Builder::new().spawn_scoped(scope, move || {
            let mut said = Vec::new();
            if let Some(mut stderr) = stderr {
                let _ = stderr.by_ref().take(WORDS).read_to_end(&mut said);
                let _ = io::copy(&mut stderr, &mut io::sink());
            }
            let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
        });
        let started = writer.and(reader).map(drop);
        let said = started.map(|()| receiver.recv_timeout(time));
        if !matches!(said, Ok(Ok(_))) {
            let _ = child.kill();
        }
        let status = child.wait()?;
        let said = said?;
        Ok(Ended { status, in_time: said.is_ok(), said: said.unwrap_or_default() })
    })
}

/// What the end of the process means.
fn judge(status: ExitStatus, said: &str) -> Result<(), Failure> {
    let said = said.trim();
    // What the standard library says before it gives up.
    if status.signal() == Some(Signal::ABORT.as_raw()) && said.contains("memory allocation of") {
        return Err(Failure::TooMuchMemory);
    }
    match (status.code().map(u8::try_from), status.signal()) {
        (Some(Ok(code::DONE)), _) => Ok(()),
        (Some(Ok(code::REFUSED)), _) => Err(Failure::Refused(said.to_owned())),
        (Some(Ok(code::REPLACED)), _) => Err(Failure::Replaced),
        (_, Some(signal)) if signal == Signal::XCPU.as_raw() => Err(Failure::TooSlow),
        (_, Some(signal)) if signal == Signal::KILL.as_raw() => Err(Failure::Killed),
        _ => {
            let said = said.lines().last().unwrap_or_default();
            let said: String = said.chars().take(300).collect();
            let status = format!("{status}");
            Err(Failure::Broke(if said.is_empty() { status } else { format!("{status}; {said}") }))
        }
    }
}

/// A file that nobody else can open.
fn unnamed_file() -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{MemfdFlags, memfd_create};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        Ok(File::from(memfd_create("compiled", flags)?))
    }
    #[cfg(not(target_os = "linux"))]
    tempfile::tempfile()
}

/// Sees to it that nobody can change the file any more, not even who still has it open.
fn seal(file: &File) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{SealFlags, fcntl_add_seals};
        let all = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(file, all)?;
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
    Ok(())
}
