//! A server that keeps what a client has lent it for one call.
//! Refused with: lifetime may not live long enough

use service::{Caller, Lent};

#[service::interface(version = 1)]
pub trait Disk {
    /// Writes bytes.
    fn write(&mut self, #[lend] bytes: &[u8]) -> Result<(), u32>;
}

struct Server<'a> {
    kept: Option<Lent<'a>>,
}

impl Disk for Server<'_> {
    fn write(&mut self, _: &Caller, bytes: Lent<'_>) -> Result<(), u32> {
        self.kept = Some(bytes);
        Ok(())
    }
}

fn main() {}
