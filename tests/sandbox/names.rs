//! The names of the specification's numbers (`wasi_snapshot_preview1.witx`).

use crate::puppet::Kind;

/// `errno`, by number.
const ERRNO: &str = "ok TOOBIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG \
    BUSY CANCELED CHILD CONNABORTED CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST \
    FAULT FBIG HOSTUNREACH IDRM ILSEQ INPROGRESS INTR INVAL IO ISCONN ISDIR LOOP MFILE MLINK \
    MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET NETUNREACH NFILE NOBUFS NODEV NOENT NOEXEC \
    NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR NOTEMPTY NOTRECOVERABLE \
    NOTSOCK NOTSUP NOTTY NXIO OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT PROTOTYPE RANGE \
    ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV NOTCAPABLE";

/// `rights`, by bit.
const RIGHTS: &str = "FD_DATASYNC FD_READ FD_SEEK FD_FDSTAT_SET_FLAGS FD_SYNC FD_TELL FD_WRITE \
    FD_ADVISE FD_ALLOCATE PATH_CREATE_DIRECTORY PATH_CREATE_FILE PATH_LINK_SOURCE \
    PATH_LINK_TARGET PATH_OPEN FD_READDIR PATH_READLINK PATH_RENAME_SOURCE PATH_RENAME_TARGET \
    PATH_FILESTAT_GET PATH_FILESTAT_SET_SIZE PATH_FILESTAT_SET_TIMES FD_FILESTAT_GET \
    FD_FILESTAT_SET_SIZE FD_FILESTAT_SET_TIMES PATH_SYMLINK PATH_REMOVE_DIRECTORY \
    PATH_UNLINK_FILE POLL_FD_READWRITE SOCK_SHUTDOWN SOCK_ACCEPT";

/// Flags and enumerations; a name means the same wherever it is used.
const CONSTANTS: &[(&str, &[&str])] = &[
    // Bits.
    ("|", &["CREAT", "DIRECTORY", "EXCL", "TRUNC"]),
    ("|", &["APPEND", "DSYNC", "NONBLOCK", "RSYNC", "SYNC"]),
    ("|", &["FOLLOW"]),
    ("|", &["ATIM", "ATIM_NOW", "MTIM", "MTIM_NOW"]),
    ("|", &["RD", "WR"]),
    // Numbers.
    ("", &["REALTIME", "MONOTONIC", "PROCESS", "THREAD"]),
    ("", &["NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE"]),
    ("", &["UNKNOWN", "BLOCK", "CHAR", "DIR", "REG", "DGRAM", "STREAM", "LINK"]),
];

/// The name of an errno.
pub(crate) fn errno(number: u64) -> String {
    let name = usize::try_from(number).ok().and_then(|n| ERRNO.split_ascii_whitespace().nth(n));
    name.map_or_else(|| format!("errno {number}"), str::to_owned)
}

/// Whether an errno has this name.
pub(crate) fn is_errno(name: &str) -> bool {
    ERRNO.split_ascii_whitespace().any(|errno| errno == name)
}

/// The value of a named constant.
pub(crate) fn constant(kind: Kind, name: &str) -> Option<u64> {
    // The order of `whence` is all that the numbers of the snapshots differ in.
    let whence = if kind == Kind::Unstable { ["CUR", "END", "SET"] } else { ["SET", "CUR", "END"] };
    if let Some(value) = whence.iter().position(|w| *w == name) {
        return Some(value as u64);
    }
    if name == "ALL" {
        return Some((1 << 30) - 1);
    }
    if let Some(bit) = RIGHTS.split_ascii_whitespace().position(|right| right == name) {
        return Some(1 << bit);
    }
    CONSTANTS.iter().find_map(|(joined, names)| {
        let index = names.iter().position(|n| *n == name)?;
        Some(if *joined == "|" { 1 << index } else { index as u64 })
    })
}
