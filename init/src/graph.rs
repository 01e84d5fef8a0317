//! The links from clients to servers in the running system, from the handles that processes
//! hold.

use abi::{HandleRecord, ObjectKind, Rights};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A process: its name and its handles.
pub type Holder = (String, Vec<HandleRecord>);

/// Returns each pair of a client that holds a handle to send with and the server that
/// receives, once and in order. `endpoints` have a known receiver: a server keeps its endpoint
/// over a restart. A process that sends to itself is left out.
pub fn links(holders: &[Holder], endpoints: &[(u64, String)]) -> Vec<(String, String)> {
    let mut receivers: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (object, name) in endpoints {
        receivers.entry(*object).or_default().insert(name);
    }
    for (name, handles) in holders {
        for handle in handles.iter().filter(|handle| can(handle, Rights::RECEIVE)) {
            receivers.entry(handle.object).or_default().insert(name);
        }
    }
    let mut links = BTreeSet::new();
    for (client, handles) in holders {
        let sends = handles.iter().filter(|handle| can(handle, Rights::SEND));
        let servers = sends.filter_map(|handle| receivers.get(&handle.object)).flatten();
        links.extend(servers.filter(|server| *server != client).map(|server| (client, *server)));
    }
    links.into_iter().map(|(client, server)| (client.clone(), server.to_string())).collect()
}

/// Whether it is a handle to an endpoint with this right.
fn can(handle: &HandleRecord, right: Rights) -> bool {
    let rights = Rights::from_bits_retain(u16::try_from(handle.rights).unwrap_or(0));
    handle.kind == ObjectKind::Endpoint as u32 && rights.contains(right)
}

#[cfg(test)]
mod tests {
    use super::{Holder, links};
    use abi::{HandleRecord, ObjectKind, Rights};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn holder(name: &str, handles: &[(u64, Rights)]) -> Holder {
        let record = |(object, rights): &(u64, Rights)| HandleRecord {
            kind: ObjectKind::Endpoint as u32,
            rights: rights.bits().into(),
            object: *object,
            ..HandleRecord::default()
        };
        (name.into(), handles.iter().map(record).collect())
    }

    fn text(links: &[(String, String)]) -> Vec<String> {
        links.iter().map(|(client, server)| alloc::format!("{client} -> {server}")).collect()
    }

    #[test]
    fn a_sender_is_linked_to_the_receiver() {
        let (send, receive) = (Rights::SEND, Rights::RECEIVE);
        let holders = [
            holder("shell", &[(1, send), (2, send | Rights::TRANSFER), (1, send)]),
            holder("disk", &[(1, receive)]),
            holder("proc", &[(2, receive), (2, send | Rights::MINT)]),
        ];
        let found = links(&holders, &[]);
        assert_eq!(text(&found), ["shell -> disk", "shell -> proc"], "each once, none to itself");
    }

    #[test]
    fn a_smuggled_handle_is_seen() {
        let holders = [
            holder("disk", &[(1, Rights::RECEIVE)]),
            holder("shell", &[(1, Rights::SEND)]),
            holder("hello", &[(1, Rights::SEND)]),
        ];
        assert_eq!(text(&links(&holders, &[])), ["hello -> disk", "shell -> disk"]);
    }

    #[test]
    fn a_server_that_restarts_keeps_its_endpoint() {
        let holders = [holder("shell", &[(9, Rights::SEND)])];
        assert_eq!(text(&links(&holders, &[(9, "disk".into())])), ["shell -> disk"]);
        assert!(links(&holders, &[]).is_empty(), "no process receives");
    }

    #[test]
    fn handles_of_other_kinds_and_without_the_right_are_no_links() {
        let mut bell = holder("a", &[(1, Rights::SEND)]);
        bell.1[0].kind = ObjectKind::Notification as u32;
        let holders =
            [bell, holder("b", &[(1, Rights::WAIT)]), holder("c", &[(1, Rights::RECEIVE)])];
        assert!(links(&holders, &[]).is_empty());
    }
}
