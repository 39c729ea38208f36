//! Comparing a report with an earlier one, knowing how much of a difference is noise.

use std::fmt;

use super::report::{Figure, Report};
use super::table::duration;

/// What others are related to has to be known this well, as a share of it.
const STEADY: f64 = 0.25;

/// How two figures of the same case differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not by more than the threshold and the noise.
    Same,
    /// It takes less time now.
    Faster,
    /// It takes more time now.
    Slower,
    /// More time by more than the threshold, but the measurements differ as much among themselves.
    Unclear,
    /// It was not measured this time.
    Missing,
    /// It was not measured then.
    New,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same",
            Self::Faster => "faster",
            Self::Slower => "SLOWER",
            Self::Unclear => "unclear: too much noise, measure again with more --runs",
            Self::Missing => "not measured this time",
            Self::New => "not in the baseline",
        })
    }
}

/// One case then and now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The case.
    pub name: String,
    /// Medians in nanoseconds.
    pub medians: (Option<f64>, Option<f64>),
    /// How they differ.
    pub verdict: Verdict,
}

/// Two reports side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Every case of either.
    pub changes: Vec<Change>,
    /// Why the reports may not be comparable.
    pub warnings: Vec<String>,
}

impl Comparison {
    /// Whether something has become slower.
    pub fn is_slower(&self) -> bool {
        self.changes.iter().any(|change| change.verdict == Verdict::Slower)
    }
}

/// Compares with a baseline: a difference counts if it is greater than `threshold` (a share of the
/// baseline's median) and if the medians are further apart than both are uncertain.
///
/// Cases are compared in relation to the first case of their own report where both have it: a
/// machine that is slower today is so for that one as well.
pub fn compare(baseline: &Report, now: &Report, threshold: f64) -> Comparison {
    let mut warnings = Vec::new();
    if baseline.machine.cpu != now.machine.cpu || baseline.machine.cores != now.machine.cores {
        warnings.push(format!(
            "the baseline is of another machine ({}, {} cores)",
            baseline.machine.cpu, baseline.machine.cores
        ));
    }
    // By how much this machine is slower than that of the baseline, and how sure that is.
    let anchor = match (baseline.figures.first(), now.figures.first()) {
        (Some(then), Some(now)) if then.name == now.name && then.summary.median > 0.0 => {
            let drift = now.summary.median / then.summary.median;
            let unsure = relative(then) + relative(now);
            if unsure > STEADY {
                warnings.push(format!(
                    "{} differs so much from run to run that the machine's own changes are not \
                     taken into account; measure with more --runs, or on a quiet machine",
                    then.name
                ));
            }
            (unsure <= STEADY).then_some((drift, unsure))
        }
        _ => None,
    };
    let (drift, unsure) = anchor.unwrap_or((1.0, 0.0));
    let mut changes: Vec<Change> = now
        .figures
        .iter()
        .enumerate()
        .map(|(index, figure)| {
            let then = baseline.figures.iter().find(|then| then.name == figure.name);
            let verdict = match then {
                None => Verdict::New,
                // What the others are related to cannot be judged itself.
                Some(then)
                    if index == 0 && now.figures.first().is_some_and(|f| f.name == then.name) =>
                {
                    Verdict::Same
                }
                Some(then) => judge(then, figure, drift, unsure, threshold),
            };
            Change {
                name: figure.name.clone(),
                medians: (then.map(|then| then.summary.median), Some(figure.summary.median)),
                verdict,
            }
        })
        .collect();
    for then in &baseline.figures {
        if now.figures.iter().all(|figure| figure.name != then.name) {
            changes.push(Change {
                name: then.name.clone(),
                medians: (Some(then.summary.median), None),
                verdict: Verdict::Missing,
            });
        }
    }
    Comparison { changes, warnings }
}

fn relative(figure: &Figure) -> f64 {
    let summary = &figure.summary;
    if summary.median > 0.0 { summary.uncertainty() / summary.median } else { 0.0 }
}

fn judge(then: &Figure, now: &Figure, drift: f64, unsure: f64, threshold: f64) -> Verdict {
    let expected = then.summary.median * drift;
    if expected <= 0.0 {
        return Verdict::Same;
    }
    let difference = now.summary.median / expected - 1.0;
    let noise = relative(then) + relative(now) + unsure;
    match difference {
        d if d > threshold && d > noise => Verdict::Slower,
        d if d > threshold => Verdict::Unclear,
        d if d < -threshold && -d > noise => Verdict::Faster,
        _ => Verdict::Same,
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |change: &Change| change.name.chars().count();
        let width = self.changes.iter().map(name).max().unwrap_or(0);
        for change in &self.changes {
            let median = |median: Option<f64>| median.map_or_else(|| "–".to_owned(), duration);
            let (then, now) = change.medians;
            let (name, verdict) = (&change.name, change.verdict);
            writeln!(f, "{name:width$}  {:>9} -> {:>9}  {verdict}", median(then), median(now))?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::*;

    fn report(cases: &[(&str, f64, f64)]) -> Report {
        let mut report = Report::new(Machine::default(), String::new());
        for (name, median, spread) in cases {
            // Quartiles at a distance of `spread` around the median.
            let samples = (0..101).map(|i| median + (f64::from(i) - 50.0) / 25.0 * spread / 2.0);
            report.add_samples(name, "", Ok(samples.collect()));
        }
        report
    }

    fn verdict(then: &[(&str, f64, f64)], now: &[(&str, f64, f64)]) -> Vec<Verdict> {
        let comparison = compare(&report(then), &report(now), 0.1);
        comparison.changes.iter().map(|change| change.verdict).collect()
    }

    #[test]
    fn noise_is_no_regression() {
        let then = [("base", 100.0, 1.0), ("case", 1000.0, 10.0)];
        let cases = [
            ([("base", 100.0, 1.0), ("case", 1050.0, 10.0)], Verdict::Same),
            ([("base", 100.0, 1.0), ("case", 1200.0, 10.0)], Verdict::Slower),
            ([("base", 100.0, 1.0), ("case", 1200.0, 2000.0)], Verdict::Unclear),
            ([("base", 100.0, 1.0), ("case", 800.0, 10.0)], Verdict::Faster),
            // The machine is slower, not the case.
            ([("base", 150.0, 1.0), ("case", 1500.0, 10.0)], Verdict::Same),
            ([("base", 150.0, 1.0), ("case", 2000.0, 10.0)], Verdict::Slower),
            // Nobody knows how fast the machine is: the case is taken as it is.
            ([("base", 500.0, 2000.0), ("case", 1050.0, 10.0)], Verdict::Same),
            ([("base", 500.0, 2000.0), ("case", 1200.0, 10.0)], Verdict::Slower),
        ];
        for (now, expected) in cases {
            assert_eq!(verdict(&then, &now), [Verdict::Same, expected], "{now:?}");
        }
    }

    #[test]
    fn what_only_one_report_has_is_named() {
        let then = [("base", 100.0, 1.0), ("gone", 10.0, 1.0)];
        let now = [("base", 100.0, 1.0), ("new", 10.0, 1.0)];
        assert_eq!(verdict(&then, &now), [Verdict::Same, Verdict::New, Verdict::Missing]);
        let text = compare(&report(&then), &report(&now), 0.1).to_string();
        assert!(text.contains("gone") && text.contains("not measured this time"), "{text}");
    }
}
