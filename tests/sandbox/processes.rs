//! Starting, waiting for and ending processes, many of them too.

use std::time::{Duration, Instant};

use greenroom::sandbox::{How, Limits};

use crate::children::{FOREGROUND, NEW_GROUP};
use crate::puppet::{FORK_SERVES, Kind, MEMORY, Puppet};
use crate::stage::Stage;
use crate::workers;

const CHILD: i32 = -12;
const SRCH: i32 = -71;
const KILLED: (u32, u32) = (137, 1 | 9 << 8);

fn stage() -> Stage {
    stage_with(Limits::default())
}

fn stage_with(limits: Limits) -> Stage {
    let commands = [
        ("zero", workers::exits(0)),
        ("seven", workers::exits(7)),
        ("last", workers::exits(255)),
        ("traps", workers::traps()),
        ("spins", workers::spins()),
        ("sleeps", workers::sleeps()),
        ("reads", workers::reads()),
        ("floods", workers::floods()),
        ("nests", workers::nests()),
        ("multiplies", workers::multiplies()),
        ("leaves", workers::sleeps_as_child("leaves", 0)),
        ("replaces", workers::replaces_itself()),
        ("uncopied", workers::cannot_be_copied()),
        ("waits", workers::sleeps_as_child("waits", 1)),
    ];
    let commands: Vec<(&str, &str)> =
        commands.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Stage::with(limits, &commands)
}

fn puppet(stage: &Stage) -> Puppet {
    Puppet::start(&stage.job, Kind::Own)
}

#[test]
fn more_processes_than_the_pool_has_slots_run_at_the_same_time() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    let children: Vec<i32> = (0..200).map(|_| puppet.spawn("sleeps", &[], 0)).collect();
    // None has given up: each waits, also those that found no slot.
    assert_eq!(puppet.wait(-1, 300), Err(0), "{}", stage.log.text());
    assert!(children.iter().all(|pid| *pid > 0 && puppet.kill(*pid, 0) == 0), "{children:?}");
    // And while they live, more start and run, in the foreground too.
    assert_eq!(puppet.run("seven").map(|(_, status, how)| (status, how)), Ok((7, 0)));
    for pid in &children {
        assert_eq!(puppet.kill(*pid, 9), 0);
    }
    for pid in &children {
        let (ended, status, how) = puppet.wait(*pid, 5000).unwrap();
        assert_eq!((ended as i32, (status, how)), (*pid, KILLED));
    }
    assert_eq!(puppet.wait(-1, 0), Err(CHILD));
    assert_eq!(puppet.finish().status, 0);
}

#[test]
fn statuses_arrive_unchanged() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    for (name, wanted) in
        [("zero", (0, 0)), ("seven", (7, 0)), ("last", (255, 0)), ("traps", (134, 2))]
    {
        let (_, status, how) = puppet.run(name).unwrap();
        assert_eq!((status, how), wanted, "{name} in the foreground");
        let pid = puppet.spawn(name, &[], 0);
        let (ended, status, how) = puppet.wait(-1, 5000).unwrap();
        assert_eq!((ended as i32, (status, how)), (pid, wanted), "{name} in the background");
    }
}

#[test]
fn each_child_is_waited_for_once() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    assert_eq!(puppet.wait(-1, -1), Err(CHILD));
    assert_eq!(puppet.wait(4711, -1), Err(CHILD));
    let first = puppet.spawn("seven", &[], 0);
    let second = puppet.spawn("sleeps", &[], 0);
    assert_eq!(puppet.wait(second, 0), Err(0));
    assert_eq!(puppet.wait(first, 5000).unwrap().1, 7);
    assert_eq!(puppet.wait(first, -1), Err(CHILD));
    // One that has ended is still there until it is waited for.
    assert_eq!(puppet.kill(second, 9), 0);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(puppet.kill(second, 0), 0);
    assert_eq!(puppet.wait(second, 5000).unwrap().1, 137);
    assert_eq!(puppet.kill(second, 0), SRCH);
    // A foreground child is nobody's child afterwards.
    assert!(puppet.run("zero").is_ok());
    assert_eq!(puppet.wait(-1, -1), Err(CHILD));
}

#[test]
fn a_signal_reaches_a_group_and_no_other() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    let leader = puppet.spawn("sleeps", &[], NEW_GROUP);
    let other = puppet.spawn("sleeps", &[], NEW_GROUP);
    let same = puppet.spawn("sleeps", &[], 0);
    assert_eq!(puppet.kill(-leader, 15), 0);
    let (ended, status, how) = puppet.wait(-1, 5000).unwrap();
    assert_eq!((ended as i32, status, how), (leader, 143, 1 | 15 << 8));
    assert_eq!(puppet.wait(-1, 100), Err(0));
    assert_eq!(puppet.kill(-leader, 0), SRCH);
    assert_eq!((puppet.kill(-other, 0), puppet.kill(same, 0)), (0, 0));
    for pid in [1, 2, -1, i32::MIN, 0x7fff_ffff] {
        // None of these is a way out of the job; 1 is the puppet itself or nobody.
        let answer = puppet.kill(pid, 0);
        assert!([0, SRCH, -63].contains(&answer), "{pid}: {answer}");
    }
    assert_eq!(puppet.kill(other, 32), -28);
    assert_eq!(puppet.kill(other, 0xffff_ffff), -28);
}

