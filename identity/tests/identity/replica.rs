//! When a replica is ready, and what it serves while it drains.

use std::time::Duration;

use strongroom_testing::cluster::Review;

use crate::installation::Installation;

#[tokio::test]
async fn a_replica_is_ready_while_it_can_review_and_serves_its_key_while_it_drains() {
    let installation = Installation::start().await;
    installation.wait_until_ready(true).await;
    assert!(
        installation
            .health("/metrics")
            .await
            .1
            .contains("strongroom_identity_exchange_seconds")
    );
    installation.cluster.answer_reviews(Review::Down);
    installation.wait_until_ready(false).await;
    installation.cluster.answer_reviews(Review::Honest);
    installation.wait_until_ready(true).await;
    let draining = installation.drain(Duration::from_millis(1500));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(installation.health("/readyz").await, (503, "draining".to_owned()));
    assert_eq!(
        installation.get("/keys").await["keys"].as_array().unwrap().len(),
        1
    );
    draining.await.unwrap();
    assert!(
        tokio::net::TcpStream::connect(installation.address)
            .await
            .is_err()
    );
}
