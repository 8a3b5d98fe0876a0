//! Reads of secrets in another form than the one that is stored.

use strongroom_certificates::policy::SecretContentType;
use strongroom_engine::{ReadRequest, Secret, object::answer::Answer};
use tokio::task::spawn_blocking;

use super::{super::Refused, Admitted, Failure};
use crate::certificates::converted;

impl Admitted<'_> {
    /// Reads a secret. One that is part of a certificate is written as `wanted`.
    ///
    /// # Errors
    /// It cannot be written so, and what is refused of a read.
    pub async fn read_converted(
        mut self,
        request: ReadRequest,
        wanted: SecretContentType,
    ) -> Result<Answer<Secret>, Refused> {
        let read = self.converted(request, wanted).await;
        self.access.conclude(self.action, read).await
    }

    async fn converted(
        &mut self,
        request: ReadRequest,
        wanted: SecretContentType,
    ) -> Result<Answer<Secret>, Failure> {
        self.decide_again()?;
        let answer = self.perform_read(request).await?.answer;
        let Answer::Object(mut secret) = answer else {
            return Ok(answer);
        };
        // A PFX is opened by some thousands of hashes.
        let converted = spawn_blocking(move || {
            converted::convert(&mut secret, wanted)?;
            Ok::<_, Failure>(Answer::Object(secret))
        });
        converted.await.map_err(|_| Failure::Storage)?
    }
}
