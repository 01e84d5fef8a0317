//! A method whose name is that of one that every client has.
//! Refused with: clients have a `endpoint` of their own: choose another name

#[service::interface(version = 1)]
pub trait Router {
    /// Where it leads.
    fn endpoint(&mut self) -> Result<u32, u32>;
}

fn main() {}
