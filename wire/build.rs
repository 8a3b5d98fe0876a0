//! Compiles the Watch protocol, with protox in place of protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(["strongroom/v1/watch.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // These carry tokens and values; `watch.rs` gives them a Debug that shows neither.
        .skip_debug([
            ".strongroom.v1.Subscribe",
            ".strongroom.v1.Renew",
            ".strongroom.v1.Content",
        ])
        .compile_fds(descriptors)?;
    Ok(())
}
