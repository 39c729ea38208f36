//! Programs that misbehave in one way each, for tests to start as commands.

/// Imports and memory that all of them have. The name of the program itself lies at 64, with a NUL
/// byte after it, and `/workspace` at 128.
fn program(name: &str, imports: &str, rest: &str) -> String {
    let length = name.len();
    format!(
        r#"(module
(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
(import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
{imports}
(global $name i32 (i32.const {length}))
(data (i32.const 64) "{name}\00")
(data (i32.const 128) "/workspace")
{rest})"#
    )
}

const MEMORY: &str = "(memory (export \"memory\") 1)";
const SPAWN: &str = "(import \"greenroom\" \"spawn\" (func $spawn (param i32 i32 i32 i32 i32 i32 \
                     i32 i32 i32 i32 i32 i32) (result i32)))";

fn simple(name: &str, body: &str) -> String {
    program(name, "", &format!("{MEMORY} (func (export \"_start\") {body})"))
}

/// Starts itself with the descriptors 1 and 2.
const START_ITSELF: &str = "(call $spawn (i32.const 64) (global.get $name) (i32.const 64) \
    (i32.add (global.get $name) (i32.const 1)) (i32.const 0) (i32.const 0) (i32.const 128) \
    (i32.const 10) (i32.const 0) (i32.const 0) (local.get $flags) (i32.const 256))";

/// Exits with a status.
pub(crate) fn exits(status: u8) -> String {
    simple("exits", &format!("(call $exit (i32.const {status}))"))
}

/// Ends by a trap.
pub(crate) fn traps() -> String {
    simple("traps", "unreachable")
}

/// Never ends and calls nothing.
pub(crate) fn spins() -> String {
    simple("spins", "(loop $on (br $on))")
}

/// Never gets as far as `_start`.
pub(crate) fn spins_at_its_start() -> String {
    let rest = format!(
        "{MEMORY} (func $first (loop $on (br $on))) (start $first) (func (export \"_start\"))"
    );
    program("first", "", &rest)
}

/// Makes arrays that a garbage collector would have to collect.
pub(crate) fn makes_garbage() -> String {
    let rest = format!(
        "(type $bytes (array (mut i8))) {MEMORY}
         (func (export \"_start\")
           (loop $on (drop (array.new_default $bytes (i32.const 1000000))) (br $on)))"
    );
    program("garbage", "", &rest)
}

/// Sleeps for a day.
pub(crate) fn sleeps() -> String {
    let body = "(i32.store (i32.const 528) (i32.const 1))
                (i64.store (i32.const 536) (i64.const 86400000000000))
                (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 2048)))
                (call $exit (i32.const 77))";
    simple("sleeps", body)
}

/// Reads one byte from descriptor 0 and exits with the number of bytes that it got.
pub(crate) fn reads() -> String {
    let body = "(i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 1))
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (call $exit (i32.load (i32.const 8)))";
    simple("reads", body)
}

