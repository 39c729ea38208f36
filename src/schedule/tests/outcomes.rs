//! How jobs end, and what is said and called on the way.

use super::fake::Do::{Begin, End, Fail, Flood, Ignore, Notice, Panic, Print, Sleep};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::fake::{Fake, Ran, SECRET, job, plan, run_jobs};
use crate::event::{Event, Level, StepOutcome};
use crate::mask::Mask;
use crate::schedule::{CancelSwitch, Options, notices, run};

fn log_and_calls(ran: &Ran) -> String {
    format!("{}\n{}", ran.log(), ran.calls.join("\n"))
}

#[tokio::test(start_paused = true)]
async fn a_job_with_everything() {
    let script = [Begin(0), Print(b"one\n"), Sleep(5), Begin(1), Print(b"two"), Notice("hm")];
    let after = [Begin(0), Sleep(7)];
    let ran = run_jobs(&[job("s", "j", &script).after(&after)], 1).await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn no_event_has_a_secret() {
    let script = [
        Begin(0),
        Print(b"a Zq3r"),
        Print(b"Tc7w b Zq"),
        Notice("it is Zq3rTc7w"),
        Print(b"3rTc7w \xc3"),
        Print(b"\xa4 Zq3rTc7"),
        End(StepOutcome::Trapped { message: "Zq3rTc7w".to_owned() }),
    ];
    let jobs = [job("s-Zq3rTc7w", "j Zq3rTc7w", &script), job("t", "never", &[])];
    let ran = run_jobs(&jobs, 1).await;
    for record in &ran.records {
        let text = serde_json::to_string(record).expect("plain data");
        assert!(!text.contains(SECRET), "{text}");
    }
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn the_failed_command_is_named() {
    let script = [Begin(0), Sleep(5), Begin(1), Fail(1, 255)];
    let ran = run_jobs(
        &[
            job("s", "reported", &script).after(&[Begin(0), Fail(0, 9)]),
            job("s", "exit-builtin", &[Begin(0), Sleep(6), End(StepOutcome::Exited(4))]),
            job("s", "before-any-command", &[Sleep(7), End(StepOutcome::OutOfMemory)]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_ends_the_script_and_after_script_has_its_own() {
    let ran = run_jobs(
        &[job("s", "j", &[Begin(0), Sleep(60_000)])
            .timeout(1500)
            .after(&[Begin(0), Sleep(3_600_000)])],
        1,
    )
    .await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn preparing_does_not_count_against_the_timeout() {
    let slow = job("s", "slow", &[Sleep(100)]).timeout(200).behave(|b| b.prepare = 5000);
    let endless = job("s", "endless", &[]).behave(|b| b.prepare = 3_600_000);
    let ran = run_jobs(&[slow, endless], 8).await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_ignores_its_end_is_dropped() {
    let ran = run_jobs(
        &[job("s", "j", &[Begin(0), Ignore, Sleep(3_600_000)]).timeout(1000).after(&[Begin(0)])],
        1,
    )
    .await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn closing_is_given_up() {
    let ran = run_jobs(&[job("s", "j", &[]).behave(|b| b.close = 3_600_000)], 1).await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_loaded_or_panics_fails_its_job_only() {
    let ran = run_jobs(
        &[
            job("s", "missing", &[Begin(0)])
                .behave(|b| b.not_loadable = Some("no module php.wasm"))
                .after(&[Begin(0)]),
            job("s", "panics", &[Begin(0), Sleep(5), Panic]).after(&[Begin(0)]),
            job("s", "internal", &[Sleep(6), End(StepOutcome::Internal { message: "m".into() })])
                .after(&[Begin(0)]),
            job("s", "good", &[Sleep(10)]),
        ],
        8,
    )
    .await;
    insta::assert_snapshot!(log_and_calls(&ran));
}

#[tokio::test(start_paused = true)]
async fn torn_utf8_is_joined() {
    let script =
        [Print(b"gr\xc3"), Print(b"\xbcn "), Print(b"\xf0\x9f"), Begin(0), Print(b"\xff\xe2")];
    let ran = run_jobs(&[job("s", "j", &script)], 1).await;
    insta::assert_snapshot!(ran.log());
}

#[tokio::test(start_paused = true)]
async fn a_flood_starves_no_other_job_and_notices_wait_for_room() {
    let mut flood = vec![Flood(5_000)];
    flood.extend((0..100).map(|_| Notice("n")));
    flood.push(Flood(1));
    let ran =
        run_jobs(&[job("s", "flood", &flood), job("s", "quiet", &[Begin(0), Sleep(1)])], 8).await;
    let count = |wanted: fn(&Event) -> bool| {
        ran.records.iter().filter(|record| wanted(&record.event)).count()
    };
    assert_eq!(count(|event| matches!(event, Event::Output { .. })), 5_001);
    let notices: Vec<&str> = ran
        .records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Notice { message, .. } => Some(message.as_str()),
            _ => None,
        })
        .collect();
    let kept = notices.iter().filter(|text| **text == "n").count();
    let lost: usize = notices
        .iter()
        .filter_map(|text| text.strip_suffix(" more notices were dropped")?.parse::<usize>().ok())
        .sum();
    assert_eq!(kept + lost, 100, "every notice is shown or counted");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_about_the_run_is_reported() {
    let jobs = plan(&[job("s", "j", &[Sleep(100)])]);
    let (notifier, notices) = notices();
    notifier.say(Level::Warning, "before");
    let options = Options {
        pipeline: "test".to_owned(),
        jobs: NonZeroUsize::MIN,
        notices,
        keep_going: false,
        mask: Mask::default(),
        planner: None,
    };
    let (events, mut records) = mpsc::channel(100);
    let speak = async {
        sleep(Duration::from_millis(50)).await;
        notifier.say(Level::Info, "during");
        sleep(Duration::from_millis(50)).await;
        notifier.say(Level::Info, "at the end");
    };
    let slow = Fake::of(&[job("s", "j", &[Sleep(100)])]);
    let run = run(jobs, Arc::new(slow), options, CancelSwitch::new(), events);
    tokio::join!(run, speak);
    let mut said = Vec::new();
    while let Some(record) = records.recv().await {
        if let Event::Notice { job: None, message, .. } = record.event {
            said.push(message);
        }
    }
    assert_eq!(said, ["before", "during", "at the end"]);
}
