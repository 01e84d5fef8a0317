//! A client of a session made without opening one.
//! Refused with: E0599

#[service::interface(version = 1, session)]
pub trait File {
    /// Its length.
    fn len(&mut self) -> Result<u64, u32>;
}

fn main() {
    let endpoint = sys::Endpoint::create().unwrap();
    let _file = FileClient::from_endpoint(endpoint);
}
