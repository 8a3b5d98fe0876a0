//! Kubernetes quantities as numbers.

/// The whole number that `text` names, rounded down: digits, then a binary or decimal suffix or an exponent
/// (Kubernetes documentation, "Quantity"). None where it is no quantity, or negative.
pub fn whole(text: &str) -> Option<u64> {
    let end = text
        .find(|character: char| !matches!(character, '0'..='9' | '.' | '+'))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let number: f64 = number.parse().ok()?;
    let power_of_two = |exponent: i32| Some(2_f64.powi(exponent));
    let power_of_ten = |exponent: i32| Some(10_f64.powi(exponent));
    let factor = match suffix {
        "" => power_of_ten(0),
        "Ki" => power_of_two(10),
        "Mi" => power_of_two(20),
        "Gi" => power_of_two(30),
        "Ti" => power_of_two(40),
        "Pi" => power_of_two(50),
        "Ei" => power_of_two(60),
        "n" => power_of_ten(-9),
        "u" => power_of_ten(-6),
        "m" => power_of_ten(-3),
        "k" => power_of_ten(3),
        "M" => power_of_ten(6),
        "G" => power_of_ten(9),
        "T" => power_of_ten(12),
        "P" => power_of_ten(15),
        "E" => power_of_ten(18),
        exponent => power_of_ten(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    }?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number has no sign, and what is beyond the type becomes the greatest of it"
    )]
    Some((number * factor) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_digits_and_a_suffix() {
        for (text, number) in [
            ("1Gi", Some(1 << 30)),
            ("1.5Gi", Some(3 << 29)),
            ("32Mi", Some(32 << 20)),
            ("2G", Some(2_000_000_000)),
            ("1e3", Some(1000)),
            ("12E2", Some(1200)),
            ("1500m", Some(1)),
            ("100", Some(100)),
            ("9999999Ei", Some(u64::MAX)),
            ("", None),
            ("-1Gi", None),
            ("1GiB", None),
            ("Gi", None),
        ] {
            assert_eq!(whole(text), number, "{text}");
        }
    }
}
