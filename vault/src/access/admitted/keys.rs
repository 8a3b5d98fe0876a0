//! Requests that make keys, or work with them.

use std::sync::Arc;

use strongroom_core::{ObjectName, Timestamp, Version};
use strongroom_engine::{
    AttributesPatch, CryptoKey, KeyBundle, KeyWriteRequest, ObjectError, ReadRequest, Tags,
    crypto_key::release::ReleaseTerms, no_name, object::answer::Answer,
};
use strongroom_keys::{Key, KeyError, KeyOperations, KeySpec, PrivateJwk};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use super::{
    super::{Refused, outcome::success},
    Admitted, Failure,
};
use crate::keys::{
    opened::OpenedKey,
    release::{self, Released, Target, authority::Authorities},
    successor::{self, Made},
    usable,
    work::{Product, Work},
};

/// What a new key is to be.
#[derive(Debug)]
pub enum Origin {
    /// The vault makes it.
    Made(KeySpec),
    /// It was made elsewhere.
    Imported(PrivateJwk),
}

/// A key to create or to import.
#[derive(Debug)]
pub struct NewKey {
    /// Its name.
    pub name: ObjectName,
    /// Where its material comes from.
    pub origin: Origin,
    /// What it may be used for; none is what is usual for its kind.
    pub operations: Option<KeyOperations>,
    /// On what terms it may leave the vault; none where it never does.
    pub release: Option<ReleaseTerms>,
    /// Its attributes.
    pub attributes: AttributesPatch,
    /// Its tags.
    pub tags: Tags,
}

/// What a key did, and which version of which key it was.
#[derive(Debug)]
pub struct Done {
    /// The version.
    pub key: Arc<OpenedKey>,
    /// What came of the work.
    pub product: Product,
}

