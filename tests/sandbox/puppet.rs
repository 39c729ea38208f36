//! A program whose every call is decided from outside of the sandbox.
//!
//! The module reads requests from descriptor 0 — put these bytes into memory, send me those, call
//! that import with these arguments — and answers on descriptor 1. A test thus makes any call a
//! guest could make, with any pointer, and looks at what came back, without compiling a module for
//! each case.

use std::fmt::Write as _;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use greenroom::sandbox::{Exit, Job, ProgramSpec, Stdio};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::function;
use crate::stage::{self, runtime};

/// Memory that tests may use begins here; below are the request and the puppet's own vectors.
pub(crate) const FREE: u32 = 4096;
/// The size of the puppet's memory.
pub(crate) const MEMORY: u32 = 16 << 16;

const REQUEST: u32 = 256;
/// Operation, address or mask, and up to 16 arguments.
const REQUEST_SIZE: usize = 8 + 16 * 8;
const POKE: u32 = 0;
const PEEK: u32 = 1;
const CALL: u32 = 2;
/// How long an answer may take. Nothing that the tests call waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which imports a puppet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Preview1,
    Unstable,
    /// `wasi_snapshot_preview1` and `greenroom`: a program that knows the sandbox. It can fork:
    /// its copy exits with the closure's address, or, if that is [`FORK_SERVES`], takes requests
    /// from its own descriptors.
    Own,
}

/// The closure of a fork that takes requests.
pub(crate) const FORK_SERVES: u32 = 0x1000;

/// The puppet has ended instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended;

/// A running puppet.
pub(crate) struct Puppet {
    requests: PipeWriter,
    /// Requests that are sent together before an answer is awaited.
    unsent: Vec<u8>,
    replies: PipeReader,
    running: Option<tokio::task::JoinHandle<Exit>>,
}

impl Puppet {
    pub(crate) fn start(job: &Arc<Job>, kind: Kind) -> Self {
        Self::start_in(job, kind, &[], "/workspace")
    }

    pub(crate) fn start_in(job: &Arc<Job>, kind: Kind, environment: &[&str], cwd: &str) -> Self {
        let (stdin, requests) = std::io::pipe().unwrap();
        let (replies, stdout) = std::io::pipe().unwrap();
        let spec = ProgramSpec {
            program: b"puppet".to_vec(),
            module: Some(stage::module(&source(kind))),
            arguments: vec![b"puppet".to_vec(), b"second argument".to_vec()],
            environment: environment.iter().map(|item| item.as_bytes().to_vec()).collect(),
            cwd: cwd.to_owned(),
            stdio: [Stdio::Host(stdin.into()), Stdio::Host(stdout.into()), Stdio::Log],
        };
        let job = Arc::clone(job);
        let running = runtime().spawn(async move { job.run(spec).await.unwrap() });
        Self { requests, unsent: Vec::new(), replies, running: Some(running) }
    }

    /// Writes to the puppet's memory.
    pub(crate) fn poke(&mut self, at: u32, bytes: &[u8]) {
        self.request(POKE, at, &[bytes.len() as u64]);
        self.unsent.extend(bytes);
    }

    /// Reads the puppet's memory.
    pub(crate) fn peek(&mut self, at: u32, len: u32) -> Result<Vec<u8>, Ended> {
        self.request(PEEK, at, &[u64::from(len)]);
        self.reply(len as usize)
    }

    /// Calls an import and waits for its result.
    pub(crate) fn call(&mut self, name: &str, arguments: &[u64]) -> Result<u64, Ended> {
        self.begin(name, arguments);
        self.result()
    }

    /// Asks for a call and for memory as it is afterwards, which are to be fetched later with
    /// [`Puppet::result`] and [`Puppet::reply`]. An argument whose bit is set in `indirect` is an
    /// address, and stands for the number that is there when the call is made.
    pub(crate) fn prepare(
        &mut self,
        name: &str,
        arguments: &[u64],
        indirect: u32,
        places: &[(u32, u32)],
    ) {
        let (index, _) = function::find(name).unwrap_or_else(|| panic!("no function {name}"));
        self.request(CALL + index as u32, indirect, arguments);
        for (at, len) in places {
            self.request(PEEK, *at, &[u64::from(*len)]);
        }
    }

    /// Calls an import, whose result is to be fetched later.
    pub(crate) fn begin(&mut self, name: &str, arguments: &[u64]) {
        let (index, _) = function::find(name).unwrap_or_else(|| panic!("no function {name}"));
        self.request(CALL + index as u32, 0, arguments);
        self.send();
    }

