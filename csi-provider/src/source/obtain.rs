//! Obtaining everything that a volume's files are made of: for a publish, and for a published volume whose SecretRef
//! changed.

use std::time::Duration;

use strongroom_client::identity::VaultToken;
use strongroom_core::{AccountName, ResourceName, SecretRefName};

use super::{
    load::{AuthenticateError, FileFailure, FilesError, Loaded, Loader, Reason, is_fresh, room_for},
    reference::{ReferenceError, References, Referred},
    vaults::Vaults,
};
use crate::{
    pod::{Pod, PodToken},
    shares::{Holder, Share, Shares},
    volume::{Facts, limits::LimitError, spec::VolumeSpec},
};

/// The servers that contents come from.
pub struct Sources {
    /// The identity service, and the objects of any vault.
    pub loader: Loader,
    /// The API server.
    pub references: References,
    /// The vaults, and the streams of their changes.
    pub vaults: Vaults,
    /// Volumes that ask the API server and the identity service at once.
    pub turns: Shares,
    /// Bytes of memory for what vaults answer, until it is in the files.
    pub room: Shares,
}

/// Volumes that ask the API server and the identity service at once.
const TURNS: usize = 32;
/// The memory for what vaults answer: a quarter of the limit that the chart sets.
const ROOM_BYTES: usize = 32 << 20;
/// The time for connecting to a vault.
const CONNECT: Duration = Duration::from_secs(2);

/// A volume whose contents are to be obtained.
#[derive(Debug, Clone, Copy)]
pub struct ObtainRequest<'a> {
    /// The pod, in whose namespace the SecretRef is.
    pub pod: &'a Pod,
    /// The SecretRef, in the pod's namespace.
    pub secret_ref: &'a ResourceName,
    /// The pod's fsGroup, which decides the modes of files that name none.
    pub group: Option<u32>,
    /// The pod's token, which the identity service exchanges.
    pub token: &'a PodToken,
}

impl ObtainRequest<'_> {
    fn secret_ref(&self) -> SecretRefName {
        SecretRefName {
            namespace: self.pod.namespace.clone(),
            name: self.secret_ref.clone(),
        }
    }

    fn account(&self) -> AccountName {
        AccountName {
            namespace: self.pod.namespace.clone(),
            name: self.pod.account.clone(),
        }
    }

    /// What the pod's author reads of the files that cannot be read.
    fn refused(&self, referred: &Referred, failures: Vec<FileFailure>) -> FilesError {
        FilesError {
            vault: referred.spec.vault.clone(),
            account: self.account(),
            checked_for: referred.checked_for.clone(),
            failures,
        }
    }
}

/// What a published volume shows already.
#[derive(Debug, Clone)]
pub struct Known {
    /// What its SecretRef asked for.
    pub spec: VolumeSpec,
    /// A token of its vault.
    pub token: Option<VaultToken>,
    /// Whether that has changed at the vault, so that all of it is to be read anew.
    pub is_outdated: bool,
}

/// What a SecretRef asks for, and all of it.
#[derive(Debug)]
pub struct Obtained {
    /// What the SecretRef asks for.
    pub spec: VolumeSpec,
    /// The files and the versions of their objects.
    pub loaded: Loaded,
    /// The vault token that the objects were read with; `None` where the SecretRef names no object.
    pub token: Option<VaultToken>,
}

impl Obtained {
    fn new(referred: Referred, loaded: Loaded, token: Option<VaultToken>) -> Self {
        Self {
            spec: referred.spec,
            loaded,
            token,
        }
    }
}

/// The step of obtaining a volume's contents that failed.
#[derive(Debug, thiserror::Error)]
pub enum ObtainError {
    /// The API server did not give a SecretRef that can be mounted.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The volume would pass a cap of the node.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// The identity service gave no vault token.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// The vault did not give every object.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl Facts {
    /// The request for a published volume's contents, with the pod's newest token.
    pub const fn contents<'a>(&'a self, token: &'a PodToken) -> ObtainRequest<'a> {
        ObtainRequest {
            pod: &self.pod,
            secret_ref: &self.secret_ref,
            group: self.group,
            token,
        }
    }
}

impl ObtainError {
    /// Whether a later attempt may succeed without a change by anyone.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Reference(error) => error.is_retryable(),
            Self::Limit(_) => false,
            Self::Authenticate(error) => error.is_retryable(),
            Self::Files(error) => error.is_retryable(),
        }
    }
}

