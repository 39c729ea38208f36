//! The store of compiled modules: what it keeps, and what it refuses to trust.

use greenroom::sandbox::store::{
    CompileError, CompileLimits, Compiled, Digest, ModuleFacts, ModuleStore, Progress, Source,
    SourceBytes, StoreWarning,
};
use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wasmtime::{Engine, Instance, Store};

/// A module whose function `f` returns `value`.
fn module(value: i32) -> Vec<u8> {
    wat::parse_str(format!(r#"(module (func (export "f") (result i32) i32.const {value}))"#))
        .expect("valid text")
}

/// What `f` returns, and so whether the right code was loaded.
fn call(compiled: &Compiled) -> i32 {
    let Compiled::Module(module, _) = compiled else { panic!("not a module") };
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, module, &[]).expect("instantiates");
    let f = instance.get_typed_func::<(), i32>(&mut store, "f").expect("exports f");
    f.call(&mut store, ()).expect("runs")
}

struct Loaded {
    compiled: Compiled,
    warnings: Vec<StoreWarning>,
    was_compiled: bool,
}

/// Loads as a new process would: nothing is remembered but what is in the directory.
fn load_anew(dir: &Path, engine: &Engine, bytes: &[u8]) -> Loaded {
    let (store, mut warnings) = ModuleStore::open(dir);
    let mut loaded = load(&store, engine, bytes);
    warnings.append(&mut loaded.warnings);
    Loaded { warnings, ..loaded }
}

fn load(store: &ModuleStore, engine: &Engine, bytes: &[u8]) -> Loaded {
    let compiles = Cell::new(0);
    let progress = |progress: Progress<'_>| {
        if let Progress::Compiling { name, bytes: size, .. } = progress {
            assert_eq!((name, size), ("test.wasm", bytes.len() as u64));
            compiles.set(compiles.get() + 1);
        }
    };
    let source = Source::memory("test.wasm", bytes);
    let (compiled, warnings) = store.load(engine, &source, &progress).expect("loads");
    assert!(compiles.get() <= 1);
    Loaded { compiled, warnings, was_compiled: compiles.get() == 1 }
}

fn place() -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a directory");
    let dir = place.path().join("cache/greenroom/modules");
    (place, dir)
}

/// The files whose name ends so.
fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    files.sort();
    files
}

fn only_entry(dir: &Path) -> PathBuf {
    let entries = files(dir, ".cwasm");
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.into_iter().next().expect("one entry")
}

/// Rewrites a file although its mode forbids it.
fn overwrite(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("writable");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The entry is not used, it is compiled anew, the result is right, and next time all is well.
#[track_caller]
fn assert_replaced(dir: &Path, engine: &Engine, value: i32, reason: &str) {
    let loaded = load_anew(dir, engine, &module(value));
    assert!(loaded.was_compiled);
    assert_eq!(call(&loaded.compiled), value);
    match loaded.warnings.as_slice() {
        [StoreWarning::Distrusted { name, reason: found, .. }] => {
            assert_eq!(name, "test.wasm");
            assert!(found.contains(reason), "{found:?} does not contain {reason:?}");
        }
        other => panic!("unexpected warnings: {other:?}"),
    }
    let loaded = load_anew(dir, engine, &module(value));
    assert!(!loaded.was_compiled && loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(call(&loaded.compiled), value);
}

#[test]
fn a_second_process_does_not_compile() {
    let (_place, dir) = place();
    let engine = Engine::default();
    let first = load_anew(&dir, &engine, &module(1));
    assert!(first.was_compiled && first.warnings.is_empty(), "{:?}", first.warnings);
    let again = load_anew(&dir, &Engine::default(), &module(1));
    assert!(!again.was_compiled && again.warnings.is_empty(), "{:?}", again.warnings);
    assert_eq!((call(&first.compiled), call(&again.compiled)), (1, 1));

    let other = load_anew(&dir, &engine, &module(2));
    assert!(other.was_compiled);
    assert_eq!(call(&other.compiled), 2);
    assert_eq!(files(&dir, ".cwasm").len(), 2);
    assert_eq!(files(&dir, ".lock").len(), 0);
    assert!(fs::read_dir(&dir).expect("listed").count() <= 5, "entries, key and stamps only");
}

#[test]
fn the_directory_is_private() {
    let (_place, dir) = place();
    load_anew(&dir, &Engine::default(), &module(1));
    let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("key")), 0o600);
    assert_eq!(mode(&only_entry(&dir)), 0o600);
    // One that others can only read is tightened.
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("chmod");
    assert!(!load_anew(&dir, &Engine::default(), &module(1)).was_compiled);
    assert_eq!(mode(&dir), 0o700);
}

