//! Link arguments of the WebAssembly build.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_CFG_TARGET_ARCH").is_some_and(|arch| arch == "wasm32") {
        // `fork` copies the memory and then sets the copy's stack pointer through this export.
        println!("cargo:rustc-link-arg-bins=--export=__stack_pointer");
        println!("cargo:rustc-link-arg-bins=-zstack-size=4194304");
    }
}
