//! A value as a shell reads it.

use strongroom_core::ObjectName;
use zeroize::Zeroizing;

use crate::failure::SecretFailure;

/// A line `NAME='VALUE'`, which every POSIX shell reads as the value and nothing else (POSIX.1, Shell Command Language, 2.2.2).
/// The name is in upper case, and a dash of it is an underscore; before a digit at its beginning stands one.
pub(super) fn variable(name: &ObjectName, value: &str) -> Result<Zeroizing<Vec<u8>>, SecretFailure> {
    if value.contains('\0') {
        return Err(SecretFailure::Nul);
    }
    // A quote becomes four characters; with that much room no unwiped copy is left by a growing buffer.
    let mut line = Zeroizing::new(Vec::with_capacity(4 * value.len() + 2 * ObjectName::MAX_LENGTH));
    line.extend(variable_name(name).bytes());
    line.extend(b"='");
    for byte in value.bytes() {
        match byte {
            b'\'' => line.extend(b"'\\''"),
            byte => line.push(byte),
        }
    }
    line.extend(b"'\n");
    Ok(line)
}

fn variable_name(name: &ObjectName) -> String {
    let name = name.as_str().to_ascii_uppercase().replace('-', "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn line(name: &str, value: &str) -> String {
        let line = variable(&name.parse().unwrap(), value).unwrap();
        String::from_utf8(line.to_vec()).unwrap()
    }

    #[test]
    fn a_name_is_that_of_a_variable() {
        assert_eq!(line("db-Password", "x"), "DB_PASSWORD='x'\n");
        assert_eq!(line("2fa", "x"), "_2FA='x'\n");
    }

    #[test]
    fn a_shell_reads_the_value_and_obeys_nothing_of_it() {
        for value in [
            "",
            "p4ss word",
            "a'b''c'",
            "$(false)`false`\\",
            "a\nb\n\n",
            "!*?~#\"%",
            "ä🔑",
        ] {
            let script = format!("{}printf '%s.' \"$DB\"", line("db", value));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{value}."));
        }
        assert!(matches!(
            variable(&"db".parse().unwrap(), "a\0b"),
            Err(SecretFailure::Nul)
        ));
    }
}
