//! Ends well at once.
#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

rt::entry!(main);

fn main(_: rt::Env) -> Result<(), rt::Failure> {
    Ok(())
}
