//! The smaller keywords of a job: image, timeout, when, allow_failure, inherit.

use std::time::Duration;

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned, similar};
use crate::pipeline::PullPolicy;
use crate::pipeline::duration;
use crate::pipeline::keywords::{self, Place};
use crate::pipeline::model::{AllowFailure, Inherit, When};
use crate::yaml::{Node, Value};

const WHEN: [(&str, When); 6] = [
    ("on_success", When::OnSuccess),
    ("on_failure", When::OnFailure),
    ("always", When::Always),
    ("never", When::Never),
    ("manual", When::Manual),
    ("delayed", When::Delayed),
];

impl Reader<'_> {
    /// `image: NAME` or `image: {name: NAME, …}`.
    pub(super) fn image(&mut self, node: &Node) -> Option<Spanned<String>> {
        let name = match node.as_mapping() {
            Some(mapping) => {
                self.keywords(Place::Image, mapping);
                for name in ["docker", "entrypoint", "kubernetes", "pull_policy"] {
                    if let Some(entry) = mapping.get(name) {
                        self.part(&format!("image:{name}"), &entry.value);
                    }
                }
                match value_of(mapping, "name") {
                    Some(name) => name,
                    None => {
                        self.diagnostics.push(
                            Diagnostic::error(Code::WrongValue, "`image` has no name")
                                .label(node.span, "`name` is missing")
                                .help("write `image: NAME`, or add `name: NAME`"),
                        );
                        return None;
                    }
                }
            }
            None => node,
        };
        let name = self.string("`image`", name)?;
        if name.value.trim().is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`image` has no name")
                    .label(name.span, "empty")
                    .help("leave `image` out to run with greenroom's own commands only"),
            );
            return None;
        }
        Some(name)
    }

    /// `pull_policy` of `image: {…}`: one policy, or several that are tried in order.
    pub(super) fn pull_policy(&mut self, node: &Node) -> Vec<PullPolicy> {
        let node = node.as_mapping().and_then(|mapping| value_of(mapping, "pull_policy"));
        let Some(node) = node else { return Vec::new() };
        let items = match &node.value {
            Value::Sequence(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut policies = Vec::new();
        for item in items {
            let Some(name) = self.string("`pull_policy`", item) else { continue };
            match PullPolicy::named(&name.value) {
                Some(policy) => policies.push(policy),
                None => {
                    let names = PullPolicy::ALL.map(PullPolicy::name);
                    let help = match similar(&name.value, names) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "it is `always`, `if-not-present` or `never`".to_owned(),
                    };
                    let message = format!("`{}` is not a pull policy", name.value);
                    self.diagnostics.push(
                        Diagnostic::error(Code::WrongValue, message)
                            .label(name.span, "")
                            .help(help),
                    );
                }
            }
        }
        policies
    }

    /// `entrypoint` of `image: {…}`. `[""]` is the usual way to write that there is to be none.
    pub(super) fn entrypoint(&mut self, node: &Node) -> Option<Vec<String>> {
        let node = node.as_mapping().and_then(|mapping| value_of(mapping, "entrypoint"))?;
        let items: Vec<&Node> = match &node.value {
            Value::Sequence(items) => items.iter().collect(),
            _ => vec![node],
        };
        let words = items.into_iter().filter_map(|item| self.string("`entrypoint`", item));
        let words: Vec<String> = words.map(|word| word.value).collect();
        Some(if words.iter().all(String::is_empty) { Vec::new() } else { words })
    }

    pub(super) fn timeout(&mut self, node: &Node) -> Option<Duration> {
        let text = match &node.value {
            Value::String(text) => text.clone(),
            Value::Integer(_) | Value::Float(_) => {
                self.string("`timeout`", node);
                return None;
            }
            _ => {
                self.wrong_type("`timeout`", "a duration", node);
                return None;
            }
        };
        match duration::parse(&text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::DurationInvalid,
                        format!("`{text}` is not a duration: {error}"),
                    )
                    .label(node.span, "not a duration")
                    .help("write `90 minutes`, `1h 30m` or a number of seconds"),
                );
                None
            }
        }
    }

    /// When a job runs.
    pub(super) fn when(&mut self, node: &Node) -> Option<Spanned<When>> {
        let text = self.string("`when`", node)?;
        if let Some((_, when)) = WHEN.iter().find(|(name, _)| *name == text.value) {
            return Some(Spanned::new(*when, node.span));
        }
        let names = WHEN.map(|(name, _)| name);
        let finding =
            Diagnostic::error(Code::WrongValue, format!("`when` cannot be `{}`", text.value))
                .label(node.span, format!("expected one of: {}", names.join(", ")));
        self.diagnostics.push(match similar(&text.value, names) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding,
        });
        None
    }

    pub(super) fn allow_failure(&mut self, node: &Node) -> Option<AllowFailure> {
        if let Some(any) = node.as_bool() {
            return Some(AllowFailure::Any(any));
        }
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`allow_failure`", "`true`, `false` or `exit_codes`", node);
            return None;
        };
        self.keywords(Place::AllowFailure, mapping);
        let Some(codes) = value_of(mapping, "exit_codes") else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`allow_failure` names no exit codes")
                    .label(node.span, "`exit_codes` is missing")
                    .help("write `exit_codes: 42` or `exit_codes: [1, 42]`"),
            );
            return None;
        };
        let nodes = codes.as_sequence().unwrap_or(std::slice::from_ref(codes));
        let codes = nodes.iter().filter_map(|node| self.exit_code(node)).collect();
        Some(AllowFailure::ExitCodes(codes))
    }

    pub(super) fn exit_code(&mut self, node: &Node) -> Option<u8> {
        let Value::Integer(code) = node.value else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "an exit code is a whole number up to 255")
                    .label(node.span, "not an exit code"),
            );
            return None;
        };
        let code = u8::try_from(code).ok();
        if code.is_none() {
            self.diagnostics.push(
                Diagnostic::warning(Code::WrongValue, "no process ends with this exit code")
                    .label(node.span, "exit codes go up to 255")
                    .help("GitLab takes it, and it never fits"),
            );
        }
        code
    }

    /// `inherit:default` and `inherit:variables`.
    pub(super) fn inherit(&mut self, node: &Node) -> (Inherit, Inherit) {
        let Some(mapping) = self.mapping("`inherit`", node) else { return Default::default() };
        self.keywords(Place::Inherit, mapping);
        let default = self.inherited("default", value_of(mapping, "default"));
        if let (Inherit::Only(names), Some(node)) = (&default, value_of(mapping, "default")) {
            for name in names {
                if keywords::find(Place::Default, name).is_none() {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::UnknownKeyword,
                            format!("`default` has no keyword `{name}` to inherit"),
                        )
                        .label(node.span, "named here"),
                    );
                }
            }
        }
        (default, self.inherited("variables", value_of(mapping, "variables")))
    }

    fn inherited(&mut self, what: &str, node: Option<&Node>) -> Inherit {
        let Some(node) = node else { return Inherit::All };
        match (node.as_bool(), node.as_sequence()) {
            (Some(true), _) => Inherit::All,
            (Some(false), _) => Inherit::Nothing,
            (_, Some(items)) => Inherit::Only(
                items
                    .iter()
                    .filter_map(|item| self.string(&format!("a name in `inherit:{what}`"), item))
                    .map(|name| name.value)
                    .collect(),
            ),
            _ => {
                let what = format!("`inherit:{what}`");
                self.wrong_type(&what, "`true`, `false` or a list of names", node);
                Inherit::All
            }
        }
    }
}

/// `start_in`, whose form is checked by its table.
pub(super) fn start_in(node: &Node) -> Option<Duration> {
    duration::parse(node.as_str()?).ok()
}