/// How long it takes from the signal until the process is gone; the best of a few attempts, so that
/// a busy machine does not decide.
fn time_to_end(mut attempt: impl FnMut() -> Duration) -> Duration {
    (0..5).map(|_| attempt()).min().unwrap()
}

#[test]
fn blocked_calls_end_at_once() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    let (reader, writer) = puppet.pipe();
    for (name, fds) in [
        ("sleeps", vec![]),
        ("spins", vec![]),
        ("reads", vec![[0, reader]]),
        ("floods", vec![[1, writer]]),
    ] {
        let took = time_to_end(|| {
            let pid = puppet.spawn(name, &fds, 0);
            assert_eq!(puppet.wait(pid, 50), Err(0), "{name}");
            let start = Instant::now();
            assert_eq!(puppet.kill(pid, 9), 0);
            assert_eq!(puppet.wait(pid, 5000).unwrap().1, 137, "{name}");
            start.elapsed()
        });
        assert!(took < Duration::from_millis(100), "{name}: {took:?}");
    }
}

#[test]
fn the_end_of_a_job_ends_a_program_that_waits_for_a_foreground_child() {
    let took = time_to_end(|| {
        let stage = stage();
        let mut puppet = puppet(&stage);
        assert!(puppet.call("getpid", &[]).is_ok());
        puppet.begin_spawn("sleeps", &[], FOREGROUND);
        std::thread::sleep(Duration::from_millis(100));
        let start = Instant::now();
        stage.job.abandon();
        let exit = puppet.finish();
        assert_eq!((exit.status, exit.how), (137, How::Signaled(9)));
        start.elapsed()
    });
    assert!(took < Duration::from_millis(100), "{took:?}");
}

#[test]
fn a_foreground_child_outlives_its_killed_parent() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    let took = time_to_end(|| {
        let parent = puppet.spawn("waits", &[], NEW_GROUP);
        assert_eq!(puppet.wait(parent, 100), Err(0));
        let start = Instant::now();
        assert_eq!(puppet.kill(parent, 9), 0);
        assert_eq!(puppet.wait(parent, 5000).unwrap(), (parent as u32, KILLED.0, KILLED.1));
        let took = start.elapsed();
        // The child is the only one left of the group.
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(puppet.kill(-parent, 9), 0);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(puppet.kill(-parent, 0), SRCH);
        took
    });
    assert!(took < Duration::from_millis(100), "{took:?}");
    assert_eq!(puppet.wait(-1, 0), Err(CHILD));
}

#[test]
fn the_end_of_a_job_ends_what_was_left_behind() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    assert_eq!(puppet.run("leaves").unwrap().1, 0);
    let grandchild = puppet.spawn("spins", &[], NEW_GROUP);
    assert!(grandchild > 0);
    let exit = puppet.finish();
    assert_eq!(exit.status, 0);
    let start = Instant::now();
    crate::stage::runtime().block_on(stage.job.close());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn foreground_children_may_be_nested_up_to_the_limit_of_processes() {
    let stage = stage_with(Limits { processes: 60, ..Limits::default() });
    let mut puppet = puppet(&stage);
    // 33 is what the innermost exits with, for which there is no more room.
    assert_eq!(puppet.run("nests").map(|(_, status, how)| (status, how)), Ok((33, 0)));
    assert!(stage.job.process_limit_reached());
    assert_eq!(puppet.run("seven").unwrap().1, 7);
}

#[test]
fn a_bomb_of_processes_stops_at_the_limit_and_can_be_ended() {
    let stage = stage_with(Limits { processes: 100, ..Limits::default() });
    let mut puppet = puppet(&stage);
    let bomb = puppet.spawn("multiplies", &[], NEW_GROUP);
    std::thread::sleep(Duration::from_millis(1500));
    assert!(stage.job.process_limit_reached());
    assert_eq!(puppet.spawn("zero", &[], 0), -6);
    let start = Instant::now();
    while puppet.kill(-bomb, 9) == 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "the bomb goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(puppet.run("seven").unwrap().1, 7);
}

