//! The conformance suite of the Container Storage Interface, run against the driver.
//!
//! Its Node specs first make a volume with a Controller, which this driver has none of. So they reach the driver through
//! a socket of this process that adds one and forwards the rest.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;
use strongroom_csi::proto::csi::{
    self, ControllerGetCapabilitiesResponse, ControllerServiceCapability, CreateVolumeRequest,
    CreateVolumeResponse, DeleteVolumeRequest, DeleteVolumeResponse, PluginCapability,
    controller_server::{Controller, ControllerServer},
    controller_service_capability::{Rpc, Type, rpc},
    identity_server::{Identity, IdentityServer},
    node_client::NodeClient,
    node_server::{Node as NodeService, NodeServer},
    plugin_capability,
};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Request, Response, Status, transport::Channel};

use crate::support::{Node, Pod, driver::connect, in_private_mounts};

/// The version of the suite.
const VERSION: &str = "5.4.0";

/// The driver with a Controller: a volume is what its parameters say.
#[derive(Clone)]
struct WithController(NodeClient<Channel>);

type Answer<T> = Result<Response<T>, Status>;

macro_rules! service {
    ($trait:ident, forwards {$($method:ident($request:ident) -> $response:ident;)*}, lacks {$($lacking:ident($lreq:ident) -> $lres:ident;)*}, $($own:item)*) => {
        #[tonic::async_trait]
        impl $trait for WithController {
            $($own)*

            $(async fn $method(&self, request: Request<csi::$request>) -> Answer<csi::$response> {
                self.0.clone().$method(request.into_inner()).await
            })*

            $(async fn $lacking(&self, _: Request<csi::$lreq>) -> Answer<csi::$lres> {
                Err(Status::unimplemented("not of this driver"))
            })*
        }
    };
}

#[tonic::async_trait]
impl Identity for WithController {
    async fn get_plugin_info(
        &self,
        _: Request<csi::GetPluginInfoRequest>,
    ) -> Answer<csi::GetPluginInfoResponse> {
        Err(Status::unimplemented("asked of the driver itself"))
    }

