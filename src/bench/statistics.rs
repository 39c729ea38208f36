//! Figures that describe a set of durations. Pure.

use serde::{Deserialize, Serialize};

/// Fewer samples than this have no quartiles worth the name.
const FEW: usize = 8;

/// A set of durations in short. All figures are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// The shortest.
    pub min: f64,
    /// A quarter is shorter.
    pub q1: f64,
    /// Half of them are shorter.
    pub median: f64,
    /// Three quarters are shorter.
    pub q3: f64,
    /// 95 of 100 are shorter.
    pub p95: f64,
    /// 99 of 100 are shorter.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// How many are far from the others: more than three times the distance of the quartiles above
    /// the third or below the first (Tukey's outer fences).
    pub outliers: usize,
}

impl Summary {
    /// Describes these durations; nothing describes none.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = samples.iter().copied().filter(|s| s.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (q1, q3) = (quantile(&sorted, 0.25), quantile(&sorted, 0.75));
        let fence = 3.0 * (q3 - q1);
        let is_far = |s: &&f64| **s > q3 + fence || **s < q1 - fence;
        Some(Self {
            count: sorted.len(),
            min,
            q1,
            median: quantile(&sorted, 0.5),
            q3,
            p95: quantile(&sorted, 0.95),
            p99: quantile(&sorted, 0.99),
            max,
            outliers: sorted.iter().filter(is_far).count(),
        })
    }

    /// The distance of the quartiles in relation to the median: how much the durations differ.
    pub fn spread(&self) -> f64 {
        if self.median > 0.0 { (self.q3 - self.q1) / self.median } else { 0.0 }
    }

    /// How far the median may be from that of infinitely many runs, at a confidence of about 95 %
    /// (the notch of a box plot: McGill, Tukey and Larsen, 1978). The quartiles of a few say little,
    /// so there it is the whole range.
    pub fn uncertainty(&self) -> f64 {
        if self.count < FEW {
            return self.max - self.min;
        }
        1.57 * (self.q3 - self.q1) / (self.count.max(1) as f64).sqrt()
    }

    /// Whether there are so many outliers that something disturbed the measurement.
    pub fn is_disturbed(&self) -> bool {
        self.count >= 10 && self.outliers * 20 > self.count
    }
}

/// The value below which a share of the sorted values lies, interpolated between neighbours.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * (place - place.floor()),
        _ => 0.0,
    }
}

/// How many of the values lie in each of `bins` equal parts of a logarithmic scale from the least to
/// the greatest: durations spread to the right.
pub fn histogram(samples: &[f64], bins: usize) -> Vec<usize> {
    let positive = samples.iter().copied().filter(|s| s.is_finite() && *s > 0.0);
    let (low, high) = positive.clone().fold((f64::MAX, 0.0f64), |(l, h), s| (l.min(s), h.max(s)));
    let mut counts = vec![0; bins];
    if bins == 0 || high == 0.0 {
        return counts;
    }
    let width = (high / low).ln() / bins as f64;
    for sample in positive {
        let bin = if width > 0.0 { ((sample / low).ln() / width) as usize } else { 0 };
        counts[bin.min(bins - 1)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((summary.min, summary.median, summary.max), (1.0, 2.5, 4.0));
        assert_eq!((summary.q1, summary.q3), (1.75, 3.25));
        let one = Summary::of(&[7.0]).unwrap();
        assert_eq!((one.median, one.p99, one.spread()), (7.0, 7.0, 0.0));
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[f64::NAN]), None);
    }

    #[test]
    fn outliers_are_counted_and_leave_the_median_alone() {
        let mut samples: Vec<f64> = (0..100).map(|i| 100.0 + f64::from(i % 10)).collect();
        assert_eq!(Summary::of(&samples).unwrap().outliers, 0);
        samples.extend([1000.0; 8]);
        let summary = Summary::of(&samples).unwrap();
        assert_eq!(summary.outliers, 8);
        assert!(summary.is_disturbed());
        assert!((summary.median - 104.5).abs() <= 1.0);
    }

    #[test]
    fn more_runs_make_the_median_more_certain() {
        let of = |count: usize| {
            let samples: Vec<f64> = (0..count).map(|i| (i % 10) as f64).collect();
            Summary::of(&samples).unwrap().uncertainty()
        };
        assert!(of(1000) < of(100) / 3.0 + f64::EPSILON * 10.0);
        assert_eq!(of(7), 6.0);
    }

    #[test]
    fn every_value_is_in_one_bin() {
        let samples = [1.0, 1.0, 10.0, 100.0];
        assert_eq!(histogram(&samples, 2), [2, 2]);
        assert_eq!(histogram(&[5.0, 5.0], 3), [2, 0, 0]);
        assert_eq!(histogram(&[], 3), [0, 0, 0]);
        assert_eq!(histogram(&samples, 0), Vec::<usize>::new());
    }
}
