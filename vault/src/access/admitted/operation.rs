//! Reads of the operation that makes a version of a certificate.

use strongroom_core::ObjectName;
use strongroom_engine::{
    Certificate, ObjectError, ReadRequest,
    certificate::object::OperationId,
    object::{answer::Answer, error::OperationError},
};

use super::{super::Refused, Admitted, Failure};

impl Admitted<'_> {
    /// Reads the certificate `name`, which has an operation: the `wanted` one, where one is named.
    ///
    /// # Errors
    /// There is no such operation, and what is refused of a read.
    pub async fn read_operation(
        mut self,
        name: ObjectName,
        wanted: Option<OperationId>,
    ) -> Result<Answer<Certificate>, Refused> {
        let read = self.operation(name, wanted).await;
        self.access.conclude(self.action, read).await
    }

    async fn operation(
        &mut self,
        name: ObjectName,
        wanted: Option<OperationId>,
    ) -> Result<Answer<Certificate>, Failure> {
        self.decide_again()?;
        let request = ReadRequest::Get {
            name: name.clone(),
            version: None,
        };
        let absent = || Failure::from(ObjectError::from(OperationError::NotFound(name.clone())));
        let read = match self.perform_read::<Certificate>(request).await {
            Ok(read) => read.answer,
            Err(Failure::Object(ObjectError::NotFound { .. })) => return Err(absent()),
            Err(failure) => return Err(failure),
        };
        let operation = match &read {
            Answer::Object(certificate) => certificate.object.operation.as_ref(),
            Answer::Page(_) | Answer::Backup(_) | Answer::Purged => None,
        };
        if operation.is_some_and(|operation| wanted.is_none_or(|wanted| wanted == operation.id)) {
            Ok(read)
        } else {
            Err(absent())
        }
    }
}