#[test]
fn an_entry_serves_only_the_engine_configuration_it_was_made_for() {
    let (_place, dir) = place();
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    let other = Engine::new(&config).expect("an engine");
    assert!(load_anew(&dir, &Engine::default(), &module(1)).was_compiled);
    assert!(load_anew(&dir, &other, &module(1)).was_compiled);
    assert!(!load_anew(&dir, &other, &module(1)).was_compiled);
    assert_eq!(files(&dir, ".cwasm").len(), 2);
}

#[test]
fn within_a_process_a_program_is_loaded_once_for_each_engine() {
    let (_place, dir) = place();
    let (store, _) = ModuleStore::open(&dir);
    let (engine, twin) = (Engine::default(), Engine::default());
    assert!(load(&store, &engine, &module(1)).was_compiled);
    let again = load(&store, &engine, &module(1));
    assert!(!again.was_compiled);
    // Instantiating with the module of another engine would panic.
    let other = load(&store, &twin, &module(1));
    assert_eq!(call(&other.compiled), 1);
    let Compiled::Module(module, _) = &other.compiled else { panic!("not a module") };
    assert!(Engine::same(module.engine(), &twin));
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let (_place, dir) = place();
    let engine = Engine::default();
    load_anew(&dir, &engine, &module(7));
    let entry = only_entry(&dir);
    let good = fs::read(&entry).expect("readable");
    let trailer = good.len() - 120;
    let positions = (0..trailer).step_by(trailer / 40).chain((trailer..good.len()).step_by(3));
    for position in positions {
        let mut bad = fs::read(&entry).expect("readable");
        bad[position] ^= 1 << (position % 8);
        overwrite(&entry, &bad);
        assert_replaced(&dir, &engine, 7, "");
        assert_eq!(files(&dir, ".bad").len(), 1, "it is kept for inspection");
    }
}

#[test]
fn a_cut_or_lengthened_entry_is_noticed() {
    let (_place, dir) = place();
    let engine = Engine::default();
    load_anew(&dir, &engine, &module(7));
    let entry = only_entry(&dir);
    let good = fs::read(&entry).expect("readable");
    for length in [0, 1, 119, 120, 121, 4096, good.len() / 2, good.len() - 120, good.len() - 1] {
        overwrite(&entry, &good[..length]);
        assert_replaced(&dir, &engine, 7, "");
    }
    let good = fs::read(&entry).expect("readable");
    overwrite(&entry, &[good.as_slice(), b"x"].concat());
    assert_replaced(&dir, &engine, 7, "");
    // A whole trailer behind another one.
    let good = fs::read(&entry).expect("readable");
    overwrite(&entry, &[good.as_slice(), &good[good.len() - 120..]].concat());
    assert_replaced(&dir, &engine, 7, "");
}

#[test]
fn an_authentic_entry_of_another_program_is_not_used() {
    let (_place, dir) = place();
    let engine = Engine::default();
    load_anew(&dir, &engine, &module(1));
    let one = only_entry(&dir);
    load_anew(&dir, &engine, &module(2));
    let two = files(&dir, ".cwasm").into_iter().find(|path| *path != one).expect("the other");
    overwrite(&one, &fs::read(&two).expect("readable"));
    assert_replaced(&dir, &engine, 1, "belongs to another program");
}

#[test]
fn an_authentic_entry_of_another_engine_or_store_is_not_used() {
    let (_place, dir) = place();
    let engine = Engine::default();
    let mut config = wasmtime::Config::new();
    config.consume_fuel(true);
    let other = Engine::new(&config).expect("an engine");
    load_anew(&dir, &engine, &module(1));
    let mine = only_entry(&dir);
    load_anew(&dir, &other, &module(1));
    let theirs = files(&dir, ".cwasm").into_iter().find(|path| *path != mine).expect("the other");
    overwrite(&mine, &fs::read(&theirs).expect("readable"));
    assert_replaced(&dir, &engine, 1, "belongs to another program");

    let (_elsewhere, foreign) = place_with(&engine, 1);
    overwrite(&mine, &fs::read(only_entry(&foreign)).expect("readable"));
    assert_replaced(&dir, &engine, 1, "belongs to another program");
}

fn place_with(engine: &Engine, value: i32) -> (TempDir, PathBuf) {
    let (place, dir) = place();
    load_anew(&dir, engine, &module(value));
    (place, dir)
}

