//! The template server: copy it with `cargo xtask new-server NAME`.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::{format, string::String};
use executor::Executor;
use service::Caller;
use template_api::{Template, TemplateError};

rt::entry!(main);

struct Server;

impl Template for Server {
    fn greet(&mut self, _: &Caller, name: String) -> Result<String, TemplateError> {
        if name.is_empty() {
            return Err(TemplateError::NoName);
        }
        Ok(format!("Hello, {name}!"))
    }

    fn add(&mut self, _: &Caller, a: u64, b: u64) -> Result<u64, TemplateError> {
        Ok(a.wrapping_add(b))
    }
}

fn main(env: rt::Env) -> Result<(), rt::Failure> {
    defmt::info!("ready");
    Executor::new()?.serve::<dyn Template>(env.handle("endpoint")?, &mut Server)?;
    Ok(())
}