    /// The result of the call that was begun.
    pub(crate) fn result(&mut self) -> Result<u64, Ended> {
        let bytes = self.reply(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().unwrap()))
    }

    /// Closes the puppet's input, whereupon it exits with status 0, and waits for its end.
    pub(crate) fn finish(mut self) -> Exit {
        let running = self.running.take().unwrap();
        drop(self);
        runtime()
            .block_on(async { tokio::time::timeout(PATIENCE, running).await })
            .expect("the puppet ends in time")
            .expect("the process does not panic")
    }

    fn request(&mut self, operation: u32, word: u32, arguments: &[u64]) {
        let mut request = [0; REQUEST_SIZE];
        request[..4].copy_from_slice(&operation.to_le_bytes());
        request[4..8].copy_from_slice(&word.to_le_bytes());
        for (place, argument) in request[8..].chunks_mut(8).zip(arguments) {
            place.copy_from_slice(&argument.to_le_bytes());
        }
        self.unsent.extend(request);
    }

    /// Sends what has been asked for so far.
    pub(crate) fn send(&mut self) {
        // A puppet that has ended shows when its answer is read.
        let _ = self.requests.write_all(&self.unsent);
        self.unsent.clear();
    }

    /// The answer to the oldest request that has one.
    pub(crate) fn reply(&mut self, len: usize) -> Result<Vec<u8>, Ended> {
        self.send();
        let mut bytes = vec![0; len];
        let mut used = 0;
        while used < len {
            let timeout = Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
            let mut fds = [PollFd::from_borrowed_fd(self.replies.as_fd(), PollFlags::IN)];
            let ready = rustix::event::poll(&mut fds, Some(&timeout)).unwrap();
            assert!(ready > 0, "no answer within {PATIENCE:?}");
            match self.replies.read(&mut bytes[used..]).unwrap() {
                0 => return Err(Ended),
                count => used += count,
            }
        }
        Ok(bytes)
    }
}

/// The puppet's source.
fn source(kind: Kind) -> String {
    let wasi = if kind == Kind::Unstable { "wasi_unstable" } else { "wasi_snapshot_preview1" };
    let (mut imports, mut calls) = (String::new(), String::new());
    for (index, function) in function::all().iter().enumerate() {
        if function.own && kind != Kind::Own {
            continue;
        }
        let module = if function.own { "greenroom" } else { wasi };
        let types: Vec<&str> =
            function.parameters.iter().flat_map(|p| p.types()).copied().collect();
        let name = function.name;
        let result = function.result.map(|ty| format!("(result {ty})")).unwrap_or_default();
        writeln!(
            imports,
            "(import \"{module}\" \"{name}\" (func ${name} (param {}) {result}))",
            types.join(" ")
        )
        .unwrap();
        let arguments: String = types
            .iter()
            .enumerate()
            .map(|(at, ty)| format!("({ty}.load (i32.const {}))", REQUEST as usize + 8 + 8 * at))
            .collect();
        let call = format!("(call ${name} {arguments})");
        let call = match function.result {
            None => call,
            Some("i64") => format!("(i64.store (i32.const {REQUEST}) {call})"),
            Some(_) => {
                format!("(i64.store (i32.const {REQUEST}) (i64.extend_i32_u {call}))")
            }
        };
        writeln!(
            calls,
            "(if (i32.eq (local.get $operation) (i32.const {})) (then {call}))",
            CALL as usize + index
        )
        .unwrap();
    }
    format!(
        r#"(module
{imports}
(memory (export "memory") {pages} {pages})
(global (export "__stack_pointer") (mut i32) (i32.const 0))
(func $take (param $at i32) (param $left i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $left)))
    (i32.store (i32.const 8) (local.get $at))
    (i32.store (i32.const 12) (local.get $left))
    (if (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 16))
      (then (call $proc_exit (i32.const 99))))
    (if (i32.eqz (i32.load (i32.const 16))) (then (call $proc_exit (i32.const 0))))
    (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
    (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 16))))
    (br $more))))
(func $give (param $at i32) (param $left i32)
  (block $done (loop $more
    (br_if $done (i32.eqz (local.get $left)))
    (i32.store (i32.const 8) (local.get $at))
    (i32.store (i32.const 12) (local.get $left))
    (if (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))
      (then (call $proc_exit (i32.const 98))))
    (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
    (local.set $left (i32.sub (local.get $left) (i32.load (i32.const 16))))
    (br $more))))
(func $serve
  (local $operation i32) (local $mask i32) (local $argument i32)
  (loop $next
    (call $take (i32.const {REQUEST}) (i32.const {REQUEST_SIZE}))
    (local.set $operation (i32.load (i32.const {REQUEST})))
    (if (i32.eq (local.get $operation) (i32.const {POKE})) (then
      (call $take (i32.load (i32.const {at})) (i32.load (i32.const {argument})))
      (br $next)))
    (if (i32.eq (local.get $operation) (i32.const {PEEK})) (then
      (call $give (i32.load (i32.const {at})) (i32.load (i32.const {argument})))
      (br $next)))
    (local.set $mask (i32.load (i32.const {at})))
    (local.set $argument (i32.const {argument}))
    (block $direct (loop $indirect
      (br_if $direct (i32.eqz (local.get $mask)))
      (if (i32.and (local.get $mask) (i32.const 1)) (then
        (i64.store (local.get $argument)
          (i64.load32_u (i32.load (local.get $argument))))))
      (local.set $mask (i32.shr_u (local.get $mask) (i32.const 1)))
      (local.set $argument (i32.add (local.get $argument) (i32.const 8)))
      (br $indirect)))
    {calls}
    (call $give (i32.const {REQUEST}) (i32.const 8))
    (br $next)))
(func (export "__greenroom_child") (param $closure i32)
  (if (i32.eq (local.get $closure) (i32.const {FORK_SERVES})) (then (call $serve)))
  (call $proc_exit (local.get $closure)))
(func (export "_start") (call $serve)))
"#,
        pages = MEMORY >> 16,
        at = REQUEST + 4,
        argument = REQUEST + 8,
    )
}