    async fn get_plugin_capabilities(
        &self,
        _: Request<csi::GetPluginCapabilitiesRequest>,
    ) -> Answer<csi::GetPluginCapabilitiesResponse> {
        let r#type = plugin_capability::service::Type::ControllerService.into();
        let service = plugin_capability::Type::Service(plugin_capability::Service { r#type });
        let capabilities = vec![PluginCapability {
            r#type: Some(service),
        }];
        Ok(Response::new(csi::GetPluginCapabilitiesResponse { capabilities }))
    }

    async fn probe(&self, _: Request<csi::ProbeRequest>) -> Answer<csi::ProbeResponse> {
        Ok(Response::new(csi::ProbeResponse { ready: Some(true) }))
    }
}

service! {
    NodeService,
    forwards {
        node_publish_volume(NodePublishVolumeRequest) -> NodePublishVolumeResponse;
        node_unpublish_volume(NodeUnpublishVolumeRequest) -> NodeUnpublishVolumeResponse;
        node_get_capabilities(NodeGetCapabilitiesRequest) -> NodeGetCapabilitiesResponse;
        node_get_info(NodeGetInfoRequest) -> NodeGetInfoResponse;
        node_stage_volume(NodeStageVolumeRequest) -> NodeStageVolumeResponse;
        node_unstage_volume(NodeUnstageVolumeRequest) -> NodeUnstageVolumeResponse;
        node_get_volume_stats(NodeGetVolumeStatsRequest) -> NodeGetVolumeStatsResponse;
        node_expand_volume(NodeExpandVolumeRequest) -> NodeExpandVolumeResponse;
    },
    lacks {},
}

service! {
    Controller,
    forwards {},
    lacks {
        controller_publish_volume(ControllerPublishVolumeRequest) -> ControllerPublishVolumeResponse;
        controller_unpublish_volume(ControllerUnpublishVolumeRequest) -> ControllerUnpublishVolumeResponse;
        validate_volume_capabilities(ValidateVolumeCapabilitiesRequest) -> ValidateVolumeCapabilitiesResponse;
        list_volumes(ListVolumesRequest) -> ListVolumesResponse;
        get_capacity(GetCapacityRequest) -> GetCapacityResponse;
        create_snapshot(CreateSnapshotRequest) -> CreateSnapshotResponse;
        delete_snapshot(DeleteSnapshotRequest) -> DeleteSnapshotResponse;
        list_snapshots(ListSnapshotsRequest) -> ListSnapshotsResponse;
        controller_expand_volume(ControllerExpandVolumeRequest) -> ControllerExpandVolumeResponse;
        controller_get_volume(ControllerGetVolumeRequest) -> ControllerGetVolumeResponse;
        controller_modify_volume(ControllerModifyVolumeRequest) -> ControllerModifyVolumeResponse;
    },
    async fn create_volume(&self, request: Request<CreateVolumeRequest>) -> Answer<CreateVolumeResponse> {
        let CreateVolumeRequest { name, parameters, .. } = request.into_inner();
        let volume = csi::Volume { volume_id: name, volume_context: parameters, ..Default::default() };
        Ok(Response::new(CreateVolumeResponse { volume: Some(volume) }))
    }
    async fn delete_volume(&self, _: Request<DeleteVolumeRequest>) -> Answer<DeleteVolumeResponse> {
        Ok(Response::new(DeleteVolumeResponse {}))
    }
    async fn controller_get_capabilities(
        &self,
        _: Request<csi::ControllerGetCapabilitiesRequest>,
    ) -> Answer<ControllerGetCapabilitiesResponse> {
        let rpc = Rpc { r#type: rpc::Type::CreateDeleteVolume.into() };
        let capabilities = vec![ControllerServiceCapability { r#type: Some(Type::Rpc(rpc)) }];
        Ok(Response::new(ControllerGetCapabilitiesResponse { capabilities }))
    }
}

/// The suite's program: from the cache of tools, else built beside the tests.
fn suite() -> PathBuf {
    let cache = env::var_os("STRONGROOM_CACHE").map_or_else(
        || PathBuf::from(env::var_os("HOME").expect("HOME is set")).join(".cache/strongroom"),
        PathBuf::from,
    );
    let cached = cache.join(format!("csi-sanity/{VERSION}/bin/csi-sanity"));
    if cached.exists() {
        return cached;
    }
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("csi-sanity-{VERSION}"));
    let module = format!("github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity@v{VERSION}");
    let built = Command::new("go")
        .args(["install", &module])
        .env("GOBIN", &directory)
        .env("CGO_ENABLED", "0")
        .output()
        .expect("this test builds csi-sanity and needs go in the PATH");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    directory.join("csi-sanity")
}

/// What the suite says when its own dialling misses that the connection is ready: it waits for the state to change from
/// the one that it reads at that moment (csi-test, `utils.Connect`).
const MISSED_CONNECTION: &str = "Connection timed out";

/// Runs the specs that `focus` names against the socket `endpoint`, and answers how many ran. A run in which the suite
/// missed its connection says nothing of the driver, and is repeated once.
async fn run(node: &Node, endpoint: PathBuf, focus: &str) -> u32 {
    let (mut is_success, mut said) = run_once(node, &endpoint, focus).await;
    if !is_success && said.contains(MISSED_CONNECTION) {
        (is_success, said) = run_once(node, &endpoint, focus).await;
    }
    assert!(is_success, "{said}");
    let ran = said
        .lines()
        .find(|line| line.starts_with("Ran "))
        .and_then(|line| line.split(' ').nth(1));
    ran.and_then(|count| count.parse().ok())
        .expect("the suite says how many specs ran")
}

/// Runs the specs; answers whether they passed, and what the suite said.
async fn run_once(node: &Node, endpoint: &Path, focus: &str) -> (bool, String) {
    let mut command = Command::new(suite());
    command
        .arg(format!("--csi.endpoint=unix://{}", endpoint.display()))
        .arg(format!(
            "--csi.mountdir={}",
            node.root.join("kubelet/pods/sanity").display()
        ))
        .arg(format!(
            "--csi.stagingdir={}",
            node.root.join("kubelet/staging").display()
        ))
        .arg(format!(
            "--csi.testvolumeparameters={}",
            node.root.join("parameters.yaml").display()
        ))
        .arg(format!(
            "--csi.secrets={}",
            node.root.join("secrets.yaml").display()
        ))
        .args(["--ginkgo.no-color", "--ginkgo.v"])
        .arg(format!("--ginkgo.focus={focus}"))
        .arg("--ginkgo.skip=Controller Service");
    let run = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    (
        run.status.success(),
        String::from_utf8_lossy(&run.stdout).into_owned(),
    )
}

#[test]
fn the_conformance_suite_passes() {
    in_private_mounts(async |root| {
        let node = Node::start(root.clone()).await;
        node.vault.put("db", "x");
        node.api
            .put("shop", "app", &json!([{"path": "a", "secret": {"name": "db"}}]));
        let request = node.request(&Pod::new("p"), "app");
        // JSON is YAML.
        fs::write(
            root.join("parameters.yaml"),
            json!(request.volume_context).to_string(),
        )
        .unwrap();
        let secrets = json!({"NodePublishVolumeSecret": request.secrets});
        fs::write(root.join("secrets.yaml"), secrets.to_string()).unwrap();
        let driver = root.join("kubelet/plugins/csi.strongroom.dev/csi.sock");
        let with_controller = WithController(NodeClient::new(connect(&driver).await));
        let listener = tokio::net::UnixListener::bind(root.join("controller.sock")).unwrap();
        let serving = tonic::transport::Server::builder()
            .add_service(IdentityServer::new(with_controller.clone()))
            .add_service(ControllerServer::new(with_controller.clone()))
            .add_service(NodeServer::new(with_controller))
            .serve_with_incoming(UnixListenerStream::new(listener));
        let serving = tokio::spawn(serving);
        assert_eq!(run(&node, driver, "Identity Service").await, 3);
        // All but those of capabilities that the driver has none of.
        assert_eq!(run(&node, root.join("controller.sock"), "Node Service").await, 10);
        serving.abort();
    });
}
