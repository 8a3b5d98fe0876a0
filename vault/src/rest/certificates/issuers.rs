//! The issuers of a vault's certificates (Certificates/models.tsp, `IssuerBundle`), with the member `strongroom`, which Azure
//! has not.

use axum::response::Response;
use serde::{Serialize, de::MapAccess};
use strongroom_core::{ObjectName, Operation};
use strongroom_engine::Change;

use super::super::{
    answer::serialise,
    body::{
        AttributesBody, BodyError, IssuerMember, Member, Members, Next, Value, attributes, parse, required,
    },
    call::{Call, CommandError},
    error::Problem,
    host::Host,
    life::NO_OPERATION,
    query::Query,
    respond,
};
use crate::{
    access::issuers::IssuersPage,
    certificates::{
        authority::AuthorityTerms,
        issuers::{
            Administrator, Credentials, CredentialsChange, Issuer, IssuerAttributes, IssuerChange,
            Organization, OrganizationChange,
        },
    },
};

/// The longest body, in bytes: the longest issuer with every character escaped, which is six bytes for one.
const MAX_BODY: usize = 96 * 1024;

/// Performs a request about issuers.
pub(super) async fn perform(mut call: Call<'_>) -> Result<Response, Problem> {
    let host = call.host;
    let operation = call.route.operation;
    if operation == Operation::CertificateIssuersList {
        let query = call.query;
        let page = call.admitted.issuers(&query.page).await?;
        return listed(&page, host, query);
    }
    let asked = asked(&mut call).await;
    let (call, (name, change)) = call.or_refuse(asked).await?;
    let issuer = match operation {
        Operation::CertificateIssuerGet => call.admitted.issuer(&name).await?,
        Operation::CertificateIssuerSet => call.admitted.set_issuer(name, change).await?,
        Operation::CertificateIssuerUpdate => call.admitted.update_issuer(name, change).await?,
        _ => call.admitted.delete_issuer(name).await?,
    };
    let json = serialise(&IssuerJson::of(&issuer, host), 4 * 1024)?;
    Ok(respond::success(Some(json), None))
}

/// The issuer that the path names, and what the body says of it, where the operation has one.
async fn asked(call: &mut Call<'_>) -> Result<(ObjectName, IssuerChange), CommandError> {
    let name = call.route.issuer.clone().ok_or(NO_OPERATION)?;
    let change = match call.route.operation {
        Operation::CertificateIssuerSet => IssuerChange::from(body(call).await?.with_provider()?),
        Operation::CertificateIssuerUpdate => body(call).await?.into(),
        _ => IssuerChange::default(),
    };
    Ok((name, change))
}

async fn body(call: &mut Call<'_>) -> Result<IssuerBody, CommandError> {
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    Ok(parse(&bytes)?)
}

/// The body of `SetCertificateIssuer` and of `UpdateCertificateIssuer`. What is null is as if it were not there.
#[derive(Default)]
struct IssuerBody {
    provider: Change<String>,
    credentials: Change<CredentialsBody>,
    organization: Change<OrganizationBody>,
    attributes: Change<AttributesBody>,
    authority: Change<AuthorityTerms>,
}

impl IssuerBody {
    /// The same, if it says who issues.
    fn with_provider(self) -> Result<Self, BodyError> {
        let provider = required(self.provider, Member::Issuer(IssuerMember::Provider))?;
        Ok(Self {
            provider: Change::Set(provider),
            ..self
        })
    }
}

#[derive(Default)]
struct CredentialsBody {
    account_id: Change<String>,
    /// Read to check its form and to wipe it, and not kept.
    password: Change<Value>,
}

#[derive(Default)]
struct OrganizationBody {
    id: Change<String>,
    administrators: Change<Vec<Administrator>>,
}

impl Members for IssuerBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "provider" => value.read(Member::Issuer(IssuerMember::Provider), &mut self.provider),
            "credentials" => {
                value.read_object(Member::Issuer(IssuerMember::Credentials), &mut self.credentials)
            }
            "org_details" => {
                value.read_object(Member::Issuer(IssuerMember::Organization), &mut self.organization)
            }
            "attributes" => value.read_object(Member::Attributes, &mut self.attributes),
            "strongroom" => value.read(Member::Issuer(IssuerMember::Authority), &mut self.authority),
            _ => value.skip(),
        }
    }
}

impl Members for CredentialsBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "account_id" => value.read(Member::Issuer(IssuerMember::AccountId), &mut self.account_id),
            "pwd" => value.read(Member::Password, &mut self.password),
            _ => value.skip(),
        }
    }
}

impl Members for OrganizationBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "id" => value.read(Member::Issuer(IssuerMember::OrganizationId), &mut self.id),
            "admin_details" => value.read(
                Member::Issuer(IssuerMember::Administrators),
                &mut self.administrators,
            ),
            _ => value.skip(),
        }
    }
}

impl From<IssuerBody> for IssuerChange {
    fn from(body: IssuerBody) -> Self {
        Self {
            provider: body.provider.given(),
            credentials: body.credentials.given().map(|body| CredentialsChange {
                account_id: body.account_id.given(),
            }),
            organization: body.organization.given().map(|body| OrganizationChange {
                id: body.id.given(),
                admin_details: body.administrators.given(),
            }),
            enabled: attributes(body.attributes).enabled,
            terms: body.authority.given(),
        }
    }
}

/// An issuer as JSON. Its password is never there.
#[derive(Serialize)]
struct IssuerJson<'a> {
    id: String,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<&'a Credentials>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_details: Option<OrganizationJson<'a>>,
    attributes: IssuerAttributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    strongroom: Option<&'a AuthorityTerms>,
}

#[derive(Serialize)]
struct OrganizationJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// Always there in what Azure answers, and always 0.
    zip: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_details: Option<&'a [Administrator]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IssuersJson<'a> {
    value: Vec<IssuerItemJson<'a>>,
    next_link: Option<String>,
}

#[derive(Serialize)]
struct IssuerItemJson<'a> {
    id: String,
    provider: &'a str,
}

impl<'a> IssuerJson<'a> {
    fn of(issuer: &'a Issuer, host: &Host) -> Self {
        Self {
            id: id(issuer, host),
            provider: &issuer.provider,
            credentials: issuer.credentials.as_ref(),
            org_details: issuer.organization.as_ref().map(OrganizationJson::of),
            attributes: issuer.attributes,
            strongroom: issuer.authority.as_ref().map(|authority| &authority.terms),
        }
    }
}

impl<'a> OrganizationJson<'a> {
    fn of(organization: &'a Organization) -> Self {
        Self {
            id: organization.id.as_deref(),
            zip: 0,
            admin_details: organization.admin_details.as_deref(),
        }
    }
}

fn listed(page: &IssuersPage, host: &Host, query: &Query) -> Result<Response, Problem> {
    let items = page.issuers.iter().map(|issuer| IssuerItemJson {
        id: id(issuer, host),
        provider: &issuer.provider,
    });
    let link = |next| {
        format!(
            "https://{}/certificates/issuers?{}",
            host.as_str(),
            query.next(next)
        )
    };
    let page = IssuersJson {
        value: items.collect(),
        next_link: page.next.as_ref().map(link),
    };
    Ok(respond::success(Some(serialise(&page, 16 * 1024)?), None))
}

fn id(issuer: &Issuer, host: &Host) -> String {
    format!("https://{}/certificates/issuers/{}", host.as_str(), issuer.name)
}
