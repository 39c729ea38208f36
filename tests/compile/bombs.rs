//! Modules that are valid, small for what they do to a compiler, and well below the limits of size.

/// A module with one type for all functions, these locals and bodies.
fn module(types: &[u8], bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut functions = leb(bodies.len());
    functions.extend(bodies.iter().map(|_| 0));
    let mut code = leb(bodies.len());
    for body in bodies {
        code.extend(leb(body.len()));
        code.extend(body);
    }
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in [(1, types), (3, &functions), (10, &code)] {
        bytes.push(id);
        bytes.extend(leb(content.len()));
        bytes.extend(content);
    }
    bytes
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The type of functions from nothing to nothing.
const NULLARY: &[u8] = &[1, 0x60, 0, 0];
const I32: u8 = 0x7f;

/// A function's locals of type i32, and its code.
fn body(locals: usize, code: &[u8]) -> Vec<u8> {
    let mut body = match locals {
        0 => vec![0],
        _ => [&[1][..], &leb(locals), &[I32]].concat(),
    };
    body.extend(code);
    body.push(0x0b);
    body
}

/// Loops within loops over many variables: every loop has a value of its own for each of them.
pub(crate) fn loops(depth: usize, variables: usize) -> Vec<u8> {
    let mut code = Vec::new();
    for i in 0..depth {
        code.extend([0x03, 0x40, 0x20]);
        code.extend(leb(i * 13 % variables));
        code.push(0x21);
        code.extend(leb(i * 31 % variables));
    }
    for i in 0..depth {
        code.push(0x20);
        code.extend(leb(i * 7 % variables));
        code.extend([0x0d, 0, 0x0b]);
    }
    module(NULLARY, &[body(variables, &code)])
}

/// Blocks within blocks.
pub(crate) fn blocks(depth: usize) -> Vec<u8> {
    let code = [[0x02, 0x40].repeat(depth), vec![0x0b; depth]].concat();
    module(NULLARY, &[body(0, &code)])
}

/// Functions with a jump each that has a target for each of so many numbers, and so many places to
/// jump to.
pub(crate) fn jump_tables(functions: usize, targets: usize, places: usize) -> Vec<u8> {
    let mut code = [0x02, 0x40].repeat(places);
    code.extend([0x20, 0, 0x0e]);
    code.extend(leb(targets));
    for i in 0..=targets {
        code.extend(leb(i % places));
    }
    code.extend(vec![0x0b; places]);
    module(NULLARY, &vec![body(1, &code); functions])
}

/// So many functions of so many additions.
pub(crate) fn functions(count: usize, length: usize) -> Vec<u8> {
    let mut code = vec![0x20, 0];
    for i in 0..length {
        code.push(0x20);
        code.push((i * 7 % 50) as u8);
        code.push(if i % 3 == 0 { 0x6c } else { 0x6a });
    }
    code.extend([0x21, 1]);
    module(NULLARY, &vec![body(50, &code); count])
}

/// A function of calls that have a hundred parameters and as many results each.
pub(crate) fn calls(count: usize) -> Vec<u8> {
    let many = [&leb(100)[..], &[I32; 100]].concat();
    let types = [&[1, 0x60][..], &many, &many].concat();
    let parameters: Vec<u8> = (0..100_u8).flat_map(|i| [0x20, i]).collect();
    let code = [parameters, [0x10, 0].repeat(count)].concat();
    module(&types, &[body(0, &code)])
}

/// Functions that declare variables and do not use them.
pub(crate) fn variables(functions: usize, each: usize) -> Vec<u8> {
    module(NULLARY, &vec![body(each, &[]); functions])
}

/// So many types.
pub(crate) fn types(count: usize) -> Vec<u8> {
    let types = [leb(count), [0x60, 0, 0].repeat(count)].concat();
    module(&types, &[body(0, &[])])
}