impl Sources {
    /// Sources with all their room free.
    pub fn new(loader: Loader, references: References, vaults: Vaults) -> Self {
        Self {
            loader,
            references,
            vaults,
            turns: Shares::new(TURNS),
            room: Shares::new(ROOM_BYTES),
        }
    }

    /// Reads the SecretRef and every object that it names. The share is of the room that the contents take; it is to be kept
    /// for as long as they are.
    ///
    /// `check_limits` refuses a spec before the node driver connects to a vault for it.
    pub async fn obtain(
        &self,
        request: ObtainRequest<'_>,
        check_limits: impl Fn(&VolumeSpec) -> Result<(), LimitError>,
    ) -> Result<(Obtained, Option<Share>), ObtainError> {
        let turn = self.turn(request).await;
        let referred = self.references.read(&request.secret_ref()).await?;
        check_limits(&referred.spec)?;
        let token = self.loader.token_for(request.token, &referred.spec).await?;
        drop(turn);
        self.load(request, referred, token).await
    }

    /// Reads the SecretRef, and every object that it names if it asks for something else than `known`, or that is outdated;
    /// `None` if not. Uses the token of `known` for as long as it is good for the vault that the SecretRef names.
    pub async fn obtain_if_changed(
        &self,
        request: ObtainRequest<'_>,
        known: Option<Known>,
        check_limits: impl Fn(&VolumeSpec) -> Result<(), LimitError>,
    ) -> Result<Option<(Obtained, Option<Share>)>, ObtainError> {
        let referred = self.references.read_again(&request.secret_ref()).await?;
        let spec = &referred.spec;
        let mut token = match known {
            Some(known) if known.spec == *spec && !known.is_outdated => return Ok(None),
            Some(known) if known.spec.vault == spec.vault => known.token.filter(is_fresh),
            Some(_) | None => None,
        };
        check_limits(spec)?;
        if token.is_none() {
            let _turn = self.turn(request).await;
            token = self.loader.token_for(request.token, spec).await?;
        }
        self.load(request, referred, token).await.map(Some)
    }

    /// `error`, as far as the pod's account may know it: whether a vault that does not answer exists is no business of an
    /// account that policy is not known to let read anything there.
    pub async fn conceal(&self, request: ObtainRequest<'_>, error: ObtainError) -> ObtainError {
        let ObtainError::Files(source) = error else {
            return error;
        };
        let account = &request.pod.account;
        let permitted = self.references.permits(&request.secret_ref(), account).await;
        ObtainError::Files(if permitted { source } else { source.concealed() })
    }

    /// The right to ask the API server and the identity service. Not held while a vault is asked, which may be slow.
    async fn turn(&self, request: ObtainRequest<'_>) -> Share {
        let namespace = Holder::Namespace(request.pod.namespace.clone());
        self.turns.take(&[namespace], 1).await
    }

    /// Connects first, so that no room is held while an address does not answer. A spec without objects needs no vault.
    async fn load(
        &self,
        request: ObtainRequest<'_>,
        referred: Referred,
        token: Option<VaultToken>,
    ) -> Result<(Obtained, Option<Share>), ObtainError> {
        let refused = |failures| request.refused(&referred, failures);
        let spec = &referred.spec;
        let Some(token) = token else {
            let loaded = self
                .loader
                .load_without_vault(spec, request.group, &Reason::Closing)
                .map_err(refused)?;
            return Ok((Obtained::new(referred, loaded, None), None));
        };
        let vault = self.vaults.get(&spec.vault);
        if let Err(error) = vault.client.connect(CONNECT).await {
            let reason = Reason::from(error);
            let loaded = self
                .loader
                .load_without_vault(spec, request.group, &reason)
                .map_err(refused)?;
            return Ok((Obtained::new(referred, loaded, Some(token)), None));
        }
        let holders = [
            Holder::Namespace(request.pod.namespace.clone()),
            Holder::Vault(spec.vault.clone()),
        ];
        let share = self.room.take(&holders, room_for(spec)).await;
        let loaded = self
            .loader
            .load(spec, request.group, &vault.client, &token)
            .await
            .map_err(refused)?;
        Ok((Obtained::new(referred, loaded, Some(token)), Some(share)))
    }
}
