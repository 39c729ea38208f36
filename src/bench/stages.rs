//! A pipeline, run over and over by greenroom itself, with the time of each of its stages.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use super::command::Command;
use super::measure::Trial;
use crate::event::{Event, JobName, Record};

/// A pipeline whose runs are timed as whole processes.
pub struct Stages {
    /// `greenroom run --format jsonl …`.
    pub command: Command,
    /// For each stage the nanoseconds from the start of its first job to the end of its last, in
    /// every run.
    pub stages: Vec<(String, Vec<f64>)>,
}

impl Stages {
    /// A pipeline that this command runs.
    pub fn new(command: Command) -> Self {
        Self { command, stages: Vec::new() }
    }

    fn note(&mut self, output: &str) -> Result<(), String> {
        let mut stage_of: HashMap<JobName, usize> = HashMap::new();
        let mut spans: Vec<Option<(f64, f64)>> = Vec::new();
        for line in output.lines() {
            let record: Record = serde_json::from_str(line)
                .map_err(|error| format!("its report cannot be read: {error}"))?;
            let now = record.elapsed.as_nanos() as f64;
            match record.event {
                Event::RunStarted { stages, .. } => {
                    spans = vec![None; stages.len()];
                    for (index, stage) in stages.into_iter().enumerate() {
                        if self.stages.len() == index {
                            self.stages.push((stage.name, Vec::new()));
                        }
                        stage_of.extend(stage.jobs.into_iter().map(|job| (job, index)));
                    }
                }
                Event::JobStarted { job } => {
                    if let Some(span) = stage_of.get(&job).and_then(|index| spans.get_mut(*index)) {
                        span.get_or_insert((now, now));
                    }
                }
                Event::JobFinished { job, .. } => {
                    let span = stage_of.get(&job).and_then(|index| spans.get_mut(*index));
                    if let Some(Some((_, end))) = span {
                        *end = now;
                    }
                }
                _ => {}
            }
        }
        for ((_, samples), span) in self.stages.iter_mut().zip(spans) {
            samples.extend(span.map(|(start, end)| end - start));
        }
        Ok(())
    }
}

/// Shared, as the stages are looked at when all is measured.
impl Trial for Rc<RefCell<Stages>> {
    fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String> {
        let start = Instant::now();
        let output = self.borrow().command.output()?;
        samples.push(start.elapsed().as_nanos() as f64);
        self.borrow_mut().note(&output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_lasts_from_its_first_start_to_its_last_end() {
        let outcome =
            r#""outcome":{"kind":"exited","code":0},"allowed_failure":false,"duration_us":1"#;
        let output = format!(
            "{}\n{}\n{}\n{}\n{}\n",
            r#"{"elapsed_us":0,"event":"run_started","pipeline":"p","stages":[{"name":"build","jobs":["a","b"]},{"name":"off","jobs":[]}],"parallel":true}"#,
            r#"{"elapsed_us":10,"event":"job_started","job":"a"}"#,
            r#"{"elapsed_us":20,"event":"job_started","job":"b"}"#,
            format_args!(r#"{{"elapsed_us":40,"event":"job_finished","job":"b",{outcome}}}"#),
            format_args!(r#"{{"elapsed_us":70,"event":"job_finished","job":"a",{outcome}}}"#),
        );
        let mut stages = Stages::new(Command::default());
        stages.note(&output).unwrap();
        assert_eq!(stages.stages[0], ("build".to_owned(), vec![60_000.0]));
        assert_eq!(stages.stages[1], ("off".to_owned(), vec![]));
        assert!(stages.note("not json").is_err());
    }
}
