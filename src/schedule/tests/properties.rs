//! What holds for every plan.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;

use super::fake::Do::{Begin, End, Print, Sleep};
use super::fake::{Ran, TestJob, job, plan, run_jobs_with};
use crate::event::{Event, JobName, RunResult, StepOutcome};
use crate::plan::{AllowFailure, JobId, When};
use crate::schedule::Cancel;

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
const STAGES: [&str; 4] = ["one", "two", "three", "four"];

#[derive(Clone, Debug)]
struct Shape {
    stage: usize,
    needs: Option<Vec<prop::sample::Index>>,
    when: u8,
    allowed: bool,
    ms: u64,
    code: u8,
}

fn shape() -> impl Strategy<Value = Shape> {
    let needs = prop::option::of(prop::collection::vec(any::<prop::sample::Index>(), 0..3));
    (0..STAGES.len(), needs, 0..4u8, any::<bool>(), 0..50u64, 0..3u8).prop_map(
        |(stage, needs, when, allowed, ms, code)| Shape { stage, needs, when, allowed, ms, code },
    )
}

fn jobs_of(mut shapes: Vec<Shape>) -> Vec<TestJob> {
    shapes.sort_by_key(|shape| shape.stage);
    let make = |(at, shape): (usize, &Shape)| {
        let outcome = StepOutcome::Exited(shape.code.saturating_sub(1));
        let script = [Begin(0), Print(b"x"), Sleep(shape.ms), End(outcome)];
        let mut job = job(STAGES[shape.stage], NAMES[at], &script);
        if let Some(needs) = &shape.needs {
            // Backwards only, so there is no cycle; the same stage is allowed.
            let needs: Vec<_> =
                needs.iter().filter(|_| at > 0).map(|need| NAMES[need.index(at)]).collect();
            job = job.needs(&needs);
        }
        job.when = match shape.when {
            0 => When::OnFailure,
            1 => When::Always,
            _ => When::OnSuccess,
        };
        if shape.allowed {
            job.allow_failure = AllowFailure::Yes;
        }
        job
    };
    shapes.iter().enumerate().map(make).collect()
}

fn run_paused(jobs: &[TestJob], limit: usize, cancel: Option<(u64, Cancel)>) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing");
    runtime.block_on(async {
        let run = run_jobs_with(jobs, limit, |switch| async move {
            if let Some((ms, level)) = cancel {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                switch.raise(level);
            }
        });
        tokio::time::timeout(Duration::from_secs(3600), run).await.expect("the run ends")
    })
}

fn check(jobs: &[TestJob], limit: usize, ran: &Ran) {
    let plan = plan(jobs);
    let id: HashMap<JobName, JobId> =
        plan.jobs.iter().map(|job| (job.name.as_str().into(), job.id)).collect();
    let (mut started, mut ended) = (vec![false; plan.jobs.len()], vec![false; plan.jobs.len()]);
    let (mut running, mut failed) = (0, false);
    for (at, record) in ran.records.iter().enumerate() {
        assert!(at == 0 || ran.records[at - 1].elapsed <= record.elapsed, "time goes forward");
        match &record.event {
            Event::RunStarted { .. } => assert_eq!(at, 0),
            Event::RunFinished { .. } => assert_eq!(at, ran.records.len() - 1),
            Event::JobStarted { job } => {
                let id = id[job];
                assert!(!started[id.0] && !ended[id.0], "{job} starts once");
                for need in plan.job(id).after.iter() {
                    assert!(ended[need.0], "{job} waits for {}", plan.job(*need).name);
                }
                started[id.0] = true;
                running += 1;
                assert!(running <= limit, "{running} jobs run at once");
            }
            Event::JobFinished { job, outcome, allowed_failure, .. } => {
                let id = id[job];
                assert!(started[id.0] && !ended[id.0], "{job} ends once, after its start");
                ended[id.0] = true;
                running -= 1;
                failed |= !outcome.is_success() && !allowed_failure;
            }
            Event::JobSkipped { job, .. } => {
                let id = id[job];
                assert!(!started[id.0] && !ended[id.0], "{job} is skipped instead of started");
                ended[id.0] = true;
            }
            Event::CommandStarted { job, .. }
            | Event::StepStarted { job, .. }
            | Event::StepFinished { job, .. }
            | Event::JobPrepared { job, .. }
            | Event::CommandFinished { job, .. }
            | Event::Annotation { job, .. }
            | Event::ReportRead { job, .. }
            | Event::Output { job, .. } => {
                assert!(started[id[job].0] && !ended[id[job].0], "{job} speaks while it runs");
            }
            Event::PipelineCreated { .. } | Event::PipelineFinished { .. } => {
                panic!("no job of these plans is a trigger")
            }
            Event::Notice { .. }
            | Event::JobWaiting { .. }
            | Event::JobRetried { .. }
            | Event::CommandFailed { .. } => {}
        }
    }
    assert!(ended.iter().all(|ended| *ended), "every job ends or is skipped");
    match ran.result {
        RunResult::Success => assert!(!failed),
        RunResult::Failed => assert!(failed),
        RunResult::Cancelled => {}
        RunResult::Blocked => panic!("no job of these plans is started by hand"),
        RunResult::Skipped => panic!("that is a result of child pipelines"),
    }
}

proptest! {
    #[test]
    fn every_plan_runs_to_its_end(
        shapes in prop::collection::vec(shape(), 0..NAMES.len()),
        limit in 1usize..5,
    ) {
        let jobs = jobs_of(shapes);
        let ran = run_paused(&jobs, limit, None);
        check(&jobs, limit, &ran);
        prop_assert_ne!(ran.result, RunResult::Cancelled);
    }

    #[test]
    fn every_plan_can_be_cancelled(
        shapes in prop::collection::vec(shape(), 1..NAMES.len()),
        limit in 1usize..5,
        ms in 0u64..120,
        at_once: bool,
    ) {
        let jobs = jobs_of(shapes);
        let level = if at_once { Cancel::AtOnce } else { Cancel::Gracefully };
        let ran = run_paused(&jobs, limit, Some((ms, level)));
        check(&jobs, limit, &ran);
        let last = ran.records.last().expect("there is always an end").elapsed;
        let started_later =
            ran.records.iter().any(|record| {
                matches!(record.event, Event::JobStarted { .. })
                    && record.elapsed > Duration::from_millis(ms)
            });
        prop_assert!(!started_later, "nothing starts after the cancellation");
        prop_assert!(last <= Duration::from_millis(ms.max(50 * 12)), "{last:?}");
    }
}
