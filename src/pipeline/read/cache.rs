//! `cache`: what is kept between runs.

use super::{Reader, flatten, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::pipeline::execution::{Cache, CacheKey};
use crate::pipeline::keywords::Place;
use crate::yaml::Node;

/// How many caches GitLab gives a job.
const MAX_CACHES: usize = 4;
/// How many files may make a key.
const MAX_KEY_FILES: usize = 10;
/// How many keys are tried besides a cache's own.
const MAX_FALLBACK_KEYS: usize = 5;

impl Reader<'_> {
    /// One cache, or a list of them.
    pub(super) fn caches(&mut self, node: &Node) -> Vec<Cache> {
        let nodes = flatten(node);
        if nodes.len() > MAX_CACHES {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("a job has at most {MAX_CACHES} caches, not {}", nodes.len()),
                )
                .label(node.span, "too many")
                .help("put several paths into one cache"),
            );
        }
        nodes.into_iter().filter_map(|node| self.cache(node)).collect()
    }

    fn cache(&mut self, node: &Node) -> Option<Cache> {
        let mapping = self.mapping("`cache`", node)?;
        self.keywords(Place::Cache, mapping);
        if mapping.is_empty() {
            return None;
        }
        let policy = match value_of(mapping, "policy") {
            Some(node) => self.cache_policy(node),
            None => None,
        };
        Some(Cache {
            key: value_of(mapping, "key").and_then(|node| self.cache_key(node)),
            paths: value_of(mapping, "paths")
                .map(|node| self.names("cache:paths", node))
                .unwrap_or_default(),
            untracked: match value_of(mapping, "untracked") {
                Some(node) => self.boolean("`cache:untracked`", node).unwrap_or(false),
                None => false,
            },
            policy: policy.unwrap_or_else(|| Spanned::new("pull-push".to_owned(), node.span)),
            when: value_of(mapping, "when")
                .map(|node| self.keep_when("cache:when", node))
                .unwrap_or_default(),
            fallback_keys: match value_of(mapping, "fallback_keys") {
                Some(node) => self.fallback_keys(node),
                None => vec![],
            },
            span: node.span,
        })
    }

    fn cache_policy(&mut self, node: &Node) -> Option<Spanned<String>> {
        let text = self.string("`cache:policy`", node)?;
        let known = matches!(text.value.as_str(), "pull" | "push" | "pull-push");
        if !known && !text.value.contains('$') {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("`cache:policy` cannot be `{}`", text.value),
                )
                .label(node.span, "expected one of: pull-push, pull, push"),
            );
        }
        Some(text)
    }

    fn fallback_keys(&mut self, node: &Node) -> Vec<String> {
        let keys = self.names("cache:fallback_keys", node);
        if keys.len() > MAX_FALLBACK_KEYS {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("a cache has at most {MAX_FALLBACK_KEYS} fallback keys"),
                )
                .label(node.span, "too many"),
            );
        }
        keys.into_iter().map(|key| key.value).collect()
    }

    fn cache_key(&mut self, node: &Node) -> Option<CacheKey> {
        let Some(mapping) = node.as_mapping() else {
            let text = self.string("`cache:key`", node)?.value;
            let shown = text.trim();
            if shown.is_empty() || shown == "." || shown == ".." || text.contains('/') {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::WrongValue,
                        "`cache:key` is a name: not empty, not `.` or `..`, and without `/`",
                    )
                    .label(node.span, "not a name"),
                );
                return None;
            }
            return Some(CacheKey::Name(text));
        };
        self.keywords(Place::CacheKey, mapping);
        let prefix = value_of(mapping, "prefix")
            .and_then(|node| self.string("`cache:key:prefix`", node))
            .map(|prefix| prefix.value);
        let named = ["files", "files_commits"]
            .into_iter()
            .find_map(|name| value_of(mapping, name).map(|node| (name, node)));
        let Some((name, list)) = named else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`cache:key` names no files")
                    .label(node.span, "`files` is missing")
                    .help("write `files: [composer.lock]`, or a name instead of a mapping"),
            );
            return None;
        };
        let files = self.names(&format!("cache:key:{name}"), list);
        if files.is_empty() || files.len() > MAX_KEY_FILES {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("`cache:key:{name}` names 1 to {MAX_KEY_FILES} files"),
                )
                .label(list.span, format!("these are {}", files.len())),
            );
        }
        Some(CacheKey::Files { files, prefix })
    }
}