impl Admitted<'_> {
    /// Whose attestation of an environment counts for a release.
    pub fn authorities(&self) -> &Authorities {
        self.access.service.keys.authorities()
    }

    /// Makes or imports a key, and stores it as a new version.
    ///
    /// # Errors
    /// A key that is none, and what a change can be refused for. Every end is recorded.
    pub async fn create_key(mut self, new: NewKey) -> Result<Answer<CryptoKey>, Refused> {
        // Policy may have changed while the body came: then nobody makes a key.
        let key = match self.decide_again() {
            Ok(()) => self.make(new.origin).await,
            Err(failure) => Err(failure),
        };
        let request = key.and_then(|key| {
            let (content, fields) = successor::stored(&key, new.operations, new.release)?;
            Ok(KeyWriteRequest::Set {
                name: new.name,
                content,
                fields,
                attributes: new.attributes,
                tags: new.tags,
            })
        });
        match request {
            Ok(request) => self.write(request).await,
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Makes a new version of the key `name`, of the same type and for the same operations, which is current from then
    /// on. A change of the key that comes in between is part of the new version; each try that it refuses has a record of
    /// its own.
    ///
    /// # Errors
    /// There is no such key, it changes faster than it is read, and as [`Self::create_key`].
    pub async fn rotate_key(mut self, name: ObjectName) -> Result<Answer<CryptoKey>, Refused> {
        let mut made = None;
        for _ in 1..successor::TRIES {
            let again = self.again();
            match self.replace_key(&name, &mut made).await {
                Err(refused) if is_superseded(&refused) => self = again,
                done => return done,
            }
        }
        self.replace_key(&name, &mut made).await
    }

    /// Works with a version of a key, the current one without `version`.
    ///
    /// # Errors
    /// There is no such version, it may not be used so, or cannot do it. Every end is recorded.
    pub async fn use_key(
        mut self,
        name: &ObjectName,
        version: Option<Version>,
        work: Work,
    ) -> Result<Done, KeyRefused> {
        let mut used = None;
        let done = match self.decide_again() {
            Ok(()) => self.work(name, version, work, &mut used).await,
            Err(failure) => Err(failure),
        };
        let concluded = self.conclude(done).await;
        concluded.map_err(|refused| KeyRefused { refused, used })
    }

    /// Encrypts a version of a key for the environment that `target` attests, the current one without `version`.
    ///
    /// # Errors
    /// There is no such version, or it is not released to that environment. Every end is recorded.
    pub async fn release_key(
        mut self,
        name: &ObjectName,
        version: Option<Version>,
        target: &Target,
    ) -> Result<(KeyBundle, Released), Refused> {
        let released = match self.decide_again() {
            Ok(()) => self.release(name, version, target),
            Err(failure) => Err(failure),
        };
        self.conclude(released).await
    }

    /// Makes `count` random bytes.
    ///
    /// # Errors
    /// The provider has none, and what policy does not allow any more. Every end is recorded.
    pub async fn random_bytes(mut self, count: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
        let made = self.decide_again().and_then(|()| {
            let mut bytes = Zeroizing::new(vec![0; count]);
            self.access.service.keys.provider().random(&mut bytes)?;
            Ok(bytes)
        });
        self.conclude(made).await
    }

    /// The same request, admitted as it was.
    fn again(&self) -> Self {
        Self {
            access: self.access,
            action: self.action.clone(),
            policy: Arc::clone(&self.policy),
            share: None,
        }
    }

    async fn replace_key(
        mut self,
        name: &ObjectName,
        made: &mut Option<Made>,
    ) -> Result<Answer<CryptoKey>, Refused> {
        match self.successor(name, made).await {
            Ok(request) => self.write(request).await,
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    /// Records what `done` is, and gives it on.
    pub(super) async fn conclude<T>(self, done: Result<T, Failure>) -> Result<T, Refused> {
        match done {
            Ok(done) => {
                let outcome = success(self.action.operation());
                self.access.record(self.action, outcome).await?;
                Ok(done)
            }
            Err(failure) => Err(self.refuse(failure).await),
        }
    }

    fn release(
        &self,
        name: &ObjectName,
        version: Option<Version>,
        target: &Target,
    ) -> Result<(KeyBundle, Released), Failure> {
        let (key, now, service) = (
            self.opened(name, version)?,
            self.access.now(),
            &self.access.service,
        );
        let seconds = i64::try_from(now.unix()).unwrap_or(i64::MAX);
        let released = release::release(&key, target, service.keys.authorities(), seconds)?;
        let request = ReadRequest::Get {
            name: name.clone(),
            version: Some(key.version),
        };
        match service.objects.read::<CryptoKey>(&request, now, &no_name)? {
            Answer::Object(bundle) => Ok((*bundle, released)),
            // A get answers one object.
            Answer::Page(_) | Answer::Backup(_) | Answer::Purged => Err(KeyError::Failed.into()),
        }
    }

    async fn make(&self, origin: Origin) -> Result<Key, Failure> {
        let (keys, account) = (&self.access.service.keys, self.account());
        let key = match origin {
            Origin::Made(spec) => keys.generate(account, spec).await,
            Origin::Imported(jwk) => keys.import(account, jwk).await,
        };
        Ok(key?)
    }

    async fn successor(
        &mut self,
        name: &ObjectName,
        made: &mut Option<Made>,
    ) -> Result<KeyWriteRequest, Failure> {
        self.decide_again()?;
        let service = &self.access.service;
        let (objects, timekeeper) = (&service.objects, &service.timekeeper);
        let (keys, account) = (&service.keys, self.account());
        let successor = keys.succeed_with(objects, timekeeper, account, name, made);
        Ok(successor.await?)
    }

    async fn work(
        &self,
        name: &ObjectName,
        version: Option<Version>,
        work: Work,
        used: &mut Option<Arc<OpenedKey>>,
    ) -> Result<Done, Failure> {
        let key = self.opened(name, version)?;
        let opened = used.insert(key);
        let now: Timestamp = self.access.now();
        usable::check(opened, work.operation, now)?;
        let key = Arc::clone(opened);
        if !work.is_long_with(&key.key) {
            let product = work.done_with(&key.key)?;
            return Ok(Done { key, product });
        }
        let long = move || work.done_with(&key.key).map(|product| Done { key, product });
        let done = spawn_blocking(long).await.map_err(|_| KeyError::Failed)?;
        Ok(done?)
    }

    /// A version of a key, ready for use.
    fn opened(&self, name: &ObjectName, version: Option<Version>) -> Result<Arc<OpenedKey>, Failure> {
        let service = &self.access.service;
        let (remembered, provider) = (service.keys.opened(), service.keys.provider());
        // Nothing is locked while the key is read, so it may be deleted meanwhile.
        let reading = remembered.begin_reading(name);
        let known = |record| remembered.get(record).map(Ok);
        let open = |record, bundle| {
            let key = Arc::new(OpenedKey::of(bundle, provider)?);
            remembered.insert(record, &key, reading);
            Ok::<_, KeyError>(key)
        };
        let opened = service
            .objects
            .open::<CryptoKey, _>(name, version.as_ref(), known, open)?;
        Ok(opened?)
    }
}

fn is_superseded(refused: &Refused) -> bool {
    matches!(refused.failure(), Failure::Object(ObjectError::Superseded { .. }))
}

/// Work that was refused, and the version that would have done it, where there is one.
#[derive(Debug)]
pub struct KeyRefused {
    /// The refusal.
    pub refused: Refused,
    /// The version.
    pub used: Option<Arc<OpenedKey>>,
}
