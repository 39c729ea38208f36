//! The store of compiled modules: what it keeps, and what it refuses to trust.

mod distrust;
mod programs;
mod sharing;

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use greenroom::sandbox::store::{
    CompileError, Compiled, Digest, ModuleStore, Progress, Source, SourceBytes, StoreWarning,
};
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

fn place_with(engine: &Engine, value: i32) -> (TempDir, PathBuf) {
    let (place, dir) = place();
    load_anew(&dir, engine, &module(value));
    (place, dir)
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
