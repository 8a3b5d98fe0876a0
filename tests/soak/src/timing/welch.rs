//! Welch's t-test, and the crops that dudect makes before it ("Dude, is my code constant time?", Reparaz, Balasch,
//! Verbauwhede, 2017).

/// Beyond this |t| two samples count as different: dudect's, and far beyond what chance gives (7 in a million). Fixed
/// before anything was measured.
pub const THRESHOLD: f64 = 4.5;

/// The shares of all samples below which samples count. The tail of long times is of the machine, and hides what is small.
const CROPS: [f64; 6] = [1.0, 0.99, 0.95, 0.9, 0.75, 0.5];

/// What a comparison of two samples says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Student's t of the crop in which it is the furthest from zero.
    pub t: f64,
    /// The difference of the means there, second minus first, in the unit of the samples.
    pub difference: f64,
    /// The least difference that would have been found there.
    pub detectable: f64,
    /// The share of samples in that crop.
    pub crop: f64,
}

impl Comparison {
    /// Whether the two samples are of different times.
    pub fn differs(&self) -> bool {
        self.t.abs() > THRESHOLD
    }
}

/// Compares two samples in every crop; gives the crop that speaks most for a difference.
pub fn compare(first: &[f64], second: &[f64]) -> Option<Comparison> {
    let mut all: Vec<f64> = first.iter().chain(second).copied().collect();
    all.sort_by(f64::total_cmp);
    let crops = CROPS.iter().filter_map(|share| {
        let limit = all.get(index(all.len(), *share))?;
        compare_below(first, second, *limit).map(|(t, difference, error)| Comparison {
            t,
            difference,
            detectable: THRESHOLD * error,
            crop: *share,
        })
    });
    crops.max_by(|one, other| one.t.abs().total_cmp(&other.t.abs()))
}

/// t, the difference of the means and its standard error, of the samples up to `limit`.
fn compare_below(first: &[f64], second: &[f64], limit: f64) -> Option<(f64, f64, f64)> {
    let moments = |samples: &[f64]| {
        let mut own = Moments::default();
        samples
            .iter()
            .filter(|sample| **sample <= limit)
            .for_each(|sample| own.add(*sample));
        own
    };
    let (first, second) = (moments(first), moments(second));
    let error = (first.variance()? / first.count + second.variance()? / second.count).sqrt();
    let difference = second.mean - first.mean;
    (error > 0.0).then_some((difference / error, difference, error))
}

/// Count, mean and spread of a sample, by Welford's recurrence.
#[derive(Debug, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, sample: f64) {
        self.count += 1.0;
        let delta = sample - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (sample - self.mean);
    }

    fn variance(&self) -> Option<f64> {
        (self.count > 1.0).then(|| self.squares / (self.count - 1.0))
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into fewer than 2^52 values"
)]
fn index(length: usize, share: f64) -> usize {
    (length.saturating_sub(1) as f64 * share) as usize
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-3
    }

    #[test]
    fn t_is_welchs() {
        // The third example of the article on Welch's t-test in Wikipedia: t = -2.22 (A3 and B3 there, to two digits).
        let first = [19.8, 20.4, 19.6, 17.8, 18.5, 18.9, 18.3, 18.9, 19.5, 22.0];
        let second = [
            28.2, 26.6, 20.1, 23.3, 25.2, 22.1, 17.7, 27.6, 20.6, 13.7, 23.2, 17.5, 20.6, 18.0, 23.9, 21.6,
            24.3, 20.4, 24.0, 13.2,
        ];
        let (t, difference, _) = compare_below(&first, &second, f64::MAX).unwrap();
        assert!(near(t, 2.2192), "{t}");
        assert!(near(difference, 2.22), "{difference}");
    }

    /// Times with a long tail, as a machine with other work gives them.
    fn times(random: &mut Rng, count: usize, shift: f64) -> Vec<f64> {
        let time = |random: &mut Rng| {
            100.0 + shift - 8.0 * random.f64().ln() + if random.u8(..) == 0 { 5_000.0 } else { 0.0 }
        };
        (0..count).map(|_| time(random)).collect()
    }

    #[test]
    fn equal_times_do_not_differ_whatever_their_tail() {
        let mut random = Rng::with_seed(3);
        for _ in 0..50 {
            let (first, second) = (times(&mut random, 5_000, 0.0), times(&mut random, 5_000, 0.0));
            let found = compare(&first, &second).unwrap();
            assert!(!found.differs(), "{found:?}");
        }
    }

    #[test]
    fn a_small_difference_is_found_below_the_tail_that_hides_it() {
        let mut random = Rng::with_seed(4);
        let (first, second) = (times(&mut random, 5_000, 0.0), times(&mut random, 5_000, 1.5));
        let (uncropped, ..) = compare_below(&first, &second, f64::MAX).unwrap();
        assert!(uncropped.abs() < THRESHOLD, "{uncropped}");
        let found = compare(&first, &second).unwrap();
        assert!(found.differs() && found.detectable < 1.5, "{found:?}");
    }

    #[test]
    fn too_few_or_constant_samples_say_nothing() {
        assert_eq!(compare(&[], &[]), None);
        assert_eq!(compare(&[1.0], &[2.0]), None);
        assert_eq!(compare(&[1.0, 1.0], &[1.0, 1.0]), None);
    }
}
