//! `@csv` and `@tsv`, which jaq has only together with its other formats.

use jaq_all::data::DataKind;
use jaq_all::jaq_core::native::{Fun, run, v};
use jaq_all::jaq_core::{Error, Exn};
use jaq_all::json::Val;
use std::iter::once;

pub(super) fn functions() -> impl Iterator<Item = Fun<DataKind>> {
    [
        run::<DataKind>(("@csv", v(0), |cv| Box::new(once(row(&cv.1, b",", csv))))),
        run::<DataKind>(("@tsv", v(0), |cv| Box::new(once(row(&cv.1, b"\t", tsv))))),
    ]
    .into_iter()
}

fn row(
    value: &Val,
    separator: &[u8],
    quote: fn(&[u8]) -> Vec<u8>,
) -> Result<Val, Exn<'static, Val>> {
    let fail =
        |value: &Val| Err(Exn::from(Error::str(format_args!("{value} cannot be in a table row"))));
    let Val::Arr(cells) = value else { return fail(value) };
    let mut out = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(separator);
        }
        match cell {
            Val::Null => {}
            Val::TStr(text) | Val::BStr(text) => out.extend(quote(text)),
            Val::Bool(_) | Val::Num(_) => out.extend(cell.to_string().bytes()),
            _ => return fail(cell),
        }
    }
    Ok(Val::utf8_str(out))
}

fn csv(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in text {
        out.push(*byte);
        if *byte == b'"' {
            out.push(b'"');
        }
    }
    out.push(b'"');
    out
}

fn tsv(text: &[u8]) -> Vec<u8> {
    text.iter()
        .flat_map(|byte| match byte {
            b'\t' => &b"\\t"[..],
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\\' => b"\\\\",
            other => std::slice::from_ref(other),
        })
        .copied()
        .collect()
}
