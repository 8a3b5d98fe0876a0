//! Until when the certificate lasts that a vault shows.

use std::{io, sync::Arc};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use strongroom_certificates::certificate::Certificate;
use strongroom_client::Dial;
use tokio_rustls::TlsConnector;

/// The end of the certificate of the server `host`, in seconds since 1970, once it has proved its name under `authorities`.
pub(super) async fn valid_until(dial: &dyn Dial, host: &str, authorities: &str) -> io::Result<i64> {
    let mut roots = RootCertStore::empty();
    let blocks = pem::parse_many(authorities).map_err(io::Error::other)?;
    roots.add_parsable_certificates(blocks.into_iter().map(|block| block.into_contents().into()));
    let config = ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = dial.dial().await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let (_, session) = stream.get_ref();
    let leaf = session.peer_certificates().and_then(<[_]>::first);
    let leaf = leaf.ok_or_else(|| io::Error::other("the vault showed no certificate"))?;
    let leaf = Certificate::from_der(leaf).map_err(io::Error::other)?;
    Ok(leaf.validity().not_after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world::World;

    #[tokio::test]
    async fn the_end_is_that_of_the_certificate_of_a_vault_that_proves_its_name() {
        let world = World::start().await;
        let [dial, _] = world.dials();
        let authorities = world.authorities();
        let end = valid_until(dial.as_ref(), "prod.team-a.svc", &authorities)
            .await
            .unwrap();
        assert!(end > jiff::Timestamp::now().as_second());
        assert!(
            valid_until(dial.as_ref(), "other.team-a.svc", &authorities)
                .await
                .is_err()
        );
        let stranger = strongroom_testing::Authority::new("test").pem();
        assert!(
            valid_until(dial.as_ref(), "prod.team-a.svc", &stranger)
                .await
                .is_err()
        );
    }
}
