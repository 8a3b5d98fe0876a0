//! The revocation of a version that an authority of the vault issued. Azure has no such operation.

use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _, de::MapAccess};
use strongroom_certificates::revocation::RevocationReason;
use strongroom_core::Version;
use strongroom_engine::Change;

use super::{
    super::{
        answer::serialise,
        body::{MAX_BODY, Member, Members, Next, parse},
        call::{Call, CommandError},
        error::Problem,
        life::NO_OPERATION,
        respond,
    },
    CERTIFICATES,
};
use crate::certificates::{revoke::Revoke, revoked::Revocation};

/// Performs a revocation.
pub(super) async fn revoke(mut call: Call<'_>) -> Result<Response, Problem> {
    let asked = asked(&mut call).await;
    let (call, asked) = call.or_refuse(asked).await?;
    let host = call.host.as_str();
    let (name, version) = (asked.name.spelling().to_owned(), asked.version);
    let revocation = call.admitted.revoke_certificate(asked).await?;
    let id = format!("https://{host}/{CERTIFICATES}/{name}/{version}");
    let json = serialise(&RevocationJson::of(id, &revocation), 1024)?;
    Ok(respond::success(Some(json), None))
}

async fn asked(call: &mut Call<'_>) -> Result<Revoke, CommandError> {
    let name = call.name()?;
    // It is for good: the latest version may be another one by now.
    let version: Version = call.route.version.ok_or(NO_OPERATION)?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: RevokeBody = parse(&bytes)?;
    let reason = body.reason.given().map(|reason| reason.0);
    Ok(Revoke {
        name,
        version,
        reason: reason.unwrap_or(RevocationReason::Unspecified),
    })
}

/// The body of a revocation, all of which may be left out.
#[derive(Default)]
struct RevokeBody {
    reason: Change<Reason>,
}

impl Members for RevokeBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "reason" => value.read(Member::RevocationReason, &mut self.reason),
            _ => value.skip(),
        }
    }
}

/// A reason by its name in RFC 5280.
struct Reason(RevocationReason);

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map(Self).map_err(|_| D::Error::custom("no reason"))
    }
}

/// What is said of a certificate that is revoked.
#[derive(Serialize)]
struct RevocationJson<'a> {
    id: String,
    serial: &'a str,
    /// In seconds since 1970.
    revoked: u64,
    reason: &'static str,
}

impl<'a> RevocationJson<'a> {
    const fn of(id: String, revocation: &'a Revocation) -> Self {
        Self {
            id,
            serial: revocation.serial.as_str(),
            revoked: revocation.since.unix(),
            reason: revocation.reason.name(),
        }
    }
}
