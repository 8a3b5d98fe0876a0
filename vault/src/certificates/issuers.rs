//! The issuers of a vault (Azure Key Vault, Certificates/models.tsp, `IssuerBundle`): authorities that policies name.
//!
//! | provider | what it does here |
//! |---|---|
//! | `Strongroom` | signs with the key of a certificate of the vault, as far as the issuer permits |
//! | `Test` | nothing: an operation waits for it until somebody cancels it |
//! | any other | nothing: a vault asks no authority outside the cluster, and an operation fails |
//!
//! Of the credentials the account is kept. The password is not: nothing here logs in anywhere.

mod bundle;
mod error;

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{BadParameter, Marker, ObjectLimits, PageRequest};

pub use self::{
    bundle::{
        Administrator, Authority, Credentials, CredentialsChange, Issuer, IssuerAttributes, IssuerChange,
        Organization, OrganizationChange, Provider,
    },
    error::IssuerError,
};
use super::settings::Setting;

/// The most issuers of one vault.
pub const MOST: usize = 100;

/// The longest text of an issuer, in bytes.
pub const LONGEST_TEXT: usize = 1024;

/// The most administrators of one organization.
pub const MOST_ADMINISTRATORS: usize = 100;

/// The most bytes of one issuer as it is stored: those of all issuers fit into one record.
pub const MAX_BYTES: usize = 16 * 1024;

/// The issuers of a vault, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Issuers(Vec<Issuer>);

impl Issuers {
    /// The issuer of that name, in any case.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &ObjectName) -> Result<&Issuer, IssuerError> {
        let place = self.place(name).map_err(|_| IssuerError::NotFound)?;
        self.0.get(place).ok_or(IssuerError::NotFound)
    }

    /// All of them, by name.
    pub fn as_slice(&self) -> &[Issuer] {
        &self.0
    }

    /// A page of them, and where the next one begins: behind a name, so that nothing is missed and nothing comes twice where
    /// issuers come and go meanwhile.
    ///
    /// # Errors
    /// More are asked for than a page may have, or no page ended where the request says.
    pub fn page(
        &self,
        page: &PageRequest,
        limits: &ObjectLimits,
    ) -> Result<(&[Issuer], Option<Marker>), BadParameter> {
        let size = page.size(limits)?;
        let from = match &page.marker {
            Some(marker) => self.place_behind(marker)?,
            None => 0,
        };
        let rest = self.0.get(from..).unwrap_or_default();
        let (items, more) = rest.split_at(size.min(rest.len()));
        let last = items.last().filter(|_| !more.is_empty());
        Ok((items, last.map(|issuer| Marker::new(issuer.folded()))))
    }

    fn place_behind(&self, marker: &Marker) -> Result<usize, BadParameter> {
        let last = marker.as_str().parse().map_err(|_| BadParameter::SkipToken)?;
        Ok(self.place(&last).map_or_else(|place| place, |place| place + 1))
    }

    /// Puts an issuer of that name, in the place of one that is there, and gives it.
    ///
    /// # Errors
    /// The name is reserved, the issuer is none, or there are too many.
    pub fn set(
        &mut self,
        name: &ObjectName,
        given: IssuerChange,
        now: Timestamp,
    ) -> Result<Issuer, IssuerError> {
        if is_reserved(name) {
            return Err(IssuerError::Reserved);
        }
        let place = self.place(name);
        let before = place.ok().and_then(|place| self.0.get(place));
        let issuer = Issuer::new(name, given, before, now)?;
        match place {
            Ok(place) => self.replace(place, issuer.clone()),
            Err(_) if self.0.len() >= MOST => return Err(IssuerError::TooMany),
            Err(place) => self.0.insert(place, issuer.clone()),
        }
        Ok(issuer)
    }

    /// Changes the issuer of that name, and gives what it is then.
    ///
    /// # Errors
    /// There is none, or it would be none.
    pub fn update(
        &mut self,
        name: &ObjectName,
        change: IssuerChange,
        now: Timestamp,
    ) -> Result<Issuer, IssuerError> {
        let place = self.place(name).map_err(|_| IssuerError::NotFound)?;
        let before = self.0.get(place).ok_or(IssuerError::NotFound)?;
        let issuer = before.changed(change, now)?;
        self.replace(place, issuer.clone());
        Ok(issuer)
    }

    /// Takes the issuer of that name out.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&mut self, name: &ObjectName) -> Result<Issuer, IssuerError> {
        let place = self.place(name).map_err(|_| IssuerError::NotFound)?;
        Ok(self.0.remove(place))
    }

    /// Where the issuer of that name is, or would be.
    fn place(&self, name: &ObjectName) -> Result<usize, usize> {
        self.0
            .binary_search_by(|issuer| issuer.folded().as_str().cmp(name.as_str()))
    }

    fn replace(&mut self, place: usize, issuer: Issuer) {
        if let Some(before) = self.0.get_mut(place) {
            *before = issuer;
        }
    }
}

impl Setting for Issuers {
    const NAME: &'static str = "certificates/issuers";
}

/// Whether a policy means somebody else by the name.
fn is_reserved(name: &ObjectName) -> bool {
    matches!(name.as_str(), "self" | "unknown")
}

#[cfg(test)]
mod tests;
