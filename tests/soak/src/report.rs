//! What a part of a soak found.

use std::fmt;

/// The figures of one part, and what is wrong.
#[derive(Debug)]
pub struct Report {
    title: String,
    rows: Vec<(String, String)>,
    faults: Vec<String>,
}

impl Report {
    /// A report that says nothing yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Adds a figure.
    pub fn row(&mut self, name: impl Into<String>, value: impl fmt::Display) {
        self.rows.push((name.into(), value.to_string()));
    }

    /// Adds what is wrong: with one fault the part has failed.
    pub fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// What is wrong.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Whether nothing is wrong.
    pub const fn passed(&self) -> bool {
        self.faults.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.passed() { "passed" } else { "FAILED" };
        writeln!(f, "### {}: {verdict}\n", self.title)?;
        writeln!(f, "| what | figure |\n|---|---|")?;
        for (name, value) in &self.rows {
            writeln!(f, "| {name} | {value} |")?;
        }
        for fault in &self.faults {
            writeln!(f, "\n- {fault}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fault_fails_a_part_and_is_shown() {
        let mut report = Report::new("kills");
        report.row("kills", 3);
        assert!(report.passed() && report.to_string().contains("kills: passed"));
        report.fault("a write is lost");
        let text = report.to_string();
        assert!(
            text.contains("FAILED") && text.contains("| kills | 3 |") && text.contains("- a write is lost")
        );
    }
}