#[test]
fn links_pipes_and_directories_in_place_of_an_entry_are_not_followed() {
    let engine = Engine::default();
    let (_place, dir) = place_with(&engine, 3);
    let entry = only_entry(&dir);

    let moved = dir.with_file_name("moved");
    fs::rename(&entry, &moved).expect("renames");
    symlink(&moved, &entry).expect("links");
    assert_replaced(&dir, &engine, 3, "symbolic link");
    assert!(moved.exists(), "what a link points at is left alone");

    fs::remove_file(&entry).expect("removes");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &entry,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .expect("a named pipe");
    assert_replaced(&dir, &engine, 3, "not a file"); // and does not hang

    fs::remove_file(&entry).expect("removes");
    fs::create_dir(&entry).expect("a directory");
    assert_replaced(&dir, &engine, 3, "not a file");
}

#[test]
fn an_entry_that_others_can_write_or_own_is_not_used() {
    let engine = Engine::default();
    let (_place, dir) = place_with(&engine, 3);
    let entry = only_entry(&dir);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&entry, fs::Permissions::from_mode(mode)).expect("chmod");
        assert_replaced(&dir, &engine, 3, "others can write to it");
    }
    if is_root() {
        std::os::unix::fs::chown(&entry, Some(12345), None).expect("chown");
        assert_replaced(&dir, &engine, 3, "belongs to user 12345");
    }
}

#[test]
fn a_damaged_key_is_replaced_and_its_entries_are_not_trusted() {
    let engine = Engine::default();
    let (_place, dir) = place_with(&engine, 3);
    let key = dir.join("key");
    let mut bytes = fs::read(&key).expect("readable");
    bytes[20] ^= 1;
    overwrite(&key, &bytes);
    let loaded = load_anew(&dir, &engine, &module(3));
    assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::KeyReplaced { .. }]));
    assert!(loaded.was_compiled);
    assert!(!load_anew(&dir, &engine, &module(3)).was_compiled);

    // A key from somewhere else: sound, but the entries were made under another.
    let (_elsewhere, foreign) = place_with(&engine, 3);
    fs::copy(foreign.join("key"), &key).expect("copies");
    let loaded = load_anew(&dir, &engine, &module(3));
    assert!(loaded.was_compiled && loaded.warnings.is_empty(), "{:?}", loaded.warnings);

    fs::remove_file(&key).expect("removes");
    symlink(foreign.join("key"), &key).expect("links");
    let loaded = load_anew(&dir, &engine, &module(3));
    assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::KeyReplaced { .. }]));
    assert!(loaded.was_compiled);
    if is_root() {
        std::os::unix::fs::chown(&key, Some(12345), None).expect("chown");
        let loaded = load_anew(&dir, &engine, &module(3));
        assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::KeyReplaced { .. }]));
    }
}

#[track_caller]
fn assert_unusable(dir: &Path, reason: &str) {
    let engine = Engine::default();
    let loaded = load_anew(dir, &engine, &module(5));
    assert!(loaded.was_compiled);
    assert_eq!(call(&loaded.compiled), 5);
    match loaded.warnings.as_slice() {
        [warning @ StoreWarning::Unusable { .. }] => {
            let text = warning.to_string();
            assert!(text.contains(reason), "{text:?} does not contain {reason:?}");
            assert!(text.contains("GREENROOM_CACHE_DIR"), "no next step: {text:?}");
        }
        other => panic!("unexpected warnings: {other:?}"),
    }
    assert!(load_anew(dir, &engine, &module(5)).was_compiled, "it must not be used");
}

#[test]
fn a_directory_that_is_not_ours_alone_is_not_used() {
    let (place, dir) = place_with(&Engine::default(), 5);
    for mode in [0o777, 0o720, 0o702] {
        fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).expect("chmod");
        assert_unusable(&dir, "other users can write to it");
    }
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).expect("chmod");
    assert!(!load_anew(&dir, &Engine::default(), &module(5)).was_compiled);

    let link = place.path().join("link");
    symlink(&dir, &link).expect("links");
    assert_unusable(&link, "not a directory");
    let file = place.path().join("file");
    fs::write(&file, "").expect("writes");
    assert_unusable(&file, "not a directory");
    assert_unusable(&file.join("below"), "not a directory");
    assert_unusable(Path::new("/proc/none/of/this"), "cannot be opened");

    if is_root() {
        std::os::unix::fs::chown(&dir, Some(12345), None).expect("chown");
        assert_unusable(&dir, "belongs to user 12345");
    } else {
        assert_unusable(Path::new("/"), "belongs to user 0");
    }
}

