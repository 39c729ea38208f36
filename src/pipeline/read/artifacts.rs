//! `artifacts`: what is kept of a job.

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned, similar};
use crate::pipeline::duration;
use crate::pipeline::execution::{Artifacts, ExpireIn, KeepWhen, Report};
use crate::pipeline::keywords::Place;
use crate::yaml::{Node, Value};

/// The types of reports that GitLab knows.
pub(super) const REPORTS: [&str; 22] = [
    "accessibility",
    "annotations",
    "api_fuzzing",
    "browser_performance",
    "cluster_image_scanning",
    "codequality",
    "container_scanning",
    "coverage_fuzzing",
    "coverage_report",
    "cyclonedx",
    "dast",
    "dependency_scanning",
    "dotenv",
    "junit",
    "load_performance",
    "lsif",
    "metrics",
    "performance",
    "repository_xray",
    "requirements",
    "sast",
    "secret_detection",
];
/// Types that GitLab took once or takes beside the usual ones.
const MORE_REPORTS: [&str; 3] = ["license_scanning", "terraform", "requirements_v2"];

impl Reader<'_> {
    pub(super) fn artifacts(&mut self, node: &Node) -> Option<Artifacts> {
        let mapping = self.mapping("`artifacts`", node)?;
        self.keywords(Place::Artifacts, mapping);
        let paths = value_of(mapping, "paths")
            .map(|node| self.names("artifacts:paths", node))
            .unwrap_or_default();
        let reports =
            value_of(mapping, "reports").map(|node| self.reports(node)).unwrap_or_default();
        let untracked = match value_of(mapping, "untracked") {
            Some(node) => self.boolean("`artifacts:untracked`", node).unwrap_or(false),
            None => false,
        };
        Some(Artifacts {
            paths,
            exclude: value_of(mapping, "exclude")
                .map(|node| self.names("artifacts:exclude", node))
                .unwrap_or_default(),
            untracked,
            when: value_of(mapping, "when")
                .map(|node| self.keep_when("artifacts:when", node))
                .unwrap_or_default(),
            name: value_of(mapping, "name")
                .and_then(|node| self.string("`artifacts:name`", node))
                .map(|name| name.value),
            expire_in: value_of(mapping, "expire_in").and_then(|node| self.expire_in(node)),
            reports,
            span: node.span,
        })
    }

    /// `artifacts:when` or `cache:when`.
    pub(super) fn keep_when(&mut self, what: &str, node: &Node) -> KeepWhen {
        let Some(text) = self.string(&format!("`{what}`"), node) else {
            return KeepWhen::default();
        };
        match text.value.as_str() {
            "on_success" => KeepWhen::OnSuccess,
            "on_failure" => KeepWhen::OnFailure,
            "always" => KeepWhen::Always,
            other => {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, format!("`{what}` cannot be `{other}`"))
                        .label(node.span, "expected one of: on_success, on_failure, always"),
                );
                KeepWhen::default()
            }
        }
    }

    fn expire_in(&mut self, node: &Node) -> Option<ExpireIn> {
        let text = match &node.value {
            Value::String(_) | Value::Integer(_) | Value::Float(_) => node.scalar_text()?,
            _ => {
                self.wrong_type("`artifacts:expire_in`", "a duration or `never`", node);
                return None;
            }
        };
        if text.trim().eq_ignore_ascii_case("never") || text.trim() == "0" {
            return Some(ExpireIn::Never);
        }
        // Artifacts may be kept for longer than a job may take.
        match duration::parse_up_to(&text, f64::from(u32::MAX)) {
            Ok(duration) => Some(ExpireIn::After(duration)),
            Err(error) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::DurationInvalid,
                        format!("`{text}` is not a duration: {error}"),
                    )
                    .label(node.span, "not a duration")
                    .help("write `1 week`, `3 mins 4 sec`, a number of seconds or `never`"),
                );
                None
            }
        }
    }

    fn reports(&mut self, node: &Node) -> Vec<Report> {
        let Some(mapping) = self.mapping("`artifacts:reports`", node) else { return vec![] };
        let mut reports = Vec::new();
        for (name, entry) in mapping {
            let known = REPORTS.iter().chain(&MORE_REPORTS).find(|known| *known == name);
            let Some(kind) = known else {
                let finding = Diagnostic::error(
                    Code::UnknownKeyword,
                    format!("`artifacts:reports` has no type `{name}`"),
                )
                .label(entry.key, "unknown type");
                self.diagnostics.push(match similar(name, REPORTS) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding.help(format!("known here: {}", REPORTS.join(", "))),
                });
                continue;
            };
            if entry.value.is_null() {
                continue;
            }
            let (paths, format) = if *kind == "coverage_report" {
                self.coverage_report(&entry.value)
            } else {
                (self.report_paths(kind, &entry.value), None)
            };
            if !paths.is_empty() {
                reports.push(Report { kind, format, paths });
            }
        }
        reports
    }

    fn report_paths(&mut self, kind: &str, node: &Node) -> Vec<Spanned<String>> {
        let what = format!("artifacts:reports:{kind}");
        match &node.value {
            Value::Sequence(_) => self.names(&what, node),
            _ => self.string(&format!("`{what}`"), node).into_iter().collect(),
        }
    }

    fn coverage_report(&mut self, node: &Node) -> (Vec<Spanned<String>>, Option<String>) {
        let Some(mapping) = self.mapping("`coverage_report`", node) else {
            return (vec![], None);
        };
        self.keywords(Place::CoverageReport, mapping);
        let format = value_of(mapping, "coverage_format")
            .and_then(|node| self.string("`coverage_format`", node));
        let path = value_of(mapping, "path").and_then(|node| self.string("`path`", node));
        let known = format.as_ref().is_some_and(|f| matches!(&*f.value, "cobertura" | "jacoco"));
        if !known || path.is_none() {
            let place = format.as_ref().map_or(node.span, |format| format.span);
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "a `coverage_report` has a format and a path")
                    .label(if known { node.span } else { place }, "not complete")
                    .help("write `coverage_format: cobertura` (or jacoco) and `path: FILE`"),
            );
        }
        (path.into_iter().collect(), format.map(|format| format.value))
    }
}
