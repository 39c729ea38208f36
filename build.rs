//! Links the program so that it starts fast: at a fixed address, and with the C library in it, where
//! that is known to work.
//!
//! A program that can be loaded anywhere has 40,000 addresses to correct before `main`, which takes
//! longer than starting `/bin/true`; finding, mapping and linking three shared libraries takes half
//! as long again. The price of the first is that its own code and constants lie where everybody can
//! know; stacks, heaps and compiled modules are still placed at random. The price of the second is
//! that an update of the C library takes a new build. Whoever wants it otherwise builds with
//! `GREENROOM_PIE=1`, which does neither, or `GREENROOM_SHARED=1`, which leaves the libraries out.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script everything by variables"
)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the standard library asks the linker for, beside the compiler's own.
const LIBRARIES: [&str; 6] = ["c", "m", "util", "rt", "pthread", "dl"];

fn main() {
    for name in ["GREENROOM_PIE", "GREENROOM_SHARED", "RUSTC_LINKER"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let known = target("OS") == "linux"
        && target("ENV") == "gnu"
        && matches!(target("ARCH").as_str(), "x86_64" | "aarch64")
        // Such a program is linked in yet another way.
        && !target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if !known || env::var_os("GREENROOM_PIE").is_some() {
        return;
    }
    println!("cargo::rustc-link-arg-bins=-no-pie");
    // The C library to link is that of this machine.
    let native = env::var_os("HOST") == env::var_os("TARGET") && target("ARCH") == "x86_64";
    if native && env::var_os("GREENROOM_SHARED").is_none() {
        // Without libraries to link statically, as on systems that package them apart, shared ones
        // do as well.
        if let Ok(directory) = static_libraries() {
            println!("cargo::rustc-link-arg-bins=-L{}", directory.display());
            println!("cargo::rustc-link-arg-bins=-static");
        }
    }
}

/// Makes a directory where the linker finds the static libraries under the names of the shared ones.
///
/// Cargo's own way, the target feature `crt-static`, cannot be chosen by a package and would apply
/// to its procedural macros and tests too. So the compiler goes on asking for shared libraries
/// (`-lgcc_s`, `-lc`), and finds linker scripts first.
fn static_libraries() -> io::Result<PathBuf> {
    let out = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let directory = out.join("static");
    fs::create_dir_all(&directory)?;
    let unwinder = [library("gcc_eh")?, library("gcc")?];
    let c = library("c")?;
    // They need each other; a linker that looks from left to right needs them in one group.
    let script = |first: &Path| {
        let all = [first, &unwinder[0], &unwinder[1], &c];
        let all: Vec<String> = all.iter().map(|path| format!("\"{}\"", path.display())).collect();
        format!("GROUP ( {} )\n", all.join(" "))
    };
    for name in LIBRARIES {
        fs::write(directory.join(format!("lib{name}.so")), script(&library(name)?))?;
    }
    fs::write(directory.join("libgcc_s.so"), script(&unwinder[0]))?;
    Ok(directory)
}

/// Where the linker has a static library.
fn library(name: &str) -> io::Result<PathBuf> {
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| OsString::from("cc"));
    let file = format!("lib{name}.a");
    let output = Command::new(linker).arg(format!("-print-file-name={file}")).output()?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // One that it does not know it gives back as it was.
    if path.is_absolute() && path.is_file() {
        Ok(path)
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}
