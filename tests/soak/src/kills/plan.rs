//! When to kill the vault. All of it follows from the seed.

use std::time::Duration;

use fastrand::Rng;

/// The longest that a starting vault is given. On two cores it answers after 50 to 100 ms.
const STARTING: Duration = Duration::from_millis(150);

/// The longest that writers are given.
const WRITING: Duration = Duration::from_millis(300);

/// The moment of a kill, from the start of the process or of the writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// While the vault starts and recovers.
    Starting(Duration),
    /// While clients write.
    Writing(Duration),
}

/// The choices of one run.
#[derive(Debug)]
pub struct Plan {
    moments: Rng,
    /// Apart, since how much is read depends on what was answered, and the moments must not.
    samples: Rng,
}

impl Plan {
    /// The choices of this seed.
    pub fn new(seed: u64) -> Self {
        let mut moments = Rng::with_seed(seed);
        let samples = moments.fork();
        Self { moments, samples }
    }

    /// The next moment: one in three is in a start.
    pub fn when(&mut self) -> When {
        if self.moments.u8(0..3) == 0 {
            When::Starting(self.below(STARTING))
        } else {
            When::Writing(self.below(WRITING))
        }
    }

    /// Chooses what is read again of what is older.
    pub const fn samples(&mut self) -> &mut Rng {
        &mut self.samples
    }

    fn below(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.moments.f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_moments_and_another_seed_others() {
        let moments = |seed| {
            let mut plan = Plan::new(seed);
            (0..50).map(|_| plan.when()).collect::<Vec<_>>()
        };
        assert_eq!(moments(7), moments(7));
        assert_ne!(moments(7), moments(8));
        assert!(moments(7).iter().any(|when| matches!(when, When::Starting(_))));
        assert!(moments(7).iter().any(|when| matches!(when, When::Writing(_))));
    }
}
