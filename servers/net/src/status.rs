//! What the server tells of itself.

use crate::face::Face;
use crate::grants::Grants;
use crate::phy::Phy;
use crate::server::peer;
use crate::sockets::Place;
use crate::stack::Stack;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use net_api::{Address, Counter, Interface, Peer, Route, SocketInfo, Status};
use smoltcp::wire::{IpAddress, IpCidr};

fn address(address: IpAddress) -> Address {
    core::net::IpAddr::from(address).into()
}

fn with_bits(cidr: &IpCidr) -> (Address, u8) {
    (address(cidr.address()), cidr.prefix_len())
}

/// Interfaces, routes, counters.
pub(crate) fn of(stack: &mut Stack) -> Status {
    let mut status = Status::default();
    for face in &mut stack.faces {
        status.interfaces.push(interface(face));
        face.iface.routes_mut().update(|routes| {
            status.routes.extend(
                routes.iter().map(|route| Route {
                    to: with_bits(&route.cidr),
                    via: address(route.via_router),
                }),
            );
        });
        status.name_servers.extend(face.name_servers.iter().map(|it| address(*it)));
        if let Phy::Card(card) = &face.phy {
            let frames = card.client.frames().counts();
            let of_driver =
                [("lost with the driver", frames.lost), ("failed in the device", frames.failed)];
            let all = card.drops.iter().chain(of_driver);
            count(&mut status.counters, all);
        }
    }
    let given_up = stack.table.listeners.values().map(|it| it.given_up).sum();
    count(&mut status.counters, [("half-open connections given up", given_up)]);
    status
}

fn count<'a>(counters: &mut Vec<Counter>, all: impl IntoIterator<Item = (&'a str, u64)>) {
    let all = all.into_iter().filter(|(_, count)| *count > 0);
    counters.extend(all.map(|(name, count)| Counter { name: name.to_string(), count }));
}

fn interface(face: &Face) -> Interface {
    let [received, transmitted] = face.phy.counts();
    let (mac, up, reattached) = match &face.phy {
        Phy::Loop(_) => (None, true, 0),
        Phy::Card(card) => {
            let frames = card.client.frames();
            (Some(card.link.mac), frames.is_attached(), frames.counts().reattached)
        }
    };
    Interface {
        name: face.name.to_string(),
        mac,
        up,
        mtu: u32::try_from(face.phy_mtu()).unwrap_or(u32::MAX),
        addresses: face.iface.ip_addrs().iter().map(with_bits).collect(),
        received,
        transmitted,
        reattached,
    }
}

/// All sockets of clients.
pub(crate) fn sockets(stack: &Stack, grants: &Grants) -> Vec<SocketInfo> {
    let local = |port| Some(Peer { address: Address::V4([0; 4]), port });
    let port = |protocol: &str, state: &str, port, owner| SocketInfo {
        protocol: protocol.to_string(),
        state: state.to_string(),
        local: local(port),
        remote: None,
        queued: (0, 0),
        owner: grants.name(owner).to_string(),
    };
    let listeners =
        stack.table.listeners.values().map(|it| port("tcp", "LISTEN", it.port, it.owner));
    let datagrams = stack.table.datagrams.values().map(|it| port("udp", "", it.port, it.owner));
    let streams = stack.table.streams.values().map(|it| {
        let info = it.place.and_then(|place| stream(place, stack));
        let gone = || (String::from("GONE"), None, None, (0, 0));
        let (state, local, remote, queued) = info.unwrap_or_else(gone);
        let owner = grants.name(it.owner).to_string();
        SocketInfo { protocol: "tcp".to_string(), state, local, remote, queued, owner }
    });
    listeners.chain(datagrams).chain(streams).collect()
}

type StreamInfo = (String, Option<Peer>, Option<Peer>, (u32, u32));

fn stream(place: Place, stack: &Stack) -> Option<StreamInfo> {
    let face = stack.faces.get(place.face)?;
    let socket = face.sockets.get::<smoltcp::socket::tcp::Socket<'_>>(place.handle);
    let bytes = |count| u32::try_from(count).unwrap_or(u32::MAX);
    let queued = (bytes(socket.recv_queue()), bytes(socket.send_queue()));
    let ends = (socket.local_endpoint().map(peer), socket.remote_endpoint().map(peer));
    Some((socket.state().to_string(), ends.0, ends.1, queued))
}
