//! What a component may use.

use std::fs;

use greenroom::sandbox::{Exit, How, Limits};

use crate::case::{case, case_with, fixture, limits, program};

#[tokio::test(flavor = "multi_thread")]
async fn traps_and_limits_are_told() {
    let case = case();
    let exit = case.start(program(fixture(), &["panic"])).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");
    assert!(case.err().contains("as asked"), "{}", case.err());

    let exit = case.start(program(fixture(), &["allocate"])).await;
    let How::OutOfMemory(message) = &exit.how else { panic!("{exit:?}") };
    assert!(message.contains("64 MiB"), "{message}");

    let exit = case.start(program(fixture(), &["recurse"])).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");

    // Preopened directories and standard streams do not count.
    let (status, text) = case.run(&["open-many", "/usr/lib/data"]).await;
    assert_eq!((status, text.lines().next()), (1, Some("100")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_directories_counts_as_memory() {
    let case = case_with(Limits { total_memory: 16 << 20, ..limits() });
    for i in 0..2000 {
        fs::write(case.path(&format!("lib/{i}{}", "x".repeat(240))), "").expect("writes");
    }
    let (status, text) = case.run(&["list-many", "/usr/lib"]).await;
    let listed: usize = text.lines().next().and_then(|n| n.parse().ok()).expect("a number");
    // Two thousand names of 240 bytes are half a megabyte. The other limit is 100 descriptors.
    assert!(status == 1 && (5..50).contains(&listed), "{text}");
    assert_eq!(case.run(&["exit", "0"]).await.0, 0, "it was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_quota_holds() {
    let case = case();
    let (status, text) = case.run(&["resize", "sparse", "4000000000000"]).await;
    assert_eq!(status, 1, "{text}");
    assert_eq!(fs::metadata(case.path("workspace/sparse")).expect("made").len(), 0);
    assert!(case.job.disk_limit_reached());

    let case = crate::case::case();
    let (status, text) = case.run(&["fill", "large"]).await;
    assert_eq!((status, text.lines().next()), (1, Some("1000000")), "{text}");
    assert_eq!(fs::metadata(case.path("workspace/large")).expect("made").len(), 1_000_000);
    assert_eq!(case.run(&["append", "other", "x"]).await.0, 1);
    assert_eq!(case.run(&["remove", "large"]).await.0, 0);
    assert_eq!(case.run(&["append", "other", "x"]).await.0, 0, "given back");

    let case = crate::case::case();
    let mut made = 0;
    while case.run(&["mkdir", &format!("d{made}")]).await.0 == 0 {
        made += 1;
    }
    assert_eq!(made, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_ends_the_job() {
    let case = case();
    let exit = case.start(program(fixture(), &["flood"])).await;
    assert_eq!(exit, Exit { status: 137, how: How::Signaled(9) });
    assert_eq!(case.out().len(), 1_000_000);
    assert!(case.job.breach().is_some());
}
