//! The contacts of a vault's certificates (Certificates/models.tsp, `Contacts`).

use axum::response::Response;
use serde::{Serialize, de::MapAccess};
use strongroom_core::Operation;
use strongroom_engine::Change;

use super::super::{
    answer::serialise,
    body::{MAX_BODY, Member, Members, Next, parse, required},
    call::{Call, CommandError},
    error::Problem,
    respond,
};
use crate::{
    access::Failure,
    certificates::{
        contacts::{Contact, Contacts},
        error::CertificateError,
    },
};

/// Performs a request about contacts.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    let host = call.host;
    let contacts = match call.route.operation {
        Operation::CertificateContactsGet => call.admitted.contacts().await?,
        Operation::CertificateContactsDelete => call.admitted.delete_contacts().await?,
        _ => {
            let sent = sent(&mut call).await;
            let (call, contacts) = call.or_refuse(sent).await?;
            call.admitted.set_contacts(contacts).await?
        }
    };
    let json = ContactsJson {
        id: format!("https://{}/certificates/contacts", host.as_str()),
        contacts: contacts.as_slice(),
    };
    Ok(respond::success(Some(serialise(&json, 4 * 1024)?), None))
}

async fn sent(call: &mut Call<'_>) -> Result<Contacts, CommandError> {
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: ContactsBody = parse(&bytes)?;
    let contacts = Contacts::new(required(body.contacts, Member::Contacts)?);
    contacts.map_err(|error| CommandError::Refused(Failure::from(CertificateError::from(error))))
}

/// The body of `SetCertificateContacts`.
#[derive(Default)]
struct ContactsBody {
    contacts: Change<Vec<Contact>>,
}

impl Members for ContactsBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "contacts" => value.read(Member::Contacts, &mut self.contacts),
            _ => value.skip(),
        }
    }
}

#[derive(Serialize)]
struct ContactsJson<'a> {
    id: String,
    contacts: &'a [Contact],
}