#[test]
fn a_program_is_usable_when_it_cannot_be_kept() {
    let (_place, dir) = place();
    let engine = Engine::default();
    let (store, warnings) = ModuleStore::open(&dir);
    assert!(warnings.is_empty(), "{warnings:?}");
    fs::remove_dir_all(&dir).expect("removes"); // every write fails from now on
    let first = load(&store, &engine, &module(1));
    assert_eq!(call(&first.compiled), 1);
    assert!(matches!(first.warnings.as_slice(), [StoreWarning::NotKept { .. }]));
    let second = load(&store, &engine, &module(2));
    assert_eq!(call(&second.compiled), 2);
    assert!(second.warnings.is_empty(), "said once: {:?}", second.warnings);
    assert!(!load(&store, &engine, &module(1)).was_compiled, "it stays in memory");
}

#[test]
fn the_store_stays_below_its_limit_and_forgets_what_was_not_used_for_longest() {
    let (_place, dir) = place();
    let engine = Engine::default();
    load_anew(&dir, &engine, &module(1));
    let size = fs::metadata(only_entry(&dir)).expect("exists").len();
    let limited = |value| {
        let (store, _) = ModuleStore::open(&dir);
        load(&store.with_size_limit(size * 2 + size / 2), &engine, &module(value)).was_compiled
    };
    let age = |seconds: u64| {
        let when = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds);
        for file in files(&dir, ".cwasm") {
            let file = fs::File::options().append(true).open(file).expect("opens");
            let old = file.metadata().expect("exists").modified().expect("a time");
            if old > when + std::time::Duration::from_secs(50) {
                file.set_modified(when).expect("sets the time");
            }
        }
    };
    age(300);
    assert!(limited(2));
    age(200);
    assert!(limited(3), "room for two");
    assert_eq!(files(&dir, ".cwasm").len(), 2);
    assert!(!limited(2) && !limited(3));
    assert!(limited(1), "the oldest has gone");
}

