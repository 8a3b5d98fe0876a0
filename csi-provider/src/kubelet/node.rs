//! The Node service: volumes of this node.

use std::{path::Path, sync::Arc};

use tonic::{Request, Response, Status};

use super::{request as parse, status};
use crate::{
    driver::Driver,
    proto::csi::{
        NodeExpandVolumeRequest, NodeExpandVolumeResponse, NodeGetCapabilitiesRequest,
        NodeGetCapabilitiesResponse, NodeGetInfoRequest, NodeGetInfoResponse, NodeGetVolumeStatsRequest,
        NodeGetVolumeStatsResponse, NodePublishVolumeRequest, NodePublishVolumeResponse,
        NodeServiceCapability, NodeStageVolumeRequest, NodeStageVolumeResponse, NodeUnpublishVolumeRequest,
        NodeUnpublishVolumeResponse, NodeUnstageVolumeRequest, NodeUnstageVolumeResponse,
        node_server::Node,
        node_service_capability::{Rpc, Type, rpc},
    },
};

/// The Node service.
#[derive(Clone)]
pub struct NodeService {
    driver: Arc<Driver>,
}

impl NodeService {
    /// Serves the volumes of `driver`.
    pub const fn new(driver: Arc<Driver>) -> Self {
        Self { driver }
    }
}

#[tonic::async_trait]
impl Node for NodeService {
    async fn node_publish_volume(
        &self,
        request: Request<NodePublishVolumeRequest>,
    ) -> Result<Response<NodePublishVolumeResponse>, Status> {
        let request = request.into_inner();
        let published = match parse::publish(&request) {
            Ok(publish) => self.driver.publish(publish).await,
            Err(error) => self
                .driver
                .refuse(&request.volume_id, Path::new(&request.target_path), error),
        };
        published
            .map(|()| Response::new(NodePublishVolumeResponse {}))
            .map_err(|error| {
                tracing::warn!(volume = request.volume_id, %error, "not published");
                status::of_publish(&error)
            })
    }

    async fn node_unpublish_volume(
        &self,
        request: Request<NodeUnpublishVolumeRequest>,
    ) -> Result<Response<NodeUnpublishVolumeResponse>, Status> {
        let request = request.into_inner();
        let unpublish = parse::unpublish(&request).map_err(|error| status::of_request(&error))?;
        self.driver.unpublish(unpublish).await.map_err(|error| {
            tracing::warn!(volume = request.volume_id, %error, "not taken away");
            Status::internal(error.to_string())
        })?;
        Ok(Response::new(NodeUnpublishVolumeResponse {}))
    }

    async fn node_get_capabilities(
        &self,
        _: Request<NodeGetCapabilitiesRequest>,
    ) -> Result<Response<NodeGetCapabilitiesResponse>, Status> {
        // The pod's fsGroup then comes with the publish, for read-only volumes too.
        let rpc = Rpc {
            r#type: rpc::Type::VolumeMountGroup.into(),
        };
        let capabilities = vec![NodeServiceCapability {
            r#type: Some(Type::Rpc(rpc)),
        }];
        Ok(Response::new(NodeGetCapabilitiesResponse { capabilities }))
    }

    async fn node_get_info(
        &self,
        _: Request<NodeGetInfoRequest>,
    ) -> Result<Response<NodeGetInfoResponse>, Status> {
        let node_id = self.driver.settings().node.clone();
        Ok(Response::new(NodeGetInfoResponse {
            node_id,
            ..Default::default()
        }))
    }

    async fn node_stage_volume(
        &self,
        _: Request<NodeStageVolumeRequest>,
    ) -> Result<Response<NodeStageVolumeResponse>, Status> {
        Err(Status::unimplemented("inline volumes are not staged"))
    }

    async fn node_unstage_volume(
        &self,
        _: Request<NodeUnstageVolumeRequest>,
    ) -> Result<Response<NodeUnstageVolumeResponse>, Status> {
        Err(Status::unimplemented("inline volumes are not staged"))
    }

    async fn node_get_volume_stats(
        &self,
        _: Request<NodeGetVolumeStatsRequest>,
    ) -> Result<Response<NodeGetVolumeStatsResponse>, Status> {
        Err(Status::unimplemented("volumes of secrets have no statistics"))
    }

    async fn node_expand_volume(
        &self,
        _: Request<NodeExpandVolumeRequest>,
    ) -> Result<Response<NodeExpandVolumeResponse>, Status> {
        Err(Status::unimplemented("volumes of secrets do not grow"))
    }
}
