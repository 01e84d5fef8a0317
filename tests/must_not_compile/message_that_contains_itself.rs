//! A message without an end.
//! Refused with: a message has an end, so `Node` cannot contain `Node`

#[service::data]
pub struct Node {
    /// The next ones.
    pub children: Vec<Node>,
}

fn main() {}
