//! WASI error numbers (`wasi_snapshot_preview1.witx`, type `errno`) and how host errors become them.

use std::io;

/// A WASI errno other than success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Errno(pub(crate) u16);

macro_rules! errnos {
    ($($name:ident = $number:literal $(from $($posix:ident)|+)?;)*) => {
        impl Errno {
            $(#[allow(dead_code, reason = "the list is the specification's")] pub(crate) const $name: Self = Self($number);)*

            fn of_posix(errno: rustix::io::Errno) -> Option<Self> {
                use rustix::io::Errno as Posix;
                Some(match errno {
                    $($($(Posix::$posix)|+ => Self::$name,)?)*
                    _ => return None,
                })
            }
        }
    };
}

errnos! {
    TOOBIG = 1 from TOOBIG;
    ACCES = 2 from ACCESS;
    AGAIN = 6 from AGAIN;
    BADF = 8 from BADF;
    BUSY = 10 from BUSY;
    CHILD = 12 from CHILD;
    DEADLK = 16 from DEADLK;
    DQUOT = 19 from DQUOT;
    EXIST = 20 from EXIST;
    FAULT = 21 from FAULT;
    FBIG = 22 from FBIG;
    ILSEQ = 25 from ILSEQ;
    INTR = 27 from INTR;
    INVAL = 28 from INVAL;
    IO = 29 from IO;
    ISDIR = 31 from ISDIR;
    LOOP = 32 from LOOP;
    MFILE = 33 from MFILE;
    MLINK = 34 from MLINK;
    NAMETOOLONG = 37 from NAMETOOLONG;
    NFILE = 41 from NFILE;
    NODEV = 43 from NODEV;
    NOENT = 44 from NOENT;
    NOEXEC = 45 from NOEXEC;
    NOLCK = 46 from NOLCK;
    NOMEM = 48 from NOMEM;
    NOSPC = 51 from NOSPC;
    NOSYS = 52 from NOSYS;
    NOTCONN = 53 from NOTCONN;
    NOTDIR = 54 from NOTDIR;
    NOTEMPTY = 55 from NOTEMPTY;
    NOTSOCK = 57 from NOTSOCK;
    NOTSUP = 58 from OPNOTSUPP;
    NOTTY = 59 from NOTTY;
    NXIO = 60 from NXIO;
    OVERFLOW = 61 from OVERFLOW;
    PERM = 63 from PERM;
    PIPE = 64 from PIPE;
    RANGE = 68 from RANGE;
    ROFS = 69 from ROFS;
    SPIPE = 70 from SPIPE;
    SRCH = 71 from SRCH;
    STALE = 72 from STALE;
    TIMEDOUT = 73 from TIMEDOUT;
    TXTBSY = 74 from TXTBSY;
    XDEV = 75 from XDEV;
    NOTCAPABLE = 76;
}

impl From<rustix::io::Errno> for Errno {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::of_posix(errno).unwrap_or(Self::IO)
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        if let Some(raw) = error.raw_os_error() {
            return Self::from(rustix::io::Errno::from_raw_os_error(raw));
        }
        match error.kind() {
            io::ErrorKind::NotFound => Self::NOENT,
            // cap-std's own answer to a path that would leave its directory.
            io::ErrorKind::PermissionDenied => Self::PERM,
            io::ErrorKind::AlreadyExists => Self::EXIST,
            io::ErrorKind::InvalidInput => Self::INVAL,
            io::ErrorKind::NotADirectory => Self::NOTDIR,
            io::ErrorKind::IsADirectory => Self::ISDIR,
            io::ErrorKind::DirectoryNotEmpty => Self::NOTEMPTY,
            io::ErrorKind::Unsupported => Self::NOTSUP,
            io::ErrorKind::OutOfMemory => Self::NOMEM,
            io::ErrorKind::Interrupted => Self::INTR,
            io::ErrorKind::WouldBlock => Self::AGAIN,
            io::ErrorKind::BrokenPipe => Self::PIPE,
            _ => Self::IO,
        }
    }
}

impl From<std::num::TryFromIntError> for Errno {
    fn from(_: std::num::TryFromIntError) -> Self {
        Self::INVAL
    }
}

/// The result of a WASI call.
pub(crate) type Result<T> = std::result::Result<T, Errno>;
