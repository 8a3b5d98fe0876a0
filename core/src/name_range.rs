//! Names that follow one another.

/// All names from one text on, up to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameRange {
    /// The first text that may be such a name.
    pub from: String,
    /// The first text behind them; none where they go on to the last name.
    pub until: Option<String>,
}

impl NameRange {
    /// All names from `from` on.
    pub fn all_from(from: &str) -> Self {
        Self {
            from: from.to_owned(),
            until: None,
        }
    }

    /// The first text behind the name `name`. No name holds a zero.
    pub fn behind(name: &str) -> String {
        [name, "\0"].concat()
    }

    /// Whether `name` is not behind the range.
    pub fn reaches(&self, name: &str) -> bool {
        self.until.as_deref().is_none_or(|until| name < until)
    }

    /// Whether the first text is the only one that can be a name.
    pub fn is_one_name(&self) -> bool {
        let until = self.until.as_deref();
        until.and_then(|until| until.strip_suffix('\0')) == Some(&self.from)
    }

    /// The names that are in both ranges; none if these do not meet.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let both = Self { from, until };
        both.reaches(&both.from).then_some(both)
    }
}
