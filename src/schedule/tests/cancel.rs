//! The first and the second Ctrl-C, and a reader that went away.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::fake::Do::{Begin, Flood, Ignore, Sleep};
use super::fake::{Fake, TestJob, job, plan, run_jobs_with};
use crate::event::RunResult;
use crate::mask::Mask;
use crate::plan::When;
use crate::schedule::{Cancel, CancelSwitch, Options, notices, run};

fn jobs() -> [TestJob; 5] {
    [
        job("test", "long", &[Begin(0), Sleep(60_000)]).after(&[Begin(0), Sleep(500)]),
        job("test", "short", &[Begin(0), Sleep(50)]),
        job("test", "preparing", &[Begin(0)]).behave(|b| b.prepare = 60_000),
        job("deploy", "publish", &[Begin(0)]),
        job("deploy", "tidy", &[Begin(0)]).when(When::Always),
    ]
}

#[tokio::test(start_paused = true)]
async fn first_ctrl_c() {
    let ran = run_jobs_with(&jobs(), 8, |switch| async move {
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::Gracefully);
    })
    .await;
    insta::assert_snapshot!(format!("{}\n{}", ran.log(), ran.calls.join("\n")));
}

#[tokio::test(start_paused = true)]
async fn second_ctrl_c() {
    let ran = run_jobs_with(&jobs(), 8, |switch| async move {
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::Gracefully);
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::AtOnce);
    })
    .await;
    insta::assert_snapshot!(format!("{}\n{}", ran.log(), ran.calls.join("\n")));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_ignores_the_first() {
    let stubborn = job("s", "stubborn", &[Begin(0), Ignore, Sleep(3_600_000)]);
    let ran = run_jobs_with(&[stubborn], 8, |switch| async move {
        sleep(Duration::from_millis(100)).await;
        switch.raise(Cancel::Gracefully);
    })
    .await;
    insta::assert_snapshot!(format!("{}\n{}", ran.log(), ran.calls.join("\n")));
}

#[tokio::test(start_paused = true)]
async fn before_the_run_begins() {
    let ran = run_jobs_with(&jobs(), 1, |switch| {
        switch.raise(Cancel::AtOnce);
        std::future::ready(())
    })
    .await;
    insta::assert_snapshot!(format!("{}\n{}", ran.log(), ran.calls.join("\n")));
}

fn options() -> Options {
    Options {
        pipeline: "test".to_owned(),
        jobs: NonZeroUsize::MIN,
        notices: notices().1,
        keep_going: false,
        mask: Mask::default(),
        planner: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_stuck_does_not_delay_the_second() {
    let flood = plan(&[job("s", "flood", &[Flood(1_000)])]);
    let switch = CancelSwitch::new();
    let (events, records) = mpsc::channel(1);
    let run = run(flood, Arc::new(Fake::default()), options(), switch.clone(), events);
    let ctrl_c = async {
        sleep(Duration::from_secs(1)).await;
        switch.raise(Cancel::Gracefully);
        sleep(Duration::from_secs(1)).await;
        switch.raise(Cancel::AtOnce);
    };
    let begin = Instant::now();
    let (result, ()) = timeout(Duration::from_secs(60), async { tokio::join!(run, ctrl_c) })
        .await
        .expect("the run ends although nobody reads");
    assert_eq!(result, RunResult::Cancelled);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    drop(records);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_gone_cancels_the_run() {
    let long = plan(&[job("s", "long", &[Begin(0), Sleep(60_000)])]);
    let (events, records) = mpsc::channel(1);
    drop(records);
    let switch = CancelSwitch::new();
    let begin = Instant::now();
    let result = run(long, Arc::new(Fake::default()), options(), switch.clone(), events).await;
    assert_eq!(result, RunResult::Cancelled);
    assert_eq!(switch.get(), Cancel::Gracefully);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}
