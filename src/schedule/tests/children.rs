//! Child pipelines: when their jobs run, how the jobs that trigger them end, what cancels them.

use std::time::Duration;

use tokio::time::sleep;

use super::fake::Do::{Begin, Fail, Sleep};
use super::fake::{Ran, TestJob, job, run_family_with};
use crate::event::{Event, RunResult};
use crate::plan::{AllowFailure, Strategy, When};
use crate::schedule::Cancel;

async fn run(jobs: &[TestJob], children: &[(&'static str, Vec<TestJob>)], limit: usize) -> Ran {
    run_family_with(jobs, children, limit, |_| std::future::ready(())).await
}

/// How the jobs ended, in that order.
fn ends(ran: &Ran) -> Vec<String> {
    let end = |event: &Event| match event {
        Event::JobFinished { job, outcome, .. } => Some(format!("{job}: {outcome}")),
        Event::JobSkipped { job, reason } => Some(format!("{job}: {reason:?}")),
        Event::PipelineFinished { job, result, .. } => Some(format!("child of {job}: {result:?}")),
        _ => None,
    };
    ran.records.iter().filter_map(|record| end(&record.event)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_ends_with_its_child_and_holds_up_what_follows() {
    let child = vec![job("test", "a", &[Sleep(30)]), job("deploy", "b", &[Sleep(20)])];
    let jobs = [
        job("one", "t", &[]).triggers(Some(Strategy::Depend)),
        job("one", "beside", &[Sleep(10)]),
        job("two", "after", &[Sleep(10)]),
    ];
    let ran = run(&jobs, &[("t", child)], 4).await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn one_place_is_enough_for_a_child_because_waiting_takes_none() {
    let child = vec![job("test", "t", &[]).triggers(Some(Strategy::Depend))];
    let grandchild = vec![job("test", "a", &[Sleep(30)])];
    let jobs = [job("one", "t", &[]).triggers(Some(Strategy::Depend))];
    let ran = run(&jobs, &[("t", child), ("t / t", grandchild)], 1).await;
    assert_eq!(
        ends(&ran),
        [
            "t / t / a: succeeded",
            "child of t / t: Success",
            "t / t: succeeded",
            "child of t: Success",
            "t: succeeded"
        ]
    );
    assert_eq!(ran.result, RunResult::Success);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_not_wait_is_done_and_its_child_goes_on() {
    let child = vec![job("test", "bad", &[Begin(0), Sleep(50), Fail(0, 1)])];
    let jobs = [job("one", "t", &[]).triggers(None), job("two", "after", &[Sleep(10)])];
    let ran = run(&jobs, &[("t", child)], 4).await;
    assert_eq!(
        ends(&ran),
        ["t: succeeded", "after: succeeded", "t / bad: exit code 1", "child of t: Failed"]
    );
    assert_eq!(ran.result, RunResult::Success);
}

#[tokio::test(start_paused = true)]
async fn a_failed_child_fails_the_job_that_waits_unless_it_may_fail() {
    let child = || vec![job("test", "bad", &[Begin(0), Fail(0, 1)])];
    let waits = |name| job("one", name, &[]).triggers(Some(Strategy::Depend));
    let jobs = [
        waits("strict"),
        waits("lenient").allow(AllowFailure::Yes),
        job("two", "after", &[]).needs(&["lenient"]),
        job("two", "never", &[]).needs(&["strict"]),
        job("two", "clean-up", &[]).needs(&["strict"]).when(When::OnFailure),
    ];
    let ran = run(&jobs, &[("strict", child()), ("lenient", child())], 1).await;
    insta::assert_snapshot!(ran.log());
    assert_eq!(ran.result, RunResult::Failed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_planned_fails_its_job_with_the_reason() {
    let ran = run(&[job("one", "t", &[]).triggers(None)], &[], 1).await;
    let ends = ends(&ran);
    assert!(ends[0].contains("the child pipeline of t could not be created"), "{ends:?}");
    assert!(ends[0].contains("ci/child.yml:1: it is no YAML"), "{ends:?}");
    assert_eq!(ran.result, RunResult::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_child_of_which_no_job_ran_is_a_failure_to_depend_on_and_skipped_in_the_mirror() {
    let child = || vec![job("test", "rescue", &[]).when(When::OnFailure)];
    let jobs = [
        job("one", "depends", &[]).triggers(Some(Strategy::Depend)),
        job("one", "mirrors", &[]).triggers(Some(Strategy::Mirror)),
        job("two", "after", &[]).needs(&["mirrors"]),
    ];
    let ran = run(&jobs, &[("depends", child()), ("mirrors", child())], 1).await;
    assert_eq!(
        ends(&ran),
        [
            "depends / rescue: NothingFailed",
            "child of depends: Skipped",
            "depends: its child pipeline ran no job, which `strategy: depend` takes for a failure",
            "mirrors / rescue: NothingFailed",
            "child of mirrors: Skipped",
            "mirrors: no job of its child pipeline ran",
            "after: NeedSkipped { job: JobName(\"mirrors\") }",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_children_and_the_jobs_that_wait_for_them() {
    for level in [Cancel::Gracefully, Cancel::AtOnce] {
        let child = vec![job("test", "long", &[Begin(0), Sleep(60_000)]), job("x", "later", &[])];
        let jobs = [
            job("one", "t", &[]).triggers(Some(Strategy::Depend)),
            job("one", "forgets", &[]).triggers(None),
            job("two", "after", &[]),
        ];
        let children = [("t", child.clone()), ("forgets", child)];
        let ran = run_family_with(&jobs, &children, 4, |switch| async move {
            sleep(Duration::from_secs(1)).await;
            switch.raise(level);
        })
        .await;
        let ends = ends(&ran);
        assert_eq!(ran.result, RunResult::Cancelled, "{ends:?}");
        for end in ["t: cancelled", "t / long: cancelled", "child of t: Cancelled"] {
            assert!(ends.iter().any(|found| found == end), "{end} in {ends:?}");
        }
        assert!(ends.contains(&"forgets: succeeded".to_owned()), "{ends:?}");
        assert!(ends.contains(&"after: Cancelled".to_owned()), "{ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_resource_group_takes_no_room_from_who_has_it() {
    let group = |job: TestJob| job.set(|set| set.resource_group = Some("one".to_owned()));
    let waits = |name| group(job("one", name, &[]).triggers(Some(Strategy::Depend)));
    let child = || vec![job("test", "a", &[Sleep(30)])];
    let jobs = [waits("t"), waits("u"), group(job("one", "plain", &[Sleep(10)]))];
    let ran = run(&jobs, &[("t", child()), ("u", child())], 1).await;
    insta::assert_snapshot!(ran.log());
    assert_eq!(ran.result, RunResult::Success);
}
