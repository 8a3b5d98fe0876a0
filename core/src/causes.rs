//! An error as one line of text.

use std::error::Error;

/// `error` and its causes, joined by colons. Most libraries print their own part alone. A cause that the line holds
/// already is left out: some errors print their causes themselves.
pub fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Level {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    fn chain(texts: &[&'static str]) -> Option<Box<Level>> {
        let (text, rest) = texts.split_first()?;
        Some(Box::new(Level {
            text,
            source: chain(rest),
        }))
    }

    #[test]
    fn causes_follow_the_error_and_none_is_said_twice() {
        let line = |texts: &[&'static str]| causes(&*chain(texts).unwrap());
        assert_eq!(line(&["cannot connect"]), "cannot connect");
        assert_eq!(
            line(&["cannot connect", "TLS failed", "unknown issuer"]),
            "cannot connect: TLS failed: unknown issuer"
        );
        assert_eq!(
            line(&[
                "cannot connect: TLS failed: unknown issuer",
                "TLS failed",
                "unknown issuer"
            ]),
            "cannot connect: TLS failed: unknown issuer"
        );
    }
}
