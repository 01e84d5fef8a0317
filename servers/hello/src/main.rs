//! A friendly program, and the shortest client of the console: `run hello [NAME]`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use console_api::ConsoleClient;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let console = ConsoleClient::connect(env.names())?;
    let name = env.args().next().unwrap_or("world");
    defmt::info!("greeting {=str}", name);
    console.write(alloc::format!("Hello, {name}!\n"))?;
    Ok(())
}
