//! A vault for a laptop: the servers of production in one process, without a cluster, a container, a root user or a network.
//!
//! ```text
//!   strongroom dev --> laptop --> vault      the server of production, on a store in memory or in a directory
//!                             --> login      the identity service of production, and the ways in that a laptop needs
//!                             --> cluster    what stands for the API server: service accounts and their tokens
//!                             --> policy     AccessPolicy objects, compiled as the operator does
//! ```
//!
//! | room | what it holds |
//! |---|---|
//! | [`names`] | the names of this machine under which vaults are reached |
//! | [`place`], [`runs`] | the directory of this user, and that of one run |
//! | [`authority`], [`bundle`] | who signs for these names, and what a program is to trust |
//! | [`own_certificate`], `azure`, [`reach`] | a certificate that the user brings, names of Azure, and what else is asked for beside the usual |
//! | [`accounts`], [`cluster`], [`login`] | who somebody is |
//! | [`manifests`], [`seed`] | the files that a cluster is given, and the secrets that are there from the beginning |
//! | [`snapshot`], [`tracked`] | secrets as a file of seeds, and whether Git keeps such a file |
//! | [`store`], [`pod`] | the directory that keeps the objects, and where nothing may run |
//! | [`trust`] | how this system, its browsers and its Java come to trust the authority of this machine |
//! | [`policy`], [`vault`] | what a vault is, and who may do what in it |
//! | [`proxy`] | how names are found where the system does not find them |
//! | [`door`] | the way to a vault of a cluster, for programs of this machine |
//! | [`environment`], [`az`] | what a program needs to know, as environment variables and as files of az |
//! | [`controls`], [`control`] | what can be changed while it runs, and how other programs ask for it |
//! | [`faults`], [`front`] | what stands in front of a vault, to fail on purpose |
//! | [`requests`], [`notices`] | what there is to see of it |
//! | [`files`] | the files of a SecretRef, by the code of the node driver |
//! | [`laptop`] | everything together |
//!
//! Invariants:
//! - a request is decided, answered and recorded by the code of production: a 403 here is a 403 there;
//! - everything listens on loopback;
//! - whoever trusts the authority of this machine trusts it for names of this machine, and for no other.

pub mod accounts;
pub mod authority;
pub mod az;
mod azure;
pub mod bundle;
pub mod cluster;
pub mod control;
pub mod controls;
pub mod door;
pub mod environment;
pub mod faults;
pub mod files;
pub mod front;
pub mod laptop;
pub mod login;
pub mod manifests;
pub mod names;
pub mod notices;
pub mod own_certificate;
pub mod place;
pub mod pod;
pub mod policy;
pub mod proxy;
pub mod reach;
pub mod requests;
pub mod runs;
pub mod seed;
pub mod snapshot;
pub mod store;
pub mod tracked;
pub mod trust;
pub mod vault;