#[test]
fn a_copy_has_the_memory_of_its_parent_and_its_own_afterwards() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    puppet.poke(MEMORY - 8, b"original");
    puppet.poke(0x8000, &7u64.to_le_bytes());
    // In the foreground the parent sleeps, so that the copy may use the same two descriptors.
    puppet.poke(0x9000, &[0u32, 0, 1, 1, 2, 2].map(u32::to_le_bytes).concat());
    puppet.begin("fork_call", &[FORK_SERVES.into(), 0, 0x9000, 3, FOREGROUND, 0xa000]);
    assert_eq!(puppet.peek(MEMORY - 8, 8).unwrap(), b"original");
    let child = puppet.call("getpid", &[]).unwrap();
    puppet.poke(MEMORY - 8, b"changed!");
    assert_eq!(puppet.peek(MEMORY - 8, 8).unwrap(), b"changed!");
    puppet.begin("proc_exit", &[42]);
    assert_eq!(puppet.result().unwrap(), child);
    assert_eq!(puppet.peek(MEMORY - 8, 8).unwrap(), b"original");
    let status = puppet.peek(0xa000, 12).unwrap();
    assert_eq!(&status[4..], &[42, 0, 0, 0, 0, 0, 0, 0]);
    // In the background.
    let pid = puppet.call("fork_call", &[23, 0, 0, 0, 0, 0xa000]).unwrap() as i32;
    assert_eq!(puppet.wait(pid, 5000).unwrap(), (pid as u32, 23, 0));
    // With lists that lead nowhere.
    for (fds, count) in [(0xffff_fff8, 1), (0xffff_fffc, 2), (0x9000, 0xffff_ffff), (0, 5000)] {
        let answer = puppet.call("fork_call", &[1, 0, fds, count, 0, 0xa000]).unwrap();
        assert!((answer as u32 as i32) < 0, "{fds:x} {count}");
    }
    assert_eq!(puppet.finish().status, 0);
}

#[test]
fn a_program_with_state_that_cannot_be_copied_is_told_so() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    // NOSYS.
    assert_eq!(puppet.run("uncopied").unwrap().1, 52);
}

#[test]
fn a_program_that_replaces_itself_for_ever_leaves_nothing_behind() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    assert!(puppet.spawn("replaces", &[], NEW_GROUP) > 0);
    std::thread::sleep(Duration::from_secs(3));
    let start = Instant::now();
    crate::stage::runtime().block_on(stage.job.close());
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_process_takes_the_signals_that_it_handles() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    let handled = 1u64 << 15 | 1 << 2;
    assert_eq!(puppet.call("take_signals", &[handled]), Ok(0));
    let own = puppet.call("getpid", &[]).unwrap() as i32;
    let child = puppet.spawn("sleeps", &[], NEW_GROUP);
    assert_eq!(puppet.kill(own, 15), 0);
    // A signal that waits interrupts, and goes on waiting until it is taken.
    assert_eq!(puppet.wait(child, -1), Err(-27));
    assert_eq!(puppet.wait(child, -1), Err(-27));
    assert_eq!(puppet.call("take_signals", &[handled]), Ok(1 << 15));
    assert_eq!(puppet.wait(child, 20), Err(0));
    // CHLD is ignored by default, 0 only looks, and KILL cannot be handled.
    assert_eq!((puppet.kill(own, 17), puppet.kill(own, 0)), (0, 0));
    assert_eq!(puppet.call("take_signals", &[u64::from(u32::MAX)]), Ok(0));
    assert_eq!(puppet.kill(child, 15), 0);
    assert_eq!(puppet.wait(child, 5000).unwrap().1, 143);
    puppet.begin("kill", &[own as u64, 9]);
    assert_eq!(puppet.finish().how, How::Signaled(9));
}

#[test]
fn a_pipe_connects_two_processes() {
    let stage = stage();
    let mut puppet = puppet(&stage);
    // The reader gets the end of the file when nobody can write any more.
    let (reader, writer) = puppet.pipe();
    let reading = puppet.spawn("reads", &[[0, reader]], 0);
    assert_eq!(puppet.wait(reading, 50), Err(0));
    assert_eq!(puppet.call("fd_close", &[writer.into()]), Ok(0));
    assert_eq!(puppet.wait(reading, 5000).unwrap().1, 0);
    // The writer gets PIPE when nobody can read any more.
    let (reader, writer) = puppet.pipe();
    let writing = puppet.spawn("floods", &[[1, writer]], 0);
    assert_eq!(puppet.wait(writing, 50), Err(0));
    assert_eq!(puppet.call("fd_close", &[reader.into()]), Ok(0));
    assert_eq!(puppet.wait(writing, 5000).unwrap().1, 64);
    // A killed reader counts as gone.
    let (reader, writer) = puppet.pipe();
    let writing = puppet.spawn("floods", &[[1, writer]], 0);
    let sleeping = puppet.spawn("sleeps", &[[0, reader]], 0);
    assert_eq!(puppet.call("fd_close", &[reader.into()]), Ok(0));
    assert_eq!(puppet.wait(writing, 50), Err(0));
    assert_eq!(puppet.kill(sleeping, 9), 0);
    assert_eq!(puppet.wait(writing, 5000).unwrap().1, 64);
}
