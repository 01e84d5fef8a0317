//! An argument of a type that only has the name of a standard one.
//! Refused with: this is not the standard type of its name

#[service::data]
pub struct String {
    /// What it counts.
    pub count: u32,
}

#[service::interface(version = 1)]
pub trait Knots {
    /// Their number.
    fn knots(&mut self, string: String) -> Result<u32, u32>;
}

fn main() {}
