//! What an image of any format does.

use anyhow::Result;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name in its directory.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Bytes of its content.
    pub len: u64,
}

/// The operations of [`Image`](crate::Image), by format; its documentation is theirs.
pub(crate) trait Operations {
    fn list(&mut self, path: &str) -> Result<Vec<Item>>;
    fn read(&mut self, path: &str) -> Result<Vec<u8>>;
    fn write(&mut self, path: &str, content: &[u8]) -> Result<()>;
    fn remove(&mut self, path: &str) -> Result<()>;
    fn make_directories(&mut self, path: &str) -> Result<()>;
    fn space(&mut self) -> Result<(u64, u64)>;
    fn check(&mut self) -> Result<u64>;
    fn close(self: Box<Self>) -> Result<()>;
}
