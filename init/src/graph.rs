//! Who can call whom in the running system: out of the handles that processes hold.

use abi::{HandleRecord, ObjectKind, Rights};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A process: its name and its handles.
pub type Holder = (String, Vec<HandleRecord>);

/// All pairs of a client, that holds a handle with which it can send, and the server that
/// receives, each once and in order. `lines` are endpoints whose receiver is known: a
/// server's stays its own while it is being restarted. What a process sends to itself is
/// no way out of it and not among them.
pub fn links(holders: &[Holder], lines: &[(u64, String)]) -> Vec<(String, String)> {
    let mut receivers: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (object, name) in lines {
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
    fn who_can_send_is_linked_to_who_receives() {
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
    fn the_line_of_a_server_that_is_away_is_still_its_own() {
        let holders = [holder("shell", &[(9, Rights::SEND)])];
        assert_eq!(text(&links(&holders, &[(9, "disk".into())])), ["shell -> disk"]);
        assert!(links(&holders, &[]).is_empty(), "nobody receives");
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
