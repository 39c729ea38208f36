//! Arbitrary bytes to the shell's parser.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // Whether it is a script does not matter; that the parser ends does.
    let _ = greenroom_shell::check(data);
});