#[test]
fn forkable_is_told_from_the_globals_and_survives_the_store() {
    let cases = [
        // Imports of the module, its other fields, forkable.
        ("", r#"(global (export "__stack_pointer") (mut i32) (i32.const 1))"#, false, false),
        (GREENROOM, r#"(global (export "__stack_pointer") (mut i32) (i32.const 1))"#, true, true),
        (GREENROOM, r#"(global (mut i32) (i32.const 1))"#, true, false),
        (GREENROOM, r#"(global (export "__stack_pointer") i32 (i32.const 1))"#, true, false),
        (GREENROOM, r#"(global (export "__stack_pointer") (mut i64) (i64.const 1))"#, true, false),
        (GREENROOM, r#"(global (export "sp") (mut i32) (i32.const 1))"#, true, false),
        (GREENROOM, "", true, false),
        (
            GREENROOM,
            r#"(global i32 (i32.const 5)) (global $s (mut i32) (i32.const 1))
               (global i64 (i64.const 5)) (export "__stack_pointer" (global $s))"#,
            true,
            true,
        ),
        (
            GREENROOM,
            r#"(global (mut i32) (i32.const 5)) (global $s (mut i32) (i32.const 1))
               (export "__stack_pointer" (global $s))"#,
            true,
            false,
        ),
        (
            GREENROOM,
            r#"(global (mut i32) (i32.const 5)) (global $s i32 (i32.const 1))
               (export "__stack_pointer" (global $s))"#,
            true,
            false,
        ),
        (
            r#"(import "greenroom" "g" (global (mut i32)))"#,
            r#"(global (export "__stack_pointer") (mut i32) (i32.const 1))"#,
            true,
            false,
        ),
        (
            r#"(import "greenroom" "g" (global i32))"#,
            r#"(global (export "__stack_pointer") (mut i32) (i32.const 1))"#,
            true,
            true,
        ),
        (
            GREENROOM,
            r#"(table 4 funcref) (global (export "__stack_pointer") (mut i32) (i32.const 1))
               (func (table.set (i32.const 1) (ref.null func)))"#,
            true,
            false,
        ),
        (
            GREENROOM,
            r#"(table 4 funcref) (global (export "__stack_pointer") (mut i32) (i32.const 1))
               (func (drop (table.get (i32.const 1))))"#,
            true,
            true,
        ),
        (
            GREENROOM,
            r#"(memory 1) (global (export "__stack_pointer") (mut i32) (i32.const 1))"#,
            true,
            false,
        ),
    ];
    let (_place, dir) = place();
    let engine = Engine::default();
    for (imports, fields, imports_greenroom, forkable) in cases {
        let text = format!(
            r#"(module {imports} (memory (export "memory") 1) {fields} (func (export "_start")))"#
        );
        let bytes = wat::parse_str(&text).expect("valid text");
        let expected = ModuleFacts { imports_greenroom, forkable, command: true };
        for compiles in [true, false] {
            let loaded = load_anew(&dir, &engine, &bytes);
            assert_eq!(loaded.was_compiled, compiles, "{text}");
            let Compiled::Module(_, facts) = loaded.compiled else { panic!("not a module") };
            assert_eq!(facts, expected, "{text}");
        }
    }
    let loaded = load_anew(&dir, &engine, &module(1));
    let Compiled::Module(_, facts) = loaded.compiled else { panic!("not a module") };
    assert_eq!(facts, ModuleFacts::default());
}

const GREENROOM: &str = r#"(import "greenroom" "getpid" (func (result i32)))"#;

#[test]
fn components_are_told_from_modules_and_kept_too() {
    let (_place, dir) = place();
    let engine = Engine::default();
    let bytes = wat::parse_str("(component (core module (func)))").expect("valid text");
    for compiles in [true, false, false] {
        let loaded = load_anew(&dir, &engine, &bytes);
        assert!(matches!(loaded.compiled, Compiled::Component(_)));
        assert_eq!(loaded.was_compiled, compiles);
        assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    }
    let entry = only_entry(&dir);
    let good = fs::read(&entry).expect("readable");
    for position in [100, good.len() / 2, good.len() - 108, good.len() - 1] {
        let mut bad = good.clone();
        bad[position] ^= 4;
        overwrite(&entry, &bad);
        let loaded = load_anew(&dir, &engine, &bytes);
        assert!(loaded.was_compiled, "at {position}");
        assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::Distrusted { .. }]));
    }
}

fn refusal(bytes: &[u8]) -> CompileError {
    refusal_with(ModuleStore::disabled(), bytes)
}

fn refusal_with(store: ModuleStore, bytes: &[u8]) -> CompileError {
    let source = Source::memory("tool.wasm", bytes);
    let error = store.load(&Engine::default(), &source, &|_| {}).expect_err("must be refused");
    let text = error.to_string();
    assert!(text.contains("`tool.wasm`"), "does not say which program: {text:?}");
    error
}

#[test]
fn what_is_not_webassembly_is_named() {
    for (bytes, hint) in [
        (&b""[..], "empty"),
        (b"\0as", "cut short"),
        (b"\x7fELF\x02\x01\x01\0", "native program"),
        (b"MZ\x90\0", "native program"),
        (b"#!/bin/sh\necho", "script"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"  (module)", "text format"),
        (b"<!DOCTYPE html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"hello world", "68 65 6c 6c"),
    ] {
        let error = refusal(bytes);
        assert!(matches!(error, CompileError::NotWasm { .. }), "{error:?}");
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn what_is_invalid_is_refused_with_its_place() {
    let good = module(1);
    // The header alone is a valid module, and so is the header with the section of types.
    let whole = [8, 10 + usize::from(good[9])];
    for length in (4..good.len()).filter(|length| !whole.contains(length)) {
        let error = refusal(&good[..length]);
        assert!(matches!(error, CompileError::Invalid { .. }), "at {length}: {error:?}");
        if length >= 8 {
            assert!(error.to_string().contains("offset"), "no place: {error}");
        }
    }
    let mistyped = wat::parse_str(r#"(module (func (result i32) i64.const 1))"#).expect("parses");
    assert!(matches!(refusal(&mistyped), CompileError::Invalid { .. }));
    let future = b"\0asm\x07\0\0\0";
    assert!(matches!(refusal(future), CompileError::Invalid { .. }));
}

#[test]
fn what_would_cost_too_much_to_compile_is_refused_before() {
    let limits = CompileLimits {
        source_bytes: 10_000,
        function_bytes: 100,
        functions: 10,
        locals: 1000,
        types: 8,
        values_per_type: 6,
        ..CompileLimits::default()
    };
    let refused = |text: &str| {
        let bytes = wat::parse_str(text).expect("valid text");
        match refusal_with(ModuleStore::disabled().with_limits(limits), &bytes) {
            CompileError::TooLarge { what, found, limit, .. } => (what, found, limit),
            other => panic!("{other:?}"),
        }
    };
    let accepted = |text: &str| {
        let bytes = wat::parse_str(text).expect("valid text");
        let store = ModuleStore::disabled().with_limits(limits);
        load(&store, &Engine::default(), &bytes);
    };
    let module = |fields: &str, count: usize| format!("(module {})", fields.repeat(count));
    accepted(&module("(func)", 10));
    assert_eq!(refused(&module("(func)", 11)), ("functions", 11, 10));
    assert_eq!(
        refused(&format!("(component (core module {0}) (core module {0}))", "(func)".repeat(6))),
        ("functions", 12, 10)
    );
    let body = |count: usize| module(&format!("(func {})", "nop ".repeat(count)), 1);
    accepted(&body(90));
    assert_eq!(refused(&body(101)), ("bytes of code in one function", 103, 100));
    let locals = |count: usize| module(&format!("(func (local {}))", "i32 ".repeat(count)), 2);
    accepted(&locals(500));
    assert_eq!(refused(&locals(501)), ("local variables", 1002, 1000));
    assert_eq!(refused(&module("(type (func))", 9)), ("types", 9, 8));
    accepted("(module (func (param i32 i32 i32) (result i32 i32 i32) unreachable))");
    assert_eq!(
        refused("(module (type (func (param i32 i32 i32 i32) (result i32 i32 i32))))"),
        ("parameters and results in one function type", 7, 6)
    );
    let data = format!(r#"(module (memory 1) (data "{}"))"#, "x".repeat(10_000));
    assert_eq!(refused(&data).0, "bytes");
}

#[test]
fn a_content_that_changes_after_a_full_check_is_noticed() {
    let engine = Engine::default();
    let (_place, dir) = place_with(&engine, 6);
    let entry = only_entry(&dir);
    assert!(!load_anew(&dir, &engine, &module(6)).was_compiled);
    assert_eq!(files(&dir, ".stamp").len(), 0, "too young for a stamp");
    std::thread::sleep(std::time::Duration::from_millis(4100));
    assert!(!load_anew(&dir, &engine, &module(6)).was_compiled);
    let stamps = files(&dir, ".stamp");
    assert_eq!(stamps.len(), 1);
    let made = fs::metadata(&stamps[0]).expect("exists").modified().expect("a time");
    assert!(!load_anew(&dir, &engine, &module(6)).was_compiled);
    let after = fs::metadata(&stamps[0]).expect("exists").modified().expect("a time");
    assert_eq!(made, after, "the stamp held: it was not made anew");

    // The same size and the same times, as far as they can be set.
    let times = fs::metadata(&entry).expect("exists").modified().expect("a time");
    let good = fs::read(&entry).expect("readable");
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    overwrite(&entry, &bad);
    fs::File::options().write(true).open(&entry).expect("opens").set_modified(times).expect("set");
    assert_replaced(&dir, &engine, 6, "not what greenroom wrote");

    // The stamp of the old file says nothing about the new one, whatever that is.
    overwrite(&entry, &bad);
    assert_replaced(&dir, &engine, 6, "");
    fs::remove_file(&entry).expect("removes");
    fs::write(&entry, &bad).expect("writes");
    fs::set_permissions(&entry, fs::Permissions::from_mode(0o600)).expect("chmod");
    assert_replaced(&dir, &engine, 6, "");
}

#[test]
fn threads_that_need_the_same_program_compile_it_once() {
    let (_place, dir) = place();
    let bytes = large();
    let engine = Engine::default();
    for store in [ModuleStore::open(&dir).0, ModuleStore::disabled()] {
        let compiles = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let source = Source::memory("large.wasm", &bytes);
                    let count = |_: Progress<'_>| {
                        compiles.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    };
                    let (compiled, warnings) = store.load(&engine, &source, &count).expect("loads");
                    assert_eq!((call(&compiled), warnings.len()), (77, 0));
                });
            }
        });
        assert_eq!(compiles.into_inner(), 1);
    }
}

/// A module that takes a while to compile.
fn large() -> Vec<u8> {
    let body = "local.get 0 i32.const 3 i32.mul local.get 0 i32.xor local.set 0 ".repeat(60);
    let functions = format!("(func (param i32) (result i32) {body} local.get 0)").repeat(500);
    let f = r#"(func (export "f") (result i32) i32.const 77)"#;
    wat::parse_str(format!("(module {functions} {f})")).expect("valid text")
}

const CHILD: &str = "GREENROOM_TEST_STORE";

/// Not a test by itself: what the processes of the next test do.
#[test]
#[ignore = "started by processes_share_a_directory"]
#[expect(clippy::disallowed_methods, reason = "how the parent says where the store is")]
fn child_of_processes_share_a_directory() {
    let dir = PathBuf::from(std::env::var_os(CHILD).expect("set by the parent"));
    let (store, warnings) = ModuleStore::open(&dir);
    assert!(warnings.is_empty(), "{warnings:?}");
    let bytes = large();
    let source = Source::memory("large.wasm", &bytes);
    let compiled = Cell::new(false);
    let note = |progress: Progress<'_>| {
        compiled.set(compiled.get() || matches!(progress, Progress::Compiling { .. }));
    };
    let (module, warnings) = store.load(&Engine::default(), &source, &note).expect("loads");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(call(&module), 77);
    if compiled.get() {
        fs::write(dir.with_file_name(format!("compiled-by-{}", std::process::id())), "")
            .expect("writes");
    }
}

#[test]
fn processes_share_a_directory() {
    let (_place, dir) = place();
    fs::create_dir_all(dir.parent().expect("a parent")).expect("creates");
    let children: Vec<_> = (0..5).map(|_| child(&dir)).collect();
    for child in children {
        let output = child.wait_with_output().expect("ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let compiled = files(dir.parent().expect("a parent"), "").into_iter();
    let compiled: Vec<_> =
        compiled.filter(|path| path.to_string_lossy().contains("compiled-by-")).collect();
    assert_eq!(compiled.len(), 1, "{compiled:?}");
    let names: Vec<_> = files(&dir, "");
    assert_eq!(names.len(), 2, "one entry and the key: {names:?}");
}

fn child(dir: &Path) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_of_processes_share_a_directory", "--ignored"])
        .env(CHILD, dir)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts")
}

#[test]
#[ignore = "started by a_full_disk_… and a_read_only_disk_…"]
#[expect(clippy::disallowed_methods, reason = "how the parent says where the store is")]
fn child_that_cannot_write() {
    let dir = PathBuf::from(std::env::var_os(CHILD).expect("set by the parent"));
    let engine = Engine::default();
    let (store, warnings) = ModuleStore::open(&dir);
    assert!(warnings.is_empty(), "{warnings:?}");
    let kept = load(&store, &engine, &module(12));
    assert!(!kept.was_compiled && kept.warnings.is_empty(), "{:?}", kept.warnings);
    let before = files(&dir, "");
    let loaded = load(&store, &engine, &module(13));
    assert_eq!((call(&kept.compiled), call(&loaded.compiled)), (12, 13));
    assert!(matches!(loaded.warnings.as_slice(), [StoreWarning::NotKept { .. }]));
    assert_eq!(files(&dir, ""), before, "nothing is left behind");
}

#[test]
fn no_job_may_write_to_the_store() {
    use greenroom::sandbox::{
        JobSpec, Limits, MountSpec, OutputSink, OutputStream, Sandbox, SandboxConfig,
    };
    struct Nowhere;
    #[async_trait::async_trait]
    impl OutputSink for Nowhere {
        async fn write(&self, _: OutputStream, _: &[u8]) {}
    }
    let (place, dir) = place();
    let config = SandboxConfig { store: Some(dir.clone()), ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).expect("a sandbox");
    let mount = |host: &Path, read_only| {
        sandbox
            .job(JobSpec {
                mounts: vec![MountSpec { host: host.into(), guest: "/mnt".to_owned(), read_only }],
                commands: Vec::new(),
                limits: Limits::default(),
                sink: std::sync::Arc::new(Nowhere),
                observer: None,
            })
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let below = dir.join("below");
    let beside = dir.with_file_name("beside");
    fs::create_dir(&below).expect("creates");
    fs::create_dir(&beside).expect("creates");
    let link = place.path().join("link");
    symlink(place.path(), &link).expect("links");
    for host in [Path::new("/"), place.path(), &dir, &below, &link] {
        let error = mount(host, false).expect_err("must be refused");
        assert!(error.contains("GREENROOM_CACHE_DIR"), "{error}");
        assert_eq!(mount(host, true), Ok(()), "what cannot be written to is no danger");
    }
    assert_eq!(mount(&beside, false), Ok(()));
}

#[test]
fn a_full_disk_is_a_warning() {
    let (_place, dir) = place_with(&Engine::default(), 12);
    // A limit on the size of files stands for it: a write fails half-way.
    let output = std::process::Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 4; exec "$0" "$@""#])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "child_that_cannot_write", "--ignored"])
        .env(CHILD, &dir)
        .output()
        .expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_read_only_disk_is_a_warning() {
    let (place, dir) = place_with(&Engine::default(), 12);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).expect("chmod");
    let exe = std::env::current_exe().expect("this test");
    let mut child = std::process::Command::new(&exe);
    if is_root() {
        // Root may write everywhere, so somebody else tries, with a copy that is in his reach.
        use std::os::unix::process::CommandExt;
        let copy = place.path().join("test");
        fs::copy(&exe, &copy).expect("copies");
        let open = fs::Permissions::from_mode(0o755);
        for path in place.path().ancestors().take(1).chain(dir.ancestors().skip(1).take(2)) {
            fs::set_permissions(path, open.clone()).expect("chmod");
        }
        for path in files(&dir, "").iter().chain([&dir]) {
            std::os::unix::fs::chown(path, Some(12345), Some(12345)).expect("chown");
        }
        child = std::process::Command::new(copy);
        child.uid(12345).gid(12345);
    }
    let output = child
        .args(["--exact", "child_that_cannot_write", "--ignored"])
        .env(CHILD, &dir)
        .current_dir("/")
        .output()
        .expect("starts");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).expect("chmod");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_program_that_compiles_for_too_long_is_given_up() {
    // Well below every limit of size; it takes several seconds.
    let loops: String = (0..6000)
        .map(|i| format!("loop local.get {} local.set {} ", i * 13 % 1000, i * 31 % 1000))
        .collect();
    let ends: String =
        (0..6000).map(|i| format!("local.get {} br_if 0 end ", i * 7 % 1000)).collect();
    let locals = "i32 ".repeat(1000);
    let bomb = wat::parse_str(format!("(module (func (local {locals}) {loops} {ends}))"));
    let bomb = bomb.expect("valid text");
    let (_place, dir) = place();
    let limits =
        CompileLimits { time: std::time::Duration::from_millis(200), ..CompileLimits::default() };
    for store in [ModuleStore::disabled(), ModuleStore::open(&dir).0] {
        let store = store.with_limits(limits);
        let source = Source::memory("bomb.wasm", &bomb);
        let tries = Cell::new(0);
        for _ in 0..3 {
            let error = store
                .load(&Engine::default(), &source, &|_| tries.set(tries.get() + 1))
                .expect_err("must be given up");
            assert!(matches!(error, CompileError::TooSlow { .. }), "{error:?}");
        }
        assert_eq!(tries.get(), 1, "it is not tried again");
    }
    // Another program is not hindered.
    assert_eq!(call(&load_anew(&dir, &Engine::default(), &module(3)).compiled), 3);
    assert_eq!(files(&dir, ".lock").len(), 0);
}

#[test]
fn the_digest_of_a_file_is_noted_and_any_change_of_the_file_noticed() {
    let (place, dir) = place();
    let path = place.path().join("tool.wasm");
    fs::write(&path, module(1)).expect("writes");
    let digest = |store: &ModuleStore| {
        let file = fs::File::open(&path).expect("opens");
        store.source("tool.wasm", &file).expect("readable").digest
    };
    let anew = || digest(&ModuleStore::open(&dir).0);
    assert_eq!(anew(), Digest::of(&module(1)));
    assert_eq!(digest(&ModuleStore::disabled()), Digest::of(&module(1)));
    assert_eq!(files(&dir, ".stamp").len(), 0, "too young");
    std::thread::sleep(std::time::Duration::from_millis(4100));
    assert_eq!(anew(), Digest::of(&module(1)));
    let stamps = files(&dir, ".stamp");
    assert_eq!(stamps.len(), 1);
    let made = fs::metadata(&stamps[0]).expect("exists").modified().expect("a time");
    assert_eq!(anew(), Digest::of(&module(1)));
    let after = fs::metadata(&stamps[0]).expect("exists").modified().expect("a time");
    assert_eq!(made, after, "the stamp held");
    // The same length, the same time of modification, the same inode.
    let times = fs::metadata(&path).expect("exists").modified().expect("a time");
    fs::write(&path, module(2)).expect("writes");
    fs::File::options().write(true).open(&path).expect("opens").set_modified(times).expect("set");
    assert_eq!(anew(), Digest::of(&module(2)));
}

#[test]
fn a_file_is_read_only_when_it_must_be_compiled() {
    let (place, dir) = place();
    let path = place.path().join("tool.wasm");
    fs::write(&path, module(9)).expect("writes");
    let engine = Engine::default();
    let file = fs::File::open(&path).expect("opens");
    let source = Source::file("tool.wasm", &file).expect("readable");
    assert_eq!(source.digest, Digest::of(&module(9)));
    let (store, _) = ModuleStore::open(&dir);
    let (compiled, _) = store.load(&engine, &source, &|_| {}).expect("loads");
    assert_eq!(call(&compiled), 9);

    // The digest alone finds it again, whatever the bytes are; and wrong bytes are never compiled
    // under a digest that is not theirs.
    let (store, _) = ModuleStore::open(&dir);
    let lazy = Source { bytes: SourceBytes::Memory(b"not these"), ..source };
    let (compiled, _) = store.load(&engine, &lazy, &|_| panic!("compiles")).expect("loads");
    assert_eq!(call(&compiled), 9);
    let swapped = module(10);
    let lying =
        Source { digest: Digest::of(&module(11)), bytes: SourceBytes::Memory(&swapped), ..source };
    let error = store.load(&engine, &lying, &|_| {}).expect_err("must be refused");
    assert!(matches!(error, CompileError::Changed { .. }), "{error:?}");
    assert_eq!(files(&dir, ".cwasm").len(), 1);
}
