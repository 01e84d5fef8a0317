//! A friendly program, and the shortest one with output: `hello [NAME]`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use console_api::stdio::Stdio;

rt::entry!(main);

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    let name = env.args().next().unwrap_or("world");
    defmt::info!("greeting {=str}", name);
    Stdio::open(&env).print(alloc::format!("Hello, {name}!\n"))?;
    Ok(())
}
