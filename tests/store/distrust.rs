//! What is not exactly what greenroom wrote is not used.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use greenroom::sandbox::store::{Digest, ModuleStore, StoreWarning};
use wasmtime::Engine;

use super::{call, files, is_root, load_anew, module, only_entry, overwrite, place, place_with};

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
