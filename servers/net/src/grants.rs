//! Which client may do what.
//!
//! The arguments of the server in the manifest are `CLIENT=connect:PROTOCOL:PORT`,
//! `CLIENT=listen:PROTOCOL:PORT`, `CLIENT=ping` and `CLIENT=capture`, such as `shell=connect:tcp:*` and
//! `web=listen:tcp:80`. PROTOCOL is `tcp` or `udp`; PORT is a number, or `*` for all. To use a UDP port
//! of which the system says the number takes no right; to send to one takes `connect`. What is not
//! granted is refused.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Connect(Protocol, Option<u16>),
    Listen(Protocol, Option<u16>),
    Ping,
    Capture,
}

/// All grants.
#[derive(Debug, Default)]
pub struct Grants {
    clients: Vec<(u32, String)>,
    grants: Vec<(u32, Right)>,
}

impl Grants {
    /// Reads the arguments and the startup block's lines `client NUMBER NAME`; a grant that is
    /// none, or of a client that may not connect, goes to `wrong`.
    pub fn parse<'a>(
        arguments: impl Iterator<Item = &'a str>,
        clients: impl Iterator<Item = &'a str>,
        mut wrong: impl FnMut(&'a str),
    ) -> Self {
        let number = |line: &str| {
            let (number, name) = line.split_once(' ')?;
            Some((number.parse().ok()?, name.to_string()))
        };
        let clients: Vec<(u32, String)> = clients.filter_map(number).collect();
        let mut grants = Vec::new();
        for argument in arguments {
            match grant(argument, &clients) {
                Some(grant) => grants.push(grant),
                None => wrong(argument),
            }
        }
        Self { clients, grants }
    }

    /// The name of the client with this badge.
    #[must_use]
    pub fn name(&self, badge: u64) -> &str {
        let client = self.clients.iter().find(|(number, _)| is_badge(*number, badge));
        client.map_or("-", |(_, name)| name)
    }

    /// Whether the client with this badge may connect to this port.
    #[must_use]
    pub fn may_connect(&self, badge: u64, protocol: Protocol, port: u16) -> bool {
        self.any(badge, |right| {
            matches!(right, Right::Connect(of, at)
                if of == protocol && at.is_none_or(|at| at == port))
        })
    }

    /// Whether it may listen on this port.
    #[must_use]
    pub fn may_listen(&self, badge: u64, protocol: Protocol, port: u16) -> bool {
        self.any(badge, |right| {
            matches!(right, Right::Listen(of, at)
                if of == protocol && at.is_none_or(|at| at == port))
        })
    }

    /// Whether it may ping.
    #[must_use]
    pub fn may_ping(&self, badge: u64) -> bool {
        self.any(badge, |right| right == Right::Ping)
    }

    /// Whether it may see the frames of all.
    #[must_use]
    pub fn may_capture(&self, badge: u64) -> bool {
        self.any(badge, |right| right == Right::Capture)
    }

    fn any(&self, badge: u64, fits: impl Fn(Right) -> bool) -> bool {
        self.grants.iter().any(|(client, right)| is_badge(*client, badge) && fits(*right))
    }
}

/// The upper half of a badge tells the lives of a program apart.
fn is_badge(client: u32, badge: u64) -> bool {
    u64::from(client) == badge & u64::from(u32::MAX)
}

fn grant(text: &str, clients: &[(u32, String)]) -> Option<(u32, Right)> {
    let (client, right) = text.split_once('=')?;
    let (number, _) = clients.iter().find(|(_, name)| *name == client)?;
    Some((*number, self::right(right)?))
}

fn right(text: &str) -> Option<Right> {
    if text == "ping" {
        return Some(Right::Ping);
    }
    if text == "capture" {
        return Some(Right::Capture);
    }
    let mut words = text.split(':');
    let (verb, protocol, port) = (words.next()?, words.next()?, words.next()?);
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let port = match port {
        "*" => None,
        port => Some(port.parse().ok().filter(|port| *port > 0)?),
    };
    let right = match verb {
        "connect" => Right::Connect(protocol, port),
        "listen" => Right::Listen(protocol, port),
        _ => return None,
    };
    words.next().is_none().then_some(right)
}

#[cfg(test)]
mod tests {
    use super::Protocol::{Tcp, Udp};
    use super::{Grants, right};

    #[test]
    fn what_is_not_granted_is_refused() {
        let arguments = ["web=listen:tcp:80", "shell=connect:tcp:*", "shell=ping", "gone=ping"];
        let clients = ["3 web", "4 shell", "x y", "5"];
        let mut wrong = Vec::new();
        let grants = Grants::parse(arguments.into_iter(), clients.into_iter(), |text| {
            wrong.push(text);
        });
        assert_eq!(wrong, ["gone=ping"]);
        assert!(grants.may_listen(3 | 7 << 32, Tcp, 80));
        assert!(!grants.may_listen(3, Tcp, 81) && !grants.may_listen(3, Udp, 80));
        assert!(!grants.may_listen(4, Tcp, 80) && !grants.may_connect(3, Tcp, 80));
        assert!(grants.may_connect(4, Tcp, 9) && !grants.may_connect(4, Udp, 9));
        assert!(grants.may_ping(4) && !grants.may_ping(3));
        assert_eq!((grants.name(4), grants.name(9)), ("shell", "-"));
    }

    #[test]
    fn rights_that_are_none_are_refused() {
        for wrong in [
            "",
            "tcp:80",
            "listen:tcp",
            "listen:tcp:0",
            "listen:tcp:65536",
            "listen:icmp:1",
            "connect:tcp:80:81",
            "bind:tcp:80",
            "ping:1",
        ] {
            assert_eq!(right(wrong), None, "{wrong}");
        }
    }

    /// The manifest's own grants are all good: a wrong one would be seen only in the log.
    #[test]
    fn the_manifest_s_grants_are_good() {
        let text = include_str!("../../../init/system.toml");
        let system: toml::Table = text.parse().unwrap();
        let net = &system["server"]["net"];
        let texts = |key: &str| {
            let values = net[key].as_array().unwrap().iter();
            values.map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let clients: Vec<_> =
            (1..).zip(texts("clients")).map(|(n, name): (u32, _)| format!("{n} {name}")).collect();
        let arguments = texts("args");
        let grants = Grants::parse(
            arguments.iter().map(String::as_str),
            clients.iter().map(String::as_str),
            |wrong| panic!("{wrong}"),
        );
        assert!(!grants.grants.is_empty());
    }
}
