//! The figures of a measurement, as plain data.

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::measure::Case;
use super::statistics::{Summary, histogram};

/// Bars of a histogram.
const BARS: usize = 24;

/// The version of the written form.
const SCHEMA: u32 = 1;

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this form: 1.
    pub schema: u32,
    /// The version of greenroom.
    pub greenroom: String,
    /// When it was made, in ISO 8601.
    pub date: String,
    /// What it was made on.
    pub machine: Machine,
    /// What was measured. The first is what the ratios are to.
    pub figures: Vec<Figure>,
    /// What was not, and why.
    pub skipped: Vec<Skipped>,
}

/// What was measured of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The case.
    pub name: String,
    /// Which version of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The figures, in nanoseconds.
    #[serde(flatten)]
    pub summary: Summary,
    /// How the samples are spread on a logarithmic scale from the least to the greatest.
    pub histogram: Vec<usize>,
}

/// What was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The case.
    pub name: String,
    /// Why not.
    pub reason: String,
}

impl Report {
    /// A report that was written as JSON.
    ///
    /// # Errors
    /// If it is none, or of a version that this one does not know.
    pub fn read(text: &str) -> Result<Self, String> {
        let report: Self =
            serde_json::from_str(text).map_err(|error| format!("it is no report: {error}"))?;
        if report.schema != SCHEMA {
            return Err(format!("it is a report of version {}, not {SCHEMA}", report.schema));
        }
        Ok(report)
    }

    /// An empty report.
    pub fn new(machine: Machine, date: String) -> Self {
        Self {
            schema: SCHEMA,
            greenroom: env!("CARGO_PKG_VERSION").to_owned(),
            date,
            machine,
            figures: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Adds what was measured of these cases.
    pub fn add(&mut self, cases: &[Case], taken: Vec<Result<Vec<f64>, String>>) {
        for (case, taken) in cases.iter().zip(taken) {
            self.add_samples(&case.name, &case.version, taken);
        }
    }

    /// Adds the samples of one case.
    pub fn add_samples(&mut self, name: &str, version: &str, taken: Result<Vec<f64>, String>) {
        let summary = taken.and_then(|samples| {
            let summary = Summary::of(&samples).ok_or("there was no time for it")?;
            Ok((summary, histogram(&samples, BARS)))
        });
        match summary {
            Ok((summary, histogram)) => self.figures.push(Figure {
                name: name.to_owned(),
                version: version.to_owned(),
                summary,
                histogram,
            }),
            Err(reason) => self.skipped.push(Skipped { name: name.to_owned(), reason }),
        }
    }

    /// How often the first case's median fits into that of a figure.
    pub fn ratio(&self, figure: &Figure) -> Option<f64> {
        let base = self.figures.first()?.summary.median;
        (base > 0.0).then(|| figure.summary.median / base)
    }

    /// What a reader should know before relying on the figures.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.machine.warnings();
        for figure in &self.figures {
            let Summary { count, outliers, .. } = figure.summary;
            if figure.summary.is_disturbed() {
                warnings.push(format!(
                    "{}: {outliers} of {count} runs are far from the others; something disturbed it",
                    figure.name
                ));
            }
        }
        warnings
    }
}

#[cfg(test)]
pub(super) fn example() -> Report {
    let machine = Machine { cores: 2, system: "Linux".to_owned(), ..Machine::default() };
    let mut report = Report::new(machine, "2026-11-24T00:00:00Z".to_owned());
    let around = |median: f64| (0..40).map(|i| median + f64::from(i % 5) - 2.0).collect();
    report.add_samples("/bin/true", "", Ok(around(500_000.0)));
    report.add_samples("run, warm", "", Ok(around(2_500_000.0)));
    report.add_samples("hot | no-op", "", Ok(around(5_000.0)));
    report.add_samples("podman", "", Err("not found in PATH".to_owned()));
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_the_first_and_the_missing_is_named() {
        let report = example();
        assert_eq!(report.ratio(&report.figures[1]), Some(5.0));
        assert_eq!(report.skipped[0].reason, "not found in PATH");
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(Report::read(&text).as_ref(), Ok(&report));
        let newer = serde_json::to_string(&Report { schema: 2, ..report }).unwrap();
        assert!(Report::read(&newer).is_err_and(|reason| reason.contains("version 2")));
        assert!(Report::read("{}").is_err());
    }
}
