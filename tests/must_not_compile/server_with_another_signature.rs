//! A server whose method is not the interface's.
//! Refused with: E0053

use service::Caller;

#[service::interface(version = 1)]
pub trait Adder {
    /// The sum.
    fn add(&mut self, a: u32, b: u32) -> Result<u32, u32>;
}

struct Server;

impl Adder for Server {
    fn add(&mut self, _: &Caller, a: u32, b: u64) -> Result<u32, u32> {
        Ok(a)
    }
}

fn main() {}
