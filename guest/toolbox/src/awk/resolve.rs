//! Finds out which names are arrays: a parameter is one when its function uses it so, or passes it
//! to a function that does.

use super::ast::{Program, Slot};

pub(super) fn resolve(mut program: Program) -> Result<Program, String> {
    for function in &mut program.functions {
        if function.body.is_none() {
            return Err(format!("function '{}' is called but not defined", function.name));
        }
        function.arrays = vec![false; function.params];
    }
    for (function, slot) in std::mem::take(&mut program.used_as_array) {
        mark(&mut program, function, slot);
    }
    // ENVIRON and ARGV are arrays even where nothing looks into them.
    for name in ["ENVIRON", "ARGV"] {
        if let Some(index) = program.globals.iter().position(|global| global == name) {
            program.global_arrays[index] = true;
        }
    }
    let passed = std::mem::take(&mut program.passed);
    loop {
        let mut changed = false;
        for &(caller, slot, callee, index) in &passed {
            let expects = program.functions[callee].arrays.get(index).copied().unwrap_or(false);
            let is = is_array(&program, caller, slot);
            if expects && !is {
                changed |= mark(&mut program, caller, slot);
            } else if is && !expects && index < program.functions[callee].params {
                program.functions[callee].arrays[index] = true;
                changed = true;
            }
        }
        if !changed {
            return Ok(program);
        }
    }
}

fn is_array(program: &Program, function: Option<usize>, slot: Slot) -> bool {
    match (function, slot) {
        (_, Slot::Global(index)) => program.global_arrays[index],
        (Some(function), Slot::Local(index)) => program.functions[function].arrays[index],
        (None, Slot::Local(_)) => false,
    }
}

fn mark(program: &mut Program, function: Option<usize>, slot: Slot) -> bool {
    let flag = match (function, slot) {
        (_, Slot::Global(index)) => &mut program.global_arrays[index],
        (Some(function), Slot::Local(index)) => &mut program.functions[function].arrays[index],
        (None, Slot::Local(_)) => return false,
    };
    !std::mem::replace(flag, true)
}
