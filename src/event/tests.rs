use bytes::Bytes;
use proptest::prelude::*;

use super::*;

fn round_trip(event: Event) -> String {
    let record = Record { elapsed: Duration::from_micros(1_234_567), event };
    let json = serde_json::to_string(&record).expect("plain data serialises");
    let back: Record = serde_json::from_str(&json).expect("what was written can be read");
    assert_eq!(back, record, "{json}");
    json
}

fn output(bytes: &'static [u8]) -> Event {
    Event::Output {
        job: "j".into(),
        stream: Stream::Stdout,
        chunk: Chunk(Bytes::from_static(bytes)),
    }
}

#[test]
fn output_is_text_or_base64() {
    insta::assert_snapshot!(round_trip(output("grün\n".as_bytes())),
        @r#"{"elapsed_us":1234567,"event":"output","job":"j","stream":"stdout","text":"grün\n"}"#);
    insta::assert_snapshot!(round_trip(output(b"\xff\xfe")),
        @r#"{"elapsed_us":1234567,"event":"output","job":"j","stream":"stdout","base64":"//4="}"#);
}

#[test]
fn finished_job() {
    let command = Command {
        section: Section::Script,
        index: 1,
        text: "false".into(),
        file: ".gitlab-ci.yml".into(),
        line: 7,
    };
    let failed = FailedCommand { command, failed_line: 8, status: Some(255) };
    let event = Event::JobFinished {
        job: "lint".into(),
        outcome: StepOutcome::Exited(255),
        allowed_failure: true,
        duration: Duration::from_millis(1500),
        failed_command: Some(failed),
        attempts: 1,
        coverage: None,
        after_script: Some(StepOutcome::Trapped { message: "unreachable".into() }),
    };
    insta::assert_snapshot!(round_trip(event), @r#"{"elapsed_us":1234567,"event":"job_finished","job":"lint","outcome":{"kind":"exited","code":255},"allowed_failure":true,"duration_us":1500000,"failed_command":{"section":"script","index":1,"text":"false","file":".gitlab-ci.yml","line":7,"failed_line":8,"status":255},"after_script":{"kind":"trapped","message":"unreachable"}}"#);
}

#[test]
fn every_outcome_round_trips() {
    for outcome in [
        StepOutcome::Exited(0),
        StepOutcome::Trapped { message: "m".into() },
        StepOutcome::TimedOut,
        StepOutcome::OutOfMemory,
        StepOutcome::OutputLimit,
        StepOutcome::DiskQuota,
        StepOutcome::NotKept { message: "m".into() },
        StepOutcome::NotLoadable { message: "m".into() },
        StepOutcome::Downstream { message: "m".into() },
        StepOutcome::Blocked { job: "t / j".into() },
        StepOutcome::NothingRan,
        StepOutcome::Cancelled,
        StepOutcome::Internal { message: "m".into() },
    ] {
        let json = round_trip(Event::JobFinished {
            job: "j".into(),
            outcome,
            allowed_failure: false,
            duration: Duration::ZERO,
            failed_command: None,
            attempts: 2,
            coverage: Some("87.5".to_owned()),
            after_script: None,
        });
        assert!(json.contains(r#""outcome":{"kind":"#), "an outcome is always an object: {json}");
    }
}

proptest! {
    #[test]
    fn no_output_is_lost(bytes: Vec<u8>) {
        round_trip(Event::Output {
            job: "j".into(),
            stream: Stream::Stderr,
            chunk: Chunk(bytes.into()),
        });
    }
}
