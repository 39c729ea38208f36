//! Jobs that are tried again, that wait, and whose artifacts are not kept.

use std::time::Duration;

use tokio::time::sleep;

use super::fake::Do::{Begin, End, Fail, Print, Sleep};
use super::fake::{Ran, job, run_jobs, run_jobs_with};
use crate::event::{RunResult, StepOutcome};
use crate::plan::{Retry, RetryReason};
use crate::schedule::Cancel;

fn log_and_calls(ran: &Ran) -> String {
    format!("{}\n{}", ran.log(), ran.calls.join("\n"))
}

fn twice() -> Retry {
    Retry { max: 2, ..Retry::default() }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_tried_again_until_it_succeeds() {
    let flaky = job("test", "flaky", &[Begin(0), Sleep(10), Fail(0, 1)])
        .then(&[Begin(0), Sleep(20), Fail(0, 2)])
        .then(&[Begin(0), Sleep(30)])
        .after(&[Begin(0)])
        .set(|settings| settings.retry = twice());
    let ran = run_jobs(&[flaky, job("deploy", "publish", &[Begin(0)])], 2).await;
    assert_eq!(ran.result, RunResult::Success);
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn attempts_and_reasons_are_limited() {
    let only_timeouts =
        Retry { max: 2, when: Some(vec![RetryReason::JobExecutionTimeout]), exit_codes: None };
    let ran = run_jobs(
        &[
            job("s", "always-fails", &[Begin(0), Fail(0, 1)])
                .then(&[Begin(0), Fail(0, 2)])
                .then(&[Begin(0), Fail(0, 3)])
                .set(|settings| settings.retry = twice()),
            job("s", "other-reason", &[Begin(0), Fail(0, 1)])
                .set(|settings| settings.retry = only_timeouts.clone()),
            job("s", "too-slow", &[Begin(0), Sleep(5000)])
                .timeout(100)
                .then(&[Begin(0)])
                .set(|settings| settings.retry = only_timeouts.clone()),
        ],
        1,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_is_not_tried_again() {
    let slow = job("s", "slow", &[Begin(0), Sleep(1000), End(StepOutcome::Exited(1))])
        .set(|settings| settings.retry = twice());
    let ran = run_jobs_with(&[slow], 1, |switch| async move {
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::Gracefully);
    })
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn the_coverage_is_that_of_the_last_attempt() {
    let covered = job("s", "covered", &[Begin(0), Print(b"TOTAL 10%\n"), Fail(0, 1)])
        .then(&[Begin(0), Print(b"TO"), Print(b"TAL 71.5%\nTOTAL none\n")])
        .set(|settings| {
            settings.retry = twice();
            settings.coverage = Some(r"TOTAL (\S+)".to_owned());
        });
    let ran = run_jobs(&[covered], 1).await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_delayed_job_waits_without_taking_a_place() {
    let delayed = |name, ms| {
        job("test", name, &[Begin(0), Sleep(10)])
            .set(move |settings| settings.start_in = Some(Duration::from_millis(ms)))
    };
    let ran = run_jobs(
        &[
            job("test", "first", &[Begin(0), Sleep(100)]),
            delayed("later", 500),
            delayed("soon", 50),
            job("deploy", "last", &[Begin(0)]),
        ],
        1,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn waiting_jobs_can_be_cancelled() {
    let delayed = job("s", "delayed", &[Begin(0)])
        .set(|settings| settings.start_in = Some(Duration::from_secs(3600)));
    let locked = job("s", "locked", &[Begin(0)]).behave(|behaviour| behaviour.admit = 3_600_000);
    let ran = run_jobs_with(&[delayed, locked], 2, |switch| async move {
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::Gracefully);
    })
    .await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_fails_a_job_that_succeeded() {
    let spoiled = |name, script| {
        job("s", name, script).behave(|behaviour| behaviour.not_kept = Some("too large"))
    };
    let ran =
        run_jobs(&[spoiled("good", &[Begin(0)]), spoiled("bad", &[Begin(0), Fail(0, 4)])], 1).await;
    insta::assert_snapshot!(ran.log());
}
