//! What the echo server offers.
#![no_std]
#![forbid(unsafe_code)]

use service::{Never, String};

/// Says again what it hears.
#[service::interface(version = 1)]
pub trait Echo {
    /// The same text.
    #[idempotent]
    fn echo(&mut self, text: String) -> Result<String, Never>;
}
