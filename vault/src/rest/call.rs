//! One request that policy allows, while its body is read and it is performed.

use axum::{body::Body, response::Response};
use strongroom_engine::{ReadRequest, object::request::WriteRequest};
use zeroize::Zeroizing;

use super::{
    answer,
    body::{self, Arriving, BodyError},
    error::{FormError, Problem},
    face::Face,
    host::Host,
    query::Query,
    respond,
    route::Route,
};
use crate::{
    access::{Admitted, Charge, Failure, ReadAnswer},
    keys::statement::Statements,
};

/// A question or a change about objects of kind `K`.
pub(super) enum Command<K: Face> {
    /// A snapshot answers it.
    Read(ReadRequest),
    /// The writer stores it, and answers then.
    Write(WriteRequest<K>),
}

/// Why a route and its body give no command.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The body breaks a rule.
    Body(BodyError),
    /// The request is refused for another reason, as when there is no room for the work that it makes.
    Refused(Failure),
}

impl From<BodyError> for CommandError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// A request that policy allows.
pub(super) struct Call<'a> {
    /// What it asks for.
    pub(super) route: &'a Route,
    /// Which page of a list, and at which version of the API.
    pub(super) query: &'a Query,
    /// The name that it was sent to: ids and links in the answer are under it.
    pub(super) host: &'a Host,
    /// Its body, of which nothing was read yet.
    pub(super) body: &'a mut Body,
    /// Signs what an answer states beyond this connection.
    pub(super) statements: &'a Statements,
    /// What performs it, and records every end.
    pub(super) admitted: Admitted<'a>,
}

impl Call<'_> {
    /// Receives the body, of at most `limit` bytes, in time, with the charge that is to outlive it.
    pub(super) async fn receive(
        &mut self,
        limit: usize,
    ) -> Result<(Charge, Zeroizing<Vec<u8>>), CommandError> {
        let charge = self.admitted.charge();
        let bytes = tokio::select! {
            biased;
            () = charge.revoked() => Err(CommandError::Refused(Failure::Busy)),
            bytes = body::in_time(receive(self.body, limit, &charge)) => bytes,
        }?;
        charge.complete();
        Ok((charge, bytes))
    }

    /// Carries out what the route and the body ask for, and writes the answer.
    pub(super) async fn carry_out<K: Face>(
        self,
        command: Result<Command<K>, CommandError>,
    ) -> Result<Response, Problem> {
        let ReadAnswer { answer, room } = match command {
            Ok(Command::Read(request)) => self.admitted.read::<K>(request).await?,
            // Boxed, so that the future of a read has no room for it.
            Ok(Command::Write(request)) => Box::pin(self.admitted.write(request)).await?.into(),
            Err(error) => return Err(self.refuse(error).await),
        };
        let json = answer::json(&answer, self.host, self.query, self.route)?;
        Ok(respond::success(json, room))
    }

    /// Goes on with what the request asks for; or records that it is refused.
    pub(super) async fn or_refuse<T>(self, asked: Result<T, CommandError>) -> Result<(Self, T), Problem> {
        match asked {
            Ok(asked) => Ok((self, asked)),
            Err(error) => Err(self.refuse(error).await),
        }
    }

    /// Records that the request is refused after all.
    pub(super) async fn refuse(self, error: CommandError) -> Problem {
        match error {
            CommandError::Body(error) => {
                let error = FormError::from(error);
                let refused = self.admitted.refuse(error.failure()).await;
                Problem::of_form(error, &refused)
            }
            CommandError::Refused(failure) => self.admitted.refuse(failure).await.into(),
        }
    }
}

/// Receives a body whose bytes are charged as they arrive.
async fn receive(body: &mut Body, limit: usize, charge: &Charge) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let mut arriving = Arriving::begin(body, limit)?;
    while let Some(bytes) = arriving.next().await? {
        charge.grow(bytes).await.map_err(CommandError::Refused)?;
    }
    Ok(arriving.into_bytes())
}
