//! Compiles the Container Storage Interface and the kubelet's plugin registration, with protox in place of protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(["csi/csi.proto", "pluginregistration/api.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // These carry tokens; `proto.rs` gives the one that is used a Debug that shows none.
        .skip_debug([".csi.v1.NodePublishVolumeRequest"])
        .compile_fds(descriptors)?;
    Ok(())
}
