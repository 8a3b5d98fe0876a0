//! What a target is: a function of bytes that panics where a property does not hold, and inputs that reach its depths.

/// What the program under test made of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It took it, or a part of it.
    Taken,
    /// It refused it.
    Refused,
}

impl Verdict {
    /// Taken where there is a result.
    pub(crate) fn of<T, E>(result: &Result<T, E>) -> Self {
        Self::taken_if(result.is_ok())
    }

    /// Taken under this condition.
    pub(crate) const fn taken_if(is_taken: bool) -> Self {
        if is_taken { Self::Taken } else { Self::Refused }
    }

    /// Taken where one of the two is.
    #[must_use]
    pub(crate) const fn or(self, other: Self) -> Self {
        match self {
            Self::Taken => Self::Taken,
            Self::Refused => other,
        }
    }
}

/// An input of the corpus that is made, not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The name of its file.
    pub name: &'static str,
    /// The bytes.
    pub input: Vec<u8>,
    /// What the program makes of it. A seed that is no longer taken reaches nothing any more.
    pub verdict: Verdict,
}

impl Seed {
    /// One that is taken.
    pub(crate) fn taken(name: &'static str, input: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            input: input.into(),
            verdict: Verdict::Taken,
        }
    }

    /// One that is refused.
    pub(crate) fn refused(name: &'static str, input: impl Into<Vec<u8>>) -> Self {
        Self {
            name,
            input: input.into(),
            verdict: Verdict::Refused,
        }
    }
}

/// One reader of a stranger's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its directory of the corpus, and of its program under `fuzz/`.
    pub name: &'static str,
    /// The function. Panics where a property does not hold.
    pub body: fn(&[u8]) -> Verdict,
    /// Its made inputs.
    pub seeds: fn() -> Vec<Seed>,
}
