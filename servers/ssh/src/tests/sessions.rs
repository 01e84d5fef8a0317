//! Sessions of a client that others have written.

use super::{connect, with_visitor};
use crate::protocol::client::Both;
use net_api::NetClient;

/// Logs in, and has a command carried out: what came, and its status.
pub(super) fn session(net: &NetClient) -> (String, Option<u32>) {
    let mut stream = connect(net);
    let mut client = Both::client_alone(2, "uptime");
    let mut piece = [0; 4096];
    while !client.is_closed() {
        client.client_run().unwrap();
        let output = client.client_output();
        stream.write_all(&output).unwrap();
        if client.is_closed() {
            break;
        }
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the connection ended early");
        client.client_input(&piece[..count]);
    }
    (String::from_utf8(client.came.clone()).unwrap(), client.status)
}

#[test]
fn a_session_without_a_shell_says_why_and_ends() {
    let (text, status) = with_visitor(&Both::encoded(2), session);
    assert!(text.starts_with("ssh: ") && text.ends_with("\r\n"), "{text:?}");
    assert_eq!(status, Some(crate::shell::NOT_STARTED));
}
