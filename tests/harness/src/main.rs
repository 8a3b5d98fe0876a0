//! `harness`: a Kubernetes cluster on this machine for tests, its images and its tools.

mod args;
mod commands;

use std::process::ExitCode;

use args::{Args, Command};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Tools(tools) => commands::tools(&tools),
        Command::Up(up) => commands::up(up).await,
        Command::Down(down) => commands::down(&down),
        Command::Status(cluster) => return commands::status(&cluster).await,
        Command::Images(images) => commands::images(&images),
        Command::Demo => commands::demo().await,
        Command::DemoDown => commands::demo_down(),
        Command::Test(test) => commands::test(test).await,
        Command::Exec(exec) => return commands::exec(&exec),
        Command::Node(node) => commands::node(&node),
        Command::Init(init) => strongroom_harness::local::init::run(&init.root, &init.tools, &init.role),
        Command::OfferVolumes(volumes) => commands::offer_volumes(&volumes).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => commands::failed(&error),
    }
}
