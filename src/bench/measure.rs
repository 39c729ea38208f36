//! Taking measurements in turns.

use std::time::{Duration, Instant};

use super::watch::Watch;

/// Something that can be repeated and timed.
pub trait Trial {
    /// Does it once or several times and adds the nanoseconds that each took.
    ///
    /// # Errors
    /// Why it cannot be done, in words for the user.
    fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String>;
}

/// What is measured.
pub struct Case {
    /// What the figures are called.
    pub name: String,
    /// Its version, or whatever else tells it from others of that name.
    pub version: String,
    /// Whether it is started from nothing each time, which takes so long that few runs must do.
    pub slow: bool,
    /// How it is done.
    pub trial: Box<dyn Trial>,
}

/// How much to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds in which every case has its turn.
    pub rounds: usize,
    /// Rounds before them that are not counted.
    pub warm_up: usize,
    /// A case that has taken this long has no more turns, once it had three.
    pub time: Duration,
}

/// Rounds of a slow case, and that any case has.
const FEW: usize = 3;

/// Measures the cases in turns; for each either its samples in nanoseconds or why there are none.
///
/// `told` is called before each round. It ends early once `watch` is cancelled.
pub fn measure(
    cases: &mut [Case],
    effort: Effort,
    watch: &Watch,
    mut told: impl FnMut(usize, usize),
) -> Vec<Result<Vec<f64>, String>> {
    let mut taken: Vec<Result<Vec<f64>, String>> = cases.iter().map(|_| Ok(Vec::new())).collect();
    let mut used = vec![Duration::ZERO; cases.len()];
    let rounds = effort.warm_up + effort.rounds.max(1);
    for round in 0..rounds {
        told(round, rounds);
        for (index, case) in cases.iter_mut().enumerate() {
            if watch.cancelled() {
                return taken;
            }
            let warming = round < effort.warm_up;
            let counted = round.saturating_sub(effort.warm_up);
            // What starts from nothing does not get warm.
            if case.slow && (warming || counted >= FEW) {
                continue;
            }
            if counted >= FEW && used[index] > effort.time {
                continue;
            }
            let Ok(samples) = &mut taken[index] else { continue };
            let before = samples.len();
            let start = Instant::now();
            let done = case.trial.run(samples);
            used[index] += start.elapsed();
            if warming {
                samples.truncate(before);
            }
            if let Err(reason) = done {
                taken[index] = Err(reason);
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    struct Noted(Rc<RefCell<Vec<usize>>>, usize, bool);

    impl Trial for Noted {
        fn run(&mut self, samples: &mut Vec<f64>) -> Result<(), String> {
            self.0.borrow_mut().push(self.1);
            samples.push(1.0);
            if self.2 { Err("broken".to_owned()) } else { Ok(()) }
        }
    }

    #[test]
    fn cases_take_turns_and_a_broken_one_is_left_out() {
        let log = Rc::default();
        let case = |index, slow, broken| Case {
            name: String::new(),
            version: String::new(),
            slow,
            trial: Box::new(Noted(Rc::clone(&log), index, broken)),
        };
        let mut cases = [case(0, false, false), case(1, true, false), case(2, false, true)];
        let effort = Effort { rounds: 5, warm_up: 1, time: Duration::from_secs(60) };
        let taken = measure(&mut cases, effort, &Watch::default(), |_, _| {});
        assert_eq!(taken[0].as_ref().map(Vec::len), Ok(5));
        assert_eq!(taken[1].as_ref().map(Vec::len), Ok(3));
        assert_eq!(taken[2], Err("broken".to_owned()));
        assert_eq!(*log.borrow(), [0, 2, 0, 1, 0, 1, 0, 1, 0, 0]);
    }

    #[test]
    fn a_case_that_took_its_time_has_three_turns() {
        let log = Rc::default();
        let trial = Box::new(Noted(Rc::clone(&log), 0, false));
        let mut cases = [Case { name: String::new(), version: String::new(), slow: false, trial }];
        let effort = Effort { rounds: 50, warm_up: 0, time: Duration::ZERO };
        assert_eq!(
            measure(&mut cases, effort, &Watch::default(), |_, _| {})[0].as_ref().map(Vec::len),
            Ok(3)
        );
    }
}
