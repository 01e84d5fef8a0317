//! What the template server offers.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::string::String;

/// Why the server says no.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// The name is empty.
    NoName,
}

impl core::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoName => f.write_str("give a name"),
        }
    }
}

/// Greets, and adds numbers.
#[service::interface(version = 1)]
pub trait Template {
    /// A greeting for someone.
    #[idempotent]
    fn greet(&mut self, name: String) -> Result<String, TemplateError>;

    /// The sum of two numbers.
    #[idempotent]
    fn add(&mut self, a: u64, b: u64) -> Result<u64, TemplateError>;
}
