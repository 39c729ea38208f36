//! Pipelines of a given shape, for measuring.

/// The shape of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Stages, one after the other.
    pub stages: usize,
    /// Jobs of each stage.
    pub jobs: usize,
    /// Entries of each job's script; each starts one program.
    pub steps: usize,
}

/// A pipeline file of this shape, every step of which runs `true`.
pub fn pipeline(shape: Shape) -> String {
    let stages: Vec<String> = (1..=shape.stages.max(1)).map(|stage| format!("s{stage}")).collect();
    let mut text = format!("stages: [{}]\n", stages.join(", "));
    // Not the shell's own: a step is a process.
    let steps = "    - command env true\n".repeat(shape.steps.max(1));
    for stage in &stages {
        for job in 1..=shape.jobs.max(1) {
            text += &format!("{stage}-j{job}:\n  stage: {stage}\n  script:\n{steps}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_has_the_shape_it_was_asked_for() {
        let text = pipeline(Shape { stages: 2, jobs: 3, steps: 4 });
        assert!(text.starts_with("stages: [s1, s2]\n"));
        assert_eq!(text.matches("  stage: s2\n").count(), 3);
        assert_eq!(text.matches("    - ").count(), 24);
    }
}