/// Writes to descriptor 1 until that fails, then exits with the errno. What it writes has no line
/// ends.
pub(crate) fn floods() -> String {
    let body = "(memory.fill (i32.const 4096) (i32.const 121) (i32.const 61440))
                (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 61440))
                (loop $on
                  (i32.store (i32.const 12)
                    (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
                  (br_if $on (i32.eqz (i32.load (i32.const 12)))))
                (call $exit (i32.load (i32.const 12)))";
    simple("floods", body)
}

/// Calls itself without end.
pub(crate) fn recurses() -> String {
    let rest = format!(
        "{MEMORY} (func $deeper (param i64) (result i64)
            (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (i64.const 1)))
         (func (export \"_start\") (drop (call $deeper (i64.const 0))))"
    );
    program("recurses", "", &rest)
}

/// Grows its memory until that is refused, then traps.
pub(crate) fn grows() -> String {
    simple(
        "grows",
        "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 256)) (i32.const -1)))) unreachable",
    )
}

/// Grows its table until that is refused, then traps.
pub(crate) fn grows_a_table() -> String {
    let rest = format!(
        "{MEMORY} (table $t 1 funcref)
         (func (export \"_start\")
           (loop $on (br_if $on (i32.ne
             (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))) unreachable)"
    );
    program("tables", "", &rest)
}

/// Starts itself over and over, in the background.
pub(crate) fn multiplies() -> String {
    let rest = format!(
        "{MEMORY} (func (export \"_start\") (local $flags i32)
           (loop $on (drop {START_ITSELF}) (br $on)))"
    );
    program("multiplies", SPAWN, &rest)
}

/// Starts itself in the background and exits, and so does its child.
pub(crate) fn replaces_itself() -> String {
    let rest =
        format!("{MEMORY} (func (export \"_start\") (local $flags i32) (drop {START_ITSELF}))");
    program("replaces", SPAWN, &rest)
}

/// Starts `zero` in the background until that is refused, and exits with the errno.
pub(crate) fn never_waits() -> String {
    let rest = format!(
        "{MEMORY} (data (i32.const 192) \"zero\\00\")
         (func (export \"_start\") (local $answer i32) (local $refused i32)
           (loop $on
             (local.set $answer (call $spawn (i32.const 192) (i32.const 4) (i32.const 192)
               (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 10)
               (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256)))
             (if (i32.gt_s (local.get $answer) (i32.const 0)) (then
               (local.set $refused (i32.const 0)) (br $on)))
             ;; The limit of live processes is reached now and then as well: give them time.
             (i64.store (i32.const 536) (i64.const 5000000))
             (i32.store (i32.const 528) (i32.const 1))
             (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 2048)))
             (local.set $refused (i32.add (local.get $refused) (i32.const 1)))
             (br_if $on (i32.lt_u (local.get $refused) (i32.const 100))))
           (call $exit (i32.sub (i32.const 0) (local.get $answer))))"
    );
    program("never", SPAWN, &rest)
}

/// Tries to make a copy of itself, although it has a global that is not copied, and exits with the
/// errno.
pub(crate) fn cannot_be_copied() -> String {
    let rest = format!(
        "{MEMORY} (global (export \"__stack_pointer\") (mut i32) (i32.const 65536))
         (global $other (mut i32) (i32.const 1))
         (func (export \"__greenroom_child\") (param i32) (call $exit (i32.const 1)))
         (func (export \"_start\")
           (call $exit (i32.sub (i32.const 0) (call $fork (i32.const 0) (i32.const 0)
             (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 256)))))"
    );
    let import = "(import \"greenroom\" \"fork_call\" (func $fork (param i32 i32 i32 i32 i32 i32) \
                  (result i32)))";
    program("uncopied", import, &rest)
}

/// Starts itself in the foreground and exits with what the child exited with; where no child can
/// be started, with 33.
pub(crate) fn nests() -> String {
    let rest = format!(
        "{MEMORY} (func (export \"_start\") (local $flags i32)
           (local.set $flags (i32.const 1))
           (if (i32.lt_s {START_ITSELF} (i32.const 0)) (then (call $exit (i32.const 33))))
           (call $exit (i32.load (i32.const 260))))"
    );
    program("nests", SPAWN, &rest)
}

/// Starts `sleeps`, with the flags of `spawn`, and exits.
pub(crate) fn sleeps_as_child(name: &str, flags: u32) -> String {
    let rest = format!(
        "{MEMORY} (data (i32.const 192) \"sleeps\\00\")
         (func (export \"_start\")
           (drop (call $spawn (i32.const 192) (i32.const 6) (i32.const 192) (i32.const 7)
             (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 10)
             (i32.const 0) (i32.const 0) (i32.const {flags}) (i32.const 256))))"
    );
    program(name, SPAWN, &rest)
}

/// Reads the file `secret` of its working directory, lists that directory, and writes both to
/// descriptor 2.
pub(crate) fn reads_a_secret() -> String {
    let imports = r#"
        (import "wasi_snapshot_preview1" "path_open"
          (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_readdir"
          (func $list (param i32 i32 i32 i64 i32) (result i32)))"#;
    let rest = format!(
        r#"{MEMORY} (data (i32.const 192) "secret")
        (func $put (call $exit_on_error (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))))
        (func $exit_on_error (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
        (func (export "_start")
          (i32.store (i32.const 0) (i32.const 4096))
          (call $exit_on_error (call $list (i32.const 3) (i32.const 4096) (i32.const 4096) (i64.const 0) (i32.const 4)))
          (call $put)
          (call $exit_on_error (call $open (i32.const 3) (i32.const 1) (i32.const 192) (i32.const 6)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
          (i32.store (i32.const 4) (i32.const 4096))
          (call $exit_on_error
            (call $read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 4)))
          (call $put))"#
    );
    program("reader", imports, &rest)
}

/// Wants more memory from the start than a slot of the pool has.
pub(crate) fn starts_large(pages: u32) -> String {
    let rest = format!("(memory (export \"memory\") {pages}) (func (export \"_start\"))");
    program("large", "", &rest)
}
