//! What works here only because all jobs share one workspace, or has no effect because of it.

use super::graph::Graph;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::pipeline::{Job, Pipeline};

/// Variables by which GitLab's runner is told how to fetch and clean a checkout.
const CHECKOUT: [&str; 5] =
    ["GIT_CHECKOUT", "GIT_CLEAN_FLAGS", "GIT_DEPTH", "GIT_STRATEGY", "GIT_SUBMODULE_STRATEGY"];

/// More pairs of jobs than these are not compared.
const MAX_PAIRS: usize = 200_000;

/// Tells what is different in a shared workspace, each kind once.
pub(super) fn tell(pipeline: &Pipeline, graph: &Graph, diagnostics: &mut Diagnostics) {
    let of_jobs = pipeline.jobs.values().flat_map(|job| &job.variables);
    let mut all = pipeline.variables.iter().chain(of_jobs);
    if let Some((name, variable)) = all.find(|(name, _)| CHECKOUT.contains(&name.as_str())) {
        diagnostics.push(
            Diagnostic::warning(
                Code::NoEffect,
                format!("`{name}` has no effect here: nothing is fetched or cleaned"),
            )
            .label(variable.span, "a plain variable")
            .help("the jobs share the project directory; --strict gives each a clean checkout"),
        );
    }
    if let Some((job, other, path)) = undeclared(pipeline, graph) {
        diagnostics.push(
            Diagnostic::warning(
                Code::SharedWorkspace,
                format!(
                    "`{}` uses `{path}`, which is an artifact of `{}` that it does not get",
                    job.name.value, other.name.value
                ),
            )
            .label(job.name.span, "on GitLab the file is not there")
            .help(
                "take the job into `dependencies`, or into `needs` with its artifacts; `greenroom \
                 run --strict` runs as GitLab does",
            ),
        );
    }
}

/// A job that says whose artifacts it takes, with another one before it whose artifacts it does
/// not take but whose path stands in its script.
fn undeclared<'a>(pipeline: &'a Pipeline, graph: &Graph) -> Option<(&'a Job, &'a Job, &'a str)> {
    let producers: Vec<(usize, &Job)> = pipeline
        .jobs
        .values()
        .enumerate()
        .filter(|(_, job)| job.execution.artifacts.is_some())
        .collect();
    let mut pairs = 0;
    for (index, job) in pipeline.jobs.values().enumerate() {
        let Some(takes) = &graph.jobs[index].takes else { continue };
        for (at, other) in &producers {
            pairs += 1;
            if pairs > MAX_PAIRS {
                return None;
            }
            let before = graph.jobs[*at].stage < graph.jobs[index].stage;
            if !before || takes.contains(at) {
                continue;
            }
            let paths = other.execution.artifacts.iter().flat_map(|artifacts| &artifacts.paths);
            for path in paths {
                let path = path.value.trim_start_matches("./").trim_end_matches('/');
                // Patterns and variables could be anything; short names stand in every script.
                let plain = path.len() > 3 && !path.contains(['*', '?', '[', '{', '$', ' ']);
                let lines = job.before_script.iter().chain(job.script.iter());
                if plain && lines.into_iter().any(|line| mentions(&line.text, path)) {
                    // One that it takes may have the same path.
                    let same = |taken: &usize| {
                        let artifacts = pipeline.jobs[*taken].execution.artifacts.as_ref();
                        artifacts.is_some_and(|artifacts| {
                            artifacts.paths.iter().any(|other| other.value.contains(path))
                        })
                    };
                    if !takes.iter().any(same) {
                        return Some((job, other, path));
                    }
                }
            }
        }
    }
    None
}

/// Whether a path stands in a text as one, alone or with more behind a `/`.
fn mentions(text: &str, path: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '$' | '}');
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].strip_suffix("./").unwrap_or(&text[..at]);
        let after = &text[at + path.len()..];
        !before.ends_with(part)
            && (after.starts_with('/')
                || !after.starts_with(|c: char| part(c) && c != '.')
                    && !after.strip_prefix('.').is_some_and(|rest| rest.starts_with(part)))
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn paths_are_found_as_such() {
        for (text, expected) in [
            ("cat dist/app.js", true),
            ("cat ./dist", true),
            ("rsync -a dist/ host:", true),
            ("ls 'dist'", true),
            ("deploy --from=dist.", true),
            ("cat redist", false),
            ("cat dist-old", false),
            ("cat other/dist", false),
            ("cat dist.tar", false),
            ("echo $dist", false),
        ] {
            assert_eq!(mentions(text, "dist"), expected, "{text}");
        }
    }
}
