//! Asks the echo server once: `run echo-client`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

rt::entry!(start);

fn start(env: rt::Env) -> Result<(), rt::Failure> {
    let echo = echo_api::EchoClient::connect(env.names())?;
    defmt::info!("echo said: {=str}", echo.echo("Hello")?.as_str());
    Ok(())
}
