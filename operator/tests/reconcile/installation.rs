//! What the leader keeps in the release namespace.

use strongroom_operator::{
    installation::{self, InstallationError},
    pki::{AuthoritySubject, Succession},
};
use strongroom_testing::ApiServer;
use time::{Duration, OffsetDateTime};

use crate::context::leader;

const PATH: &str = "/api/v1/namespaces/strongroom-system/secrets/strongroom-admin-ca";

#[tokio::test]
async fn a_leader_that_was_paused_puts_no_authority_over_its_successors() {
    let server = ApiServer::default();
    let context = leader(&server).await;
    let (client, settings) = (&context.client, &context.settings);
    let mut paused = installation::authorities(client, settings).await.unwrap();
    let stored = server.get(PATH).unwrap();
    // What the paused leader read long ago, and is about to renew.
    let long_ago = OffsetDateTime::now_utc() - Duration::days(9 * 365);
    paused.admin = Succession::create(&AuthoritySubject::Admin, long_ago).unwrap();
    let moved = installation::maintain(client, settings, &mut paused).await;
    assert!(
        matches!(
            moved,
            Err(InstallationError::Moved {
                name: "strongroom-admin-ca"
            })
        ),
        "{moved:?}"
    );
    assert_eq!(server.get(PATH), Some(stored));
}
