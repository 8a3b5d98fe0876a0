//! Random bytes (`GetRandomBytes` of Keys/routes.tsp), which Azure offers on Managed HSM alone.

use axum::response::Response;
use serde::{Serialize, de::MapAccess};
use strongroom_engine::Change;

use super::super::{
    answer::serialise,
    body::{BodyError, Member, Members, Next, parse, required},
    call::{Call, CommandError},
    error::Problem,
    respond,
};
use super::work::Base64;

/// The longest body, in bytes.
const MAX_BODY: usize = 1024;

/// How many bytes one request gets at most, as Azure allows.
const MAX_COUNT: usize = 128;

/// Makes as many random bytes as the body asks for.
pub(super) async fn get(mut call: Call<'_>) -> Result<Response, Problem> {
    let count = count(&mut call).await;
    let (call, count) = call.or_refuse(count).await?;
    let bytes = call.admitted.random_bytes(count).await?;
    let json = RandomJson {
        value: Base64(&bytes),
    };
    Ok(respond::success(
        Some(serialise(&json, 2 * MAX_COUNT + 16)?),
        None,
    ))
}

async fn count(call: &mut Call<'_>) -> Result<usize, CommandError> {
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: RandomBody = parse(&bytes)?;
    let count = required(body.count, Member::Count)?;
    match usize::try_from(count) {
        Ok(count @ 1..=MAX_COUNT) => Ok(count),
        Ok(_) | Err(_) => Err(BodyError::Member(Member::Count).into()),
    }
}

/// The body of `GetRandomBytes`.
#[derive(Default)]
struct RandomBody {
    count: Change<u32>,
}

impl Members for RandomBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "count" => value.read(Member::Count, &mut self.count),
            _ => value.skip(),
        }
    }
}

#[derive(Serialize)]
struct RandomJson<'a> {
    value: Base64<'a>,
}
