//! `greenroom:` of a `func.yml`: what a function needs beyond the workspace.

use super::definition::Needs;
use super::reader::Reader;
use crate::yaml::Node;

impl Reader<'_> {
    /// `greenroom:`, what the step needs beyond the workspace.
    pub(super) fn needs(&mut self, node: &Node) -> Needs {
        let mut needs = Needs::default();
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`greenroom`", "a mapping", node);
            return needs;
        };
        for (name, entry) in mapping {
            let known = ["network", "mounts", "env", "memory", "timeout"];
            if !self.known(name, entry.key, "`greenroom`", &known) || entry.value.is_null() {
                continue;
            }
            match name.as_str() {
                "memory" => needs.memory = self.size(&entry.value),
                "timeout" => needs.timeout = self.time(&entry.value),
                _ => {
                    let words = self.words(name, &entry.value);
                    match name.as_str() {
                        "network" => needs.network = words,
                        "env" => needs.env = words,
                        _ => {
                            if let Some(bad) = words.iter().find(|word| !word.starts_with('/')) {
                                self.invalid(
                                    entry.value.span,
                                    &format!("`{bad}` is not an absolute path"),
                                    "write where the step sees the directory, e.g. `/data`",
                                );
                            }
                            needs.mounts = words;
                        }
                    }
                }
            }
        }
        needs
    }

    fn words(&mut self, name: &str, node: &Node) -> Vec<String> {
        match node.as_sequence() {
            Some(items) => {
                items.iter().filter_map(|item| self.string(&format!("`{name}`"), item)).collect()
            }
            None => {
                self.wrong_type(&format!("`{name}`"), "a list", node);
                vec![]
            }
        }
    }

    fn size(&mut self, node: &Node) -> Option<u64> {
        let text = self.string("`memory`", node)?;
        let size = parse_size(&text);
        if size.is_none() {
            self.invalid(
                node.span,
                &format!("`{text}` is not a size"),
                "write a number with a unit, e.g. `512MiB` or `4GiB`",
            );
        }
        size
    }

    fn time(&mut self, node: &Node) -> Option<std::time::Duration> {
        let text = self.string("`timeout`", node)?;
        match humantime::parse_duration(&text) {
            Ok(time) => Some(time),
            Err(_) => {
                self.invalid(
                    node.span,
                    &format!("`{text}` is not a duration"),
                    "write e.g. `90s` or `1h 30m`",
                );
                None
            }
        }
    }
}

/// A number with `K`, `M` or `G`, with or without `iB` or `B`: all are powers of 1024.
fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let shift = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return None,
    };
    number.checked_shl(shift).filter(|size| size >> shift == number)
}
