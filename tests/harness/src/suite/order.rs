//! In which order tests run.

use std::fmt;

use super::program::Program;

/// In which order programs are taken, and the tests of each are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The longest programs first, so that lanes end together; the others by name.
    LongestFirst,
    /// Shuffled; the same seed gives the same order.
    Shuffled(u64),
}

impl Order {
    /// The seed of a shuffled order.
    pub fn seed(self) -> Option<u64> {
        match self {
            Self::LongestFirst => None,
            Self::Shuffled(seed) => Some(seed),
        }
    }

    /// Brings programs into this order, whatever order they are in.
    pub fn arrange(self, programs: &mut [Program]) {
        programs.sort_by(|one, other| (one.rank(), &one.name).cmp(&(other.rank(), &other.name)));
        if let Self::Shuffled(seed) = self {
            fastrand::Rng::with_seed(seed).shuffle(programs);
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongestFirst => f.write_str("the longest first"),
            Self::Shuffled(seed) => write!(f, "again in this order with --shuffle={seed}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(order: Order, given: &[&str]) -> Vec<String> {
        let mut programs: Vec<Program> = given.iter().map(|name| Program::named(name)).collect();
        order.arrange(&mut programs);
        programs.into_iter().map(|program| program.name).collect()
    }

    #[test]
    fn the_longest_programs_are_first_and_the_others_by_name() {
        let given = [
            "c",
            "tests/harness/harness",
            "a",
            "tests/e2e/e2e",
            "tests/e2e/faults",
            "b",
        ];
        let expected = [
            "tests/e2e/faults",
            "tests/e2e/e2e",
            "tests/harness/harness",
            "a",
            "b",
            "c",
        ];
        assert_eq!(names(Order::LongestFirst, &given), expected);
    }

    #[test]
    fn a_seed_gives_one_order_whatever_cargo_built_first() {
        let one = names(Order::Shuffled(7), &["a", "b", "c", "d", "e"]);
        assert_eq!(one, names(Order::Shuffled(7), &["e", "d", "c", "b", "a"]));
        let differs = |seed| names(Order::Shuffled(seed), &["a", "b", "c", "d", "e"]) != one;
        assert!((0..20).any(differs));
    }
}
