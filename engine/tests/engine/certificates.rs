//! Certificates: each changes with its key and its secret, or not at all.

mod backups;
mod clock;
mod due;
mod golden;
mod issue;
mod lifecycle;
mod limits;
mod lists;
mod model;
mod names;
mod property;
mod races;
mod tampering;
mod update;
mod whole;

use strongroom_core::Version;
use strongroom_engine::{
    BackupBlob, Certificate, CertificateBundle, CryptoKey, KeyBundle, ObjectError, ReadRequest, SecretBundle,
    Tags,
    certificate::{
        CertificateRequest,
        object::{OperationId, OperationState},
        request::{OperationEnd, Update},
    },
    every_name,
    object::{answer, request::WriteRequest, tasks::Tasks},
};

use crate::{
    certificate::{Life, begin, complete, import, own},
    fixture::{Bench, DAY, name, object},
};

/// What is asked of a vault about certificates.
pub struct Vault(pub Bench);

impl Vault {
    pub fn new() -> Self {
        Self(Bench::new())
    }

    /// The life of a certificate that is issued now: ninety days.
    pub fn life(&self) -> Life {
        let now = self.0.now.unix();
        (now, now + 90 * DAY)
    }

    pub fn ask(&mut self, request: CertificateRequest) -> Result<CertificateBundle, ObjectError> {
        self.0.write_of(&own(request)).map(object)
    }

    pub fn begin(&mut self, text: &str) -> Result<OperationId, ObjectError> {
        let request = begin(&name(text), "key", self.life());
        let begun = self.ask(CertificateRequest::Begin(Box::new(request)))?;
        Ok(begun.object.in_progress().unwrap().0.id)
    }

    /// Completes an operation with a certificate of this text.
    pub fn complete(
        &mut self,
        text: &str,
        operation: OperationId,
        content: &str,
    ) -> Result<CertificateBundle, ObjectError> {
        let request = complete(&name(text), operation, content, self.life());
        self.ask(CertificateRequest::Complete(Box::new(request)))
    }

    /// Makes a version with this text from its beginning to its end.
    pub fn issue(&mut self, text: &str, content: &str) -> Version {
        let operation = self.begin(text).unwrap();
        self.complete(text, operation, content).unwrap().version
    }

    pub fn import(&mut self, text: &str, content: &str) -> Result<CertificateBundle, ObjectError> {
        let request = import(&name(text), content, self.life());
        self.ask(CertificateRequest::Import(Box::new(request)))
    }

    pub fn cancel(&mut self, text: &str) -> Result<CertificateBundle, ObjectError> {
        self.ask(CertificateRequest::Cancel { name: name(text) })
    }

    pub fn end(&mut self, text: &str, operation: OperationId) -> Result<CertificateBundle, ObjectError> {
        self.ask(CertificateRequest::End {
            name: name(text),
            operation,
            end: OperationEnd::Cancelled,
        })
    }

    pub fn fail(&mut self, text: &str, operation: OperationId) -> Result<CertificateBundle, ObjectError> {
        self.ask(CertificateRequest::End {
            name: name(text),
            operation,
            end: OperationEnd::Failed {
                code: "Refused".into(),
                message: "The issuer issues none.".into(),
            },
        })
    }

    pub fn forget(&mut self, text: &str) -> Result<CertificateBundle, ObjectError> {
        self.ask(CertificateRequest::Forget { name: name(text) })
    }

    pub fn update(&mut self, update: Update) -> Result<CertificateBundle, ObjectError> {
        self.ask(CertificateRequest::Update(Box::new(update)))
    }

    pub fn get(&self, text: &str) -> Result<CertificateBundle, ObjectError> {
        self.0.get_of::<Certificate>(text, None)
    }

    pub fn key(&self, text: &str) -> Result<KeyBundle, ObjectError> {
        self.0.get_of::<CryptoKey>(text, None)
    }

    pub fn secret(&self, text: &str) -> Result<SecretBundle, ObjectError> {
        self.0.get(text, None)
    }

    pub fn delete(&mut self, text: &str) -> Result<CertificateBundle, ObjectError> {
        let request = WriteRequest::<Certificate>::Delete { name: name(text) };
        self.0.write_of(&request).map(object)
    }

    pub fn recover(&mut self, text: &str) -> Result<CertificateBundle, ObjectError> {
        let request = WriteRequest::<Certificate>::Recover { name: name(text) };
        self.0.write_of(&request).map(object)
    }

    pub fn purge(&mut self, text: &str) -> Result<(), ObjectError> {
        let request = WriteRequest::<Certificate>::Purge { name: name(text) };
        self.0.write_of(&request).map(drop)
    }

    pub fn backup_of<K: Tasks>(&self, text: &str) -> Result<BackupBlob, ObjectError> {
        let request = ReadRequest::Backup { name: name(text) };
        match self.0.read_of::<K>(&request, &every_name)? {
            answer::Answer::Backup(blob) => Ok(blob),
            other => panic!("{other:?}"),
        }
    }

    pub fn restore_of<K: Tasks>(&mut self, blob: &BackupBlob) -> Result<answer::Bundle<K>, ObjectError> {
        let blob = blob.clone();
        self.0.write_of(&WriteRequest::<K>::Restore { blob }).map(object)
    }

    /// The state of the operation.
    pub fn state(&self, text: &str) -> Option<OperationState> {
        let operation = self.get(text).unwrap().object.operation;
        operation.map(|operation| operation.state)
    }
}

/// An update that changes nothing.
pub fn update(text: &str) -> Update {
    Update {
        name: name(text),
        version: None,
        policy: None,
        enabled: None,
        tags: None,
    }
}

pub fn tags(text: &str) -> Tags {
    Tags::from([("tag".to_owned(), text.to_owned())])
}
