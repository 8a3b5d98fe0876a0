//! Faults on purpose: what does a program do when its vault is slow, busy or away?
//!
//! They stand in front of the data port ([`front`](crate::front)). A request that gets one never comes to the vault, so that it is in no audit log; its answer
//! has the form of the vault's own.

mod failing;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub use failing::{Failing, FailingError};

/// Which faults there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FaultPlan {
    /// What is answered in the place of the vault's own answer, and how often.
    pub fail: Vec<Failing>,
    /// By how much every answer is later.
    pub latency: Duration,
    /// The same seed fails the same requests of a row. Without one each start fails others.
    pub seed: Option<u64>,
    /// For how long every request is answered 503.
    pub down: Duration,
}

impl FaultPlan {
    /// Whether it is that there are none.
    pub fn is_none(&self) -> bool {
        self.fail.is_empty() && self.latency.is_zero() && self.down.is_zero()
    }

    /// Whether it can be: no more than every request fails.
    pub fn is_possible(&self) -> bool {
        self.fail.iter().map(|failing| failing.share()).sum::<u32>() <= Failing::ALL
    }
}

impl std::fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts: Vec<String> = self.fail.iter().map(ToString::to_string).collect();
        if !self.latency.is_zero() {
            parts.push(format!("{} ms later", self.latency.as_millis()));
        }
        if !self.down.is_zero() {
            parts.push(format!("down for {} s", self.down.as_secs_f32()));
        }
        if parts.is_empty() {
            parts.push("none".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) latency: Duration,
    /// The status of the fault, and after how many seconds the client may come again.
    pub(crate) fault: Option<(u16, u64)>,
}

/// The faults that there are now. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    plan: FaultPlan,
    seed: u64,
    requests: u64,
    down_until: Option<Instant>,
}

impl Faults {
    /// Has these faults be from now on, and no others.
    pub fn set(&self, plan: FaultPlan) {
        let seed = plan.seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        let down_until = (!plan.down.is_zero()).then(|| Instant::now() + plan.down);
        *self.0.lock() = State {
            plan,
            seed,
            requests: 0,
            down_until,
        };
    }

    /// Which faults there are.
    pub fn plan(&self) -> FaultPlan {
        let state = self.0.lock();
        let left = state
            .down_until
            .map(|until| until.saturating_duration_since(Instant::now()));
        FaultPlan {
            down: left.unwrap_or_default(),
            ..state.plan.clone()
        }
    }

    /// What becomes of the next request.
    pub(crate) fn next(&self, now: Instant) -> Fate {
        self.0.lock().next(now)
    }
}

impl State {
    fn next(&mut self, now: Instant) -> Fate {
        let latency = self.plan.latency;
        if let Some(left) = self.down_until.map(|until| until.saturating_duration_since(now))
            && !left.is_zero()
        {
            let fault = Some((503, left.as_secs() + 1));
            return Fate { latency, fault };
        }
        self.requests = self.requests.wrapping_add(1);
        let drawn = mixed(self.seed.wrapping_add(self.requests)) % u64::from(Failing::ALL);
        let mut below = 0;
        let failing = self.plan.fail.iter().find(|failing| {
            below += u64::from(failing.share());
            drawn < below
        });
        Fate {
            latency,
            fault: failing.map(|failing| (failing.status(), 1)),
        }
    }
}

/// A number that shows nothing of the one it is made of (`SplitMix64`).
const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(seed: u64, fail: &[&str]) -> Vec<Option<u16>> {
        let faults = Faults::default();
        faults.set(FaultPlan {
            fail: fail.iter().map(|text| text.parse().unwrap()).collect(),
            seed: Some(seed),
            ..FaultPlan::default()
        });
        let now = Instant::now();
        let fate = |_| faults.next(now).fault.map(|(status, _)| status);
        (0..1000).map(fate).collect()
    }

    #[test]
    fn the_same_seed_fails_the_same_requests_and_as_many_as_it_is_told() {
        let rules = ["429:10%", "503:5%"];
        let fates_of_7 = fates(7, &rules);
        assert_eq!(fates_of_7, fates(7, &rules));
        assert_ne!(fates_of_7, fates(8, &rules));
        let count = |status| fates_of_7.iter().filter(|fate| **fate == Some(status)).count();
        assert!((60..140).contains(&count(429)), "{}", count(429));
        assert!((25..80).contains(&count(503)), "{}", count(503));
        assert!(fates(7, &["500:100%"]).iter().all(|fate| *fate == Some(500)));
        assert!(fates(7, &[]).iter().all(Option::is_none));
    }

    #[test]
    fn who_is_down_refuses_everything_until_it_is_over() {
        let faults = Faults::default();
        faults.set(FaultPlan {
            down: Duration::from_secs(10),
            ..FaultPlan::default()
        });
        let now = Instant::now();
        assert_eq!(faults.next(now).fault.unwrap().0, 503);
        assert_eq!(faults.next(now + Duration::from_secs(11)).fault, None);
        faults.set(FaultPlan::default());
        assert_eq!(faults.next(now).fault, None);
    }
}
