//! What the kinds of object differ in on the wire.

use serde::Serialize;
use strongroom_core::Operation;
use strongroom_engine::object::{answer::Bundle, tasks::Tasks};

use super::{
    host::Host,
    route::{Life, Route},
};

/// How a kind of object looks in answers.
pub(super) trait Face: Tasks {
    /// The first segment of its paths, which `deleted` stands before in those of deleted objects.
    const COLLECTION: &'static str;

    /// A version as JSON.
    type Json<'a>: Serialize;

    /// The JSON of a version, with its ids under `host`.
    fn json<'a>(bundle: &'a Bundle<Self>, host: &Host, shown: Shown) -> Self::Json<'a>;

    /// An upper bound of the bytes that content and fields of a version take as JSON.
    fn room(bundle: &Bundle<Self>) -> usize;
}

/// Where an answer shows a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// By itself.
    Alone,
    /// By itself, to who asked for this version.
    ByVersion,
    /// By itself, to who changed this version.
    Changed,
    /// In a list of objects, by the latest version.
    InList,
    /// In the list of an object's versions.
    AmongVersions,
}

impl Shown {
    /// Where the answer to `route` shows one version.
    pub(super) fn by(route: &Route) -> Self {
        match (route.life, route.version) {
            (Some(Life::Get), Some(_)) => Self::ByVersion,
            (None, Some(_)) if route.operation == Operation::CertificateUpdate => Self::Changed,
            _ => Self::Alone,
        }
    }

    /// Whether a version is shown by itself.
    pub(super) const fn is_alone(self) -> bool {
        matches!(self, Self::Alone | Self::ByVersion | Self::Changed)
    }

    /// The id: with its version, but for the items of a list of objects.
    pub(super) fn id<K: Face>(self, bundle: &Bundle<K>, host: &Host) -> String {
        let (host, name) = (host.as_str(), bundle.name.spelling());
        match self {
            Self::Alone | Self::ByVersion | Self::Changed | Self::AmongVersions => {
                format!("https://{host}/{}/{name}/{}", K::COLLECTION, bundle.version)
            }
            Self::InList => format!("https://{host}/{}/{name}", K::COLLECTION),
        }
    }
}
