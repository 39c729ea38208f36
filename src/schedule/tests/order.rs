//! When jobs start: needs, stages, the limit, `when`.

use super::fake::Do::{End, Fail, Sleep};
use super::fake::{job, run_jobs};
use crate::event::StepOutcome;
use crate::plan::{AllowFailure, When};

#[tokio::test(start_paused = true)]
async fn stages_follow_each_other_and_their_jobs_run_together() {
    let ran = run_jobs(
        &[
            job("test", "unit", &[Sleep(300)]),
            job("test", "lint", &[Sleep(100)]),
            job("deploy", "publish", &[Sleep(50)]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_job_starts_when_its_own_needs_are_done_not_in_waves() {
    let ran = run_jobs(
        &[
            job("build", "slow", &[Sleep(3000)]),
            job("build", "fast", &[Sleep(100)]),
            job("test", "after-slow", &[Sleep(10)]).needs(&["slow"]),
            job("test", "after-fast", &[Sleep(10)]).needs(&["fast"]),
            job("test", "after-nothing", &[Sleep(10)]).needs(&[]),
            job("deploy", "same-stage-1", &[Sleep(10)]).needs(&["same-stage-2"]),
            job("deploy", "same-stage-2", &[Sleep(10)]).needs(&["after-fast"]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_and_jobs_start_in_the_order_of_the_plan() {
    let ran = run_jobs(
        &[
            job("s", "a", &[Sleep(30)]),
            job("s", "b", &[Sleep(10)]),
            job("s", "c", &[Sleep(15)]),
            job("s", "d", &[Sleep(10)]),
        ],
        2,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_failure_lets_its_stage_finish_and_skips_later_stages() {
    let ran = run_jobs(
        &[
            job("test", "bad", &[Sleep(10), Fail(0, 1)]),
            job("test", "good", &[Sleep(20)]),
            job("deploy", "publish", &[]),
            job("deploy", "notify", &[]).when(When::OnFailure),
            job("deploy", "tidy", &[]).when(When::Always),
            job("last", "rescue", &[]).when(When::OnFailure),
            job("last", "celebrate", &[]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn when_without_a_failure() {
    let ran = run_jobs(
        &[
            job("first", "at-once", &[]).when(When::OnFailure),
            job("test", "good", &[Sleep(20)]),
            job("deploy", "notify", &[]).when(When::OnFailure),
            job("deploy", "tidy", &[]).when(When::Always),
            // A stage ignores what was skipped before it, a need does not.
            job("last", "by-stage", &[]),
            job("last", "by-need", &[]).needs(&["notify"]),
            job("last", "by-need-always", &[]).needs(&["notify"]).when(When::Always),
            job("last", "by-need-on-failure", &[]).needs(&["notify"]).when(When::OnFailure),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn an_allowed_failure_is_a_success() {
    let ran = run_jobs(
        &[
            job("test", "yes", &[End(StepOutcome::TimedOut)]).allow(AllowFailure::Yes),
            job("test", "code", &[End(StepOutcome::Exited(42))])
                .allow(AllowFailure::ExitCodes(vec![7, 42])),
            job("deploy", "publish", &[]),
            job("deploy", "notify", &[]).when(When::OnFailure),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn another_exit_code_is_not_allowed() {
    let ran = run_jobs(
        &[
            job("test", "code", &[End(StepOutcome::Exited(3))])
                .allow(AllowFailure::ExitCodes(vec![42])),
            job("test", "time", &[End(StepOutcome::TimedOut)])
                .allow(AllowFailure::ExitCodes(vec![42])),
            job("deploy", "publish", &[]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_cycle_ends_instead_of_hanging() {
    let ran = run_jobs(
        &[
            job("s", "a", &[]).needs(&["b"]),
            job("s", "b", &[]).needs(&["a"]),
            job("s", "c", &[Sleep(5)]).needs(&[]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(ran.log());
}
