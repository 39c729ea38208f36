//! Standard input and output of components.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use greenroom::sandbox::{Exit, How, Stdio};

use crate::case::{case, fixture, program};

#[tokio::test(flavor = "multi_thread")]
async fn output_goes_where_it_is_led() {
    let case = case();
    case.run(&["both"]).await;
    assert_eq!(case.out(), "out 0\nout 1\nout 2\n");
    assert_eq!(case.err(), "err 0\nerr 1\nerr 2\n");

    let file = File::create(case.path("both.txt")).expect("creates");
    let mut spec = program(fixture(), &["both"]);
    spec.stdio[2] = Stdio::Host(file.try_clone().expect("dup").into());
    spec.stdio[1] = Stdio::Host(file.into());
    case.start(spec).await;
    assert_eq!(case.read("both.txt"), "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n");
    assert_eq!(case.out(), "out 0\nout 1\nout 2\n");

    let mut spec = program(fixture(), &["both"]);
    spec.stdio[1] = Stdio::Null;
    assert_eq!(case.start(spec).await.status, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_passes_through_pipes() {
    let case = case();
    let sent: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    let (mut from_it, to_us) = std::io::pipe().expect("a pipe");
    let copy = sent.clone();
    let writer = std::thread::spawn(move || to_it.write_all(&copy));
    let reader = std::thread::spawn(move || {
        let mut received = Vec::new();
        from_it.read_to_end(&mut received).map(|_| received)
    });
    let mut spec = program(fixture(), &["cat"]);
    spec.stdio[0] = Stdio::Host(OwnedFd::from(from_us));
    spec.stdio[1] = Stdio::Host(OwnedFd::from(to_us));
    let exit = case.start(spec).await;
    assert_eq!(exit.status, 0, "{}", case.err());
    writer.join().expect("ends").expect("writes");
    assert!(reader.join().expect("ends").expect("reads") == sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_stays_for_the_next() {
    let case = case();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    to_it.write_all(b"one\ntwo\nthree\n").expect("writes");
    drop(to_it);
    for _ in 0..3 {
        let mut spec = program(fixture(), &["line"]);
        spec.stdio[0] = Stdio::Host(from_us.try_clone().expect("dup").into());
        assert_eq!(case.start(spec).await.status, 0);
    }
    assert_eq!(case.out(), "one\ntwo\nthree\n");

    fs::write(case.path("lines"), "four\nfive\n").expect("writes");
    let file = File::open(case.path("lines")).expect("opens");
    for _ in 0..2 {
        let mut spec = program(fixture(), &["line"]);
        spec.stdio[0] = Stdio::Host(file.try_clone().expect("dup").into());
        case.start(spec).await;
    }
    assert_eq!(case.out(), "one\ntwo\nthree\nfour\nfive\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_read_the_same_pipe() {
    let case = case();
    let (from_us, mut to_it) = std::io::pipe().expect("a pipe");
    let copies = (0..4).map(|_| {
        let job = Arc::clone(&case.job);
        let mut spec = program(fixture(), &["cat"]);
        spec.stdio[0] = Stdio::Host(from_us.try_clone().expect("dup").into());
        tokio::spawn(async move { job.run(spec).await })
    });
    let copies: Vec<_> = copies.collect();
    let writer = std::thread::spawn(move || {
        for _ in 0..2000 {
            to_it.write_all(&[b'x'; 100]).expect("writes");
        }
    });
    for copy in copies {
        let exit = copy.await.expect("no panic").expect("starts");
        assert_eq!(exit, Exit { status: 0, how: How::Exited }, "{}", case.err());
    }
    writer.join().expect("ends");
    assert_eq!(case.out().len(), 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_an_error_not_a_hang() {
    let case = case();
    let (from_it, to_us) = std::io::pipe().expect("a pipe");
    drop(from_it);
    let mut spec = program(fixture(), &["flood"]);
    spec.stdio[1] = Stdio::Host(OwnedFd::from(to_us));
    assert_ne!(case.start(spec).await.status, 0);
}
