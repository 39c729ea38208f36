//! Arbitrary bytes as a pipeline file: read, planned, and everything said about it rendered.
#![no_main]

use greenroom::diagnostic::{Diagnostics, Style};
use greenroom::pipeline::{self, LoadError, Loader};
use greenroom::plan::{self, Context};
use libfuzzer_sys::fuzz_target;

struct Bytes<'a>(&'a [u8]);

impl Loader for Bytes<'_> {
    fn load(&self, path: &str, _: u64) -> Result<Vec<u8>, LoadError> {
        if path == "ci.yml" { Ok(self.0.to_vec()) } else { Err(LoadError::NotFound) }
    }

    fn files(&self) -> Option<Vec<String>> {
        Some(vec!["ci.yml".to_owned()])
    }
}

fuzz_target!(|data: &[u8]| {
    let mut diagnostics = Diagnostics::new();
    let plan = pipeline::load("ci.yml", &Bytes(data), &mut diagnostics)
        .and_then(|pipeline| plan::build(&pipeline, &Context::default(), &mut diagnostics));
    assert!(plan.is_some() || diagnostics.has_errors(), "no plan needs a reason");
    let _ = diagnostics.render(Style::PLAIN);
});
