//! The contacts of a vault's certificates (Azure Key Vault, Certificates/models.tsp, `Contacts`). The vault keeps them, and
//! writes to nobody.

use serde::{Deserialize, Serialize};
use strongroom_audit::Outcome;

use super::settings::Setting;

/// The most contacts of one vault.
pub const MOST: usize = 100;

/// The longest text of a contact, in bytes.
pub const LONGEST_TEXT: usize = 1024;

/// Somebody who is to hear of certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The contacts, in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Contacts(Vec<Contact>);

/// Why there are no contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactsError {
    /// None were set.
    #[error("Contacts not found")]
    NotFound,
    /// More than [`MOST`].
    #[error("A vault has at most {MOST} contacts.")]
    TooMany,
    /// A text is longer than [`LONGEST_TEXT`].
    #[error("Each text of a contact has at most {LONGEST_TEXT} bytes.")]
    TooLong,
}

impl ContactsError {
    /// The status and the word of the answer.
    pub(super) const fn outcome(self) -> Outcome {
        let (status, word) = match self {
            Self::NotFound => (404, "ContactsNotFound"),
            Self::TooMany | Self::TooLong => (400, "BadParameter"),
        };
        Outcome::failure(status, word)
    }
}

impl Contacts {
    /// These contacts.
    ///
    /// # Errors
    /// There are too many of them, or one has a text that is too long.
    pub fn new(contacts: Vec<Contact>) -> Result<Self, ContactsError> {
        if contacts.len() > MOST {
            return Err(ContactsError::TooMany);
        }
        let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT);
        let texts = |contact: &Contact| {
            let Contact { email, name, phone } = contact;
            [email, name, phone].into_iter().any(is_long)
        };
        if contacts.iter().any(texts) {
            return Err(ContactsError::TooLong);
        }
        Ok(Self(contacts))
    }

    /// One by one.
    pub fn as_slice(&self) -> &[Contact] {
        &self.0
    }
}

impl Setting for Contacts {
    const NAME: &'static str = "certificates/contacts";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(email: &str) -> Contact {
        Contact {
            email: Some(email.to_owned()),
            name: None,
            phone: None,
        }
    }

    #[test]
    fn contacts_are_bounded_in_number_and_in_length() {
        let few = vec![contact("a@b.example"); MOST];
        assert!(Contacts::new(few.clone()).is_ok());
        let many = [few, vec![contact("c@d.example")]].concat();
        assert_eq!(Contacts::new(many), Err(ContactsError::TooMany));
        assert!(Contacts::new(vec![contact(&"a".repeat(LONGEST_TEXT))]).is_ok());
        let long = vec![contact(&"a".repeat(LONGEST_TEXT + 1))];
        assert_eq!(Contacts::new(long), Err(ContactsError::TooLong));
    }

    /// A build that writes or reads it otherwise loses the contacts of every vault that there is.
    #[test]
    fn contacts_are_stored_as_ever_and_read_again() {
        let ada = Contact {
            name: Some("Ada".to_owned()),
            phone: Some("1".to_owned()),
            ..contact("a@b.example")
        };
        let contacts = Contacts::new(vec![ada, contact("c@d.example")]).unwrap();
        let stored = r#"[{"email":"a@b.example","name":"Ada","phone":"1"},{"email":"c@d.example"}]"#;
        assert_eq!(serde_json::to_string(&contacts).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Contacts>(stored).unwrap(), contacts);
    }
}
