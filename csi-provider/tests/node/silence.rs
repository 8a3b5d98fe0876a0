//! Peers that let the node driver wait: on its health port, and on each of its sockets.

use std::{net::Ipv4Addr, time::Duration};

use prost::Message as _;
use strongroom_csi::{
    kubelet::handover,
    proto::{
        csi::{GetPluginInfoRequest, identity_client::IdentityClient},
        registration::{PluginInfo, RegistrationStatus},
    },
};
use strongroom_testing::silent_peer::{Port, Siege};
use tokio::time::sleep;

use crate::{
    registration::{Kubelet, call, health_says},
    support::{Node, driver::connect, eventually, in_private_mounts},
};

const HEALTH: &str = "127.0.0.1:19091";

#[test]
fn peers_that_stand_still_in_every_way_keep_nobody_from_the_port_and_the_sockets() {
    in_private_mounts(async |root| {
        let node = Node::start_with(root, &["--health", HEALTH], true).await;
        let plugin = node.root.join("kubelet/plugins/csi.strongroom.dev");
        let (csi, asking) = (plugin.join("csi.sock"), plugin.join("handover.sock"));
        let registration = node
            .root
            .join("kubelet/plugins_registry/csi.strongroom.dev-reg.sock");
        eventually("the handover socket is there", Duration::from_secs(5), || {
            asking.exists()
        })
        .await;
        let sieges = [
            ("node health", Port::plain(HEALTH.parse().unwrap())),
            ("node CSI", Port::unix(&csi)),
            ("node registration", Port::unix(&registration)),
            ("node handover", Port::unix(&asking)),
        ];
        let [health, calls, registers, hands_over] = sieges.each_ref().map(|(listener, port)| Siege {
            listener,
            port,
            source: Ipv4Addr::new(127, 8, 1, 1),
            path: "/csi.v1.Identity/GetPluginInfo",
            peers: 3,
            within: Duration::from_secs(25),
        });
        let looks = async || {
            let answer = health_says(HEALTH, "/healthz").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        };
        let calls_csi = async || {
            let mut client = IdentityClient::new(connect(&csi).await);
            client.get_plugin_info(GetPluginInfoRequest {}).await.unwrap();
        };
        let asks = async || {
            // Where many connect at once, one that was not read yet may have to make room; the kubelet dials again.
            let answer = loop {
                match Kubelet::ask(&registration, "GetInfo").await {
                    Ok(answer) => break answer,
                    Err(_ended) => sleep(Duration::from_millis(20)).await,
                }
            };
            let info = PluginInfo::decode(&*answer).unwrap();
            assert_eq!(info.name, "csi.strongroom.dev");
        };
        tokio::join!(
            health.lay(looks),
            calls.lay(calls_csi),
            registers.lay(asks),
            hands_over.lay(asks)
        );
        let mut kubelet = Kubelet::dial(&registration).await;
        let said = RegistrationStatus {
            plugin_registered: true,
            error: String::new(),
        };
        let message = said.encode_to_vec();
        kubelet.send(&call(1, "NotifyRegistrationStatus", &message)).await;
        kubelet.answer(1).await;
        assert!(handover::take(&asking).await.is_some());
    });
}
