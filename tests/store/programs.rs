//! What programs are: modules, components, facts about them, and what is refused.

use std::cell::Cell;
use std::fs;

use greenroom::sandbox::store::{
    CompileError, CompileLimits, Compiled, ModuleFacts, ModuleStore, Source, StoreWarning,
};
use wasmtime::Engine;

use super::{call, files, load, load_anew, module, only_entry, overwrite, place};

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
