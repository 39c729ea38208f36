//! Links the program to be loaded at a fixed address where that is known to work.
//!
//! A program that can be loaded anywhere has 40,000 addresses to correct before `main`, which takes
//! longer than starting `/bin/true`. The price is that its own code and constants lie where everybody
//! can know; libraries, stacks, heaps and compiled modules are still placed at random. Whoever wants
//! it otherwise builds with `GREENROOM_PIE=1`.

#![expect(
    clippy::disallowed_methods,
    reason = "Cargo tells a build script everything by variables"
)]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GREENROOM_PIE");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let known = target("OS") == "linux"
        && target("ENV") == "gnu"
        && matches!(target("ARCH").as_str(), "x86_64" | "aarch64")
        // Such a program is linked in yet another way.
        && !target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if known && env::var_os("GREENROOM_PIE").is_none() {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
