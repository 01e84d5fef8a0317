//! The other end: a second smoltcp with servers of addresses, names, echoes and bytes.

use super::wire::{PEER_MAC, Wire};
use super::{OWN, PEER};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::{tcp, udp};
use smoltcp::time::Instant;
use smoltcp::wire::{
    DhcpMessageType, DhcpPacket, DhcpRepr, EthernetAddress, IpCidr, IpEndpoint, Ipv4Address,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Ports: what comes goes back; a number of bytes, as the first four bytes say.
pub const ECHO: u16 = 7;
pub const DOWNLOAD: u16 = 80;
/// Connections at a time.
const CONNECTIONS: usize = 4;

/// The byte at this place of what is downloaded.
pub fn byte(place: usize) -> u8 {
    u8::try_from(place * 31 % 251).unwrap()
}

/// The peer. Copies are the same one.
#[derive(Clone)]
pub struct Peer(Arc<Mutex<Inner>>);

struct Inner {
    phy: End,
    iface: Interface,
    sockets: SocketSet<'static>,
    echoes: Vec<SocketHandle>,
    downloads: Vec<SocketHandle>,
    /// Bytes that each download has had, and has to have.
    sent: BTreeMap<SocketHandle, (usize, usize)>,
    clients: Vec<SocketHandle>,
    dhcp: SocketHandle,
    names: SocketHandle,
    datagrams: SocketHandle,
}

fn now() -> Instant {
    Instant::from_micros(i64::try_from(sys::clock() / 1000).unwrap())
}

impl Peer {
    pub fn new(wire: &Wire) -> Self {
        let mut phy = End(wire.clone());
        let mut config = Config::new(EthernetAddress(PEER_MAC).into());
        config.random_seed = 99;
        let mut iface = Interface::new(config, &mut phy, Instant::ZERO);
        iface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(Ipv4Address::from(PEER).into(), 24)).unwrap();
        });
        let mut sockets = SocketSet::new(Vec::new());
        let mut listen = |port: u16| {
            let buffer = || tcp::SocketBuffer::new(vec![0; 60_000]);
            let mut socket = tcp::Socket::new(buffer(), buffer());
            socket.listen(port).unwrap();
            sockets.add(socket)
        };
        let echoes = (0..CONNECTIONS).map(|_| listen(ECHO)).collect();
        let downloads = (0..CONNECTIONS).map(|_| listen(DOWNLOAD)).collect();
        let mut bind = |port: u16| {
            let meta = || vec![udp::PacketMetadata::EMPTY; 8];
            let buffer = || udp::PacketBuffer::new(meta(), vec![0; 8192]);
            let mut socket = udp::Socket::new(buffer(), buffer());
            socket.bind(port).unwrap();
            sockets.add(socket)
        };
        let (dhcp, names, datagrams) = (bind(67), bind(53), bind(ECHO));
        let (sent, clients) = (BTreeMap::new(), Vec::new());
        Self(Arc::new(Mutex::new(Inner {
            phy,
            iface,
            sockets,
            echoes,
            downloads,
            sent,
            clients,
            dhcp,
            names,
            datagrams,
        })))
    }

    pub fn poll(&self) {
        let inner = &mut *self.0.lock().unwrap();
        inner.iface.poll(now(), &mut inner.phy, &mut inner.sockets);
        inner.work();
        inner.iface.poll(now(), &mut inner.phy, &mut inner.sockets);
    }

    /// Connects to `net`.
    pub fn connect(&self, port: u16) -> usize {
        let inner = &mut *self.0.lock().unwrap();
        let buffer = || tcp::SocketBuffer::new(vec![0; 16_384]);
        let mut socket = tcp::Socket::new(buffer(), buffer());
        let own = 40_000 + u16::try_from(inner.clients.len()).unwrap();
        let to = (Ipv4Address::from(OWN), port);
        socket.connect(inner.iface.context(), to, own).unwrap();
        inner.clients.push(inner.sockets.add(socket));
        inner.clients.len() - 1
    }

    /// Does something with a connection to `net`.
    pub fn client<T>(&self, number: usize, work: impl FnOnce(&mut tcp::Socket<'static>) -> T) -> T {
        let inner = &mut *self.0.lock().unwrap();
        let handle = inner.clients[number];
        work(inner.sockets.get_mut(handle))
    }
}

impl Inner {
    fn work(&mut self) {
        for handle in self.echoes.clone() {
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
            if socket.can_recv() && socket.can_send() {
                let room = socket.send_capacity() - socket.send_queue();
                let bytes = socket.recv(|bytes| {
                    let count = bytes.len().min(room);
                    (count, bytes[..count].to_vec())
                });
                assert_eq!(socket.send_slice(&bytes.clone().unwrap()), Ok(bytes.unwrap().len()));
            }
            again(socket, ECHO);
        }
        for handle in self.downloads.clone() {
            self.download(handle);
        }
        self.serve_dhcp();
        self.serve_names();
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.datagrams);
        while let Ok((bytes, from)) = socket.recv() {
            let (bytes, to) = (bytes.to_vec(), from.endpoint);
            let _ = socket.send_slice(&bytes, to);
        }
    }

    fn download(&mut self, handle: SocketHandle) {
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
        if !self.sent.contains_key(&handle) && socket.recv_queue() >= 4 {
            let mut wanted = [0; 4];
            socket.recv_slice(&mut wanted).unwrap();
            self.sent.insert(handle, (0, u32::from_le_bytes(wanted) as usize));
        }
        if let Some((sent, all)) = self.sent.get_mut(&handle) {
            while socket.can_send() && *sent < *all {
                *sent += socket
                    .send(|room| {
                        let count = room.len().min(*all - *sent);
                        for (place, to) in room[..count].iter_mut().enumerate() {
                            *to = byte(*sent + place);
                        }
                        (count, count)
                    })
                    .unwrap();
            }
            if *sent == *all {
                socket.close();
            }
        }
        if again(socket, DOWNLOAD) {
            self.sent.remove(&handle);
        }
    }

    fn serve_dhcp(&mut self) {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.dhcp);
        while let Ok((bytes, _)) = socket.recv() {
            let Ok(packet) = DhcpPacket::new_checked(bytes) else { continue };
            let Ok(request) = DhcpRepr::parse(&packet) else { continue };
            let message_type = match request.message_type {
                DhcpMessageType::Discover => DhcpMessageType::Offer,
                DhcpMessageType::Request => DhcpMessageType::Ack,
                _ => continue,
            };
            let gateway = Ipv4Address::from(PEER);
            let reply = DhcpRepr {
                message_type,
                your_ip: OWN.into(),
                server_ip: gateway,
                router: Some(gateway),
                subnet_mask: Some(Ipv4Address::new(255, 255, 255, 0)),
                server_identifier: Some(gateway),
                dns_servers: Some([gateway].into_iter().collect()),
                lease_duration: Some(86_400),
                client_ip: Ipv4Address::UNSPECIFIED,
                client_identifier: None,
                requested_ip: None,
                parameter_request_list: None,
                max_size: None,
                broadcast: true,
                ..request
            };
            let to = IpEndpoint::new(Ipv4Address::BROADCAST.into(), 68);
            let mut bytes = vec![0; reply.buffer_len()];
            reply.emit(&mut DhcpPacket::new_unchecked(&mut bytes[..])).unwrap();
            socket.send_slice(&bytes, to).unwrap();
        }
    }

    /// Each name that begins with a `p` is the peer; others are none.
    fn serve_names(&mut self) {
        let socket = self.sockets.get_mut::<udp::Socket<'_>>(self.names);
        while let Ok((query, from)) = socket.recv() {
            let (mut answer, to) = (query.to_vec(), from.endpoint);
            let is_a = query.len() > 16 && query[query.len() - 3] == 1;
            let found = is_a && query[13] == b'p';
            answer[2] = 0x81;
            answer[3] = if query[13] == b'p' { 0x80 } else { 0x83 };
            if found {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(PEER);
            }
            socket.send_slice(&answer, to).unwrap();
        }
    }
}

/// Has a socket listen again whose connection has ended: whether it had.
fn again(socket: &mut tcp::Socket<'_>, port: u16) -> bool {
    if socket.state() == tcp::State::CloseWait && socket.send_queue() == 0 {
        socket.close();
    }
    let ended = matches!(socket.state(), tcp::State::TimeWait | tcp::State::Closed);
    if ended {
        socket.abort();
        socket.listen(port).unwrap();
    }
    ended
}

/// The peer's end of the wire.
struct End(Wire);

struct Received(Vec<u8>);
struct Sending(Wire);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Sending {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let mut frame = vec![0; length];
        let result = f(&mut frame);
        self.0.send_to_net(frame);
        result
    }
}

impl Device for End {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending;
    fn receive(&mut self, _: Instant) -> Option<(Received, Sending)> {
        let frame = self.0.ends().to_peer.pop_front()?;
        Some((Received(frame), Sending(self.0.clone())))
    }
    fn transmit(&mut self, _: Instant) -> Option<Sending> {
        // A wire has room for some frames.
        (self.0.ends().to_net.len() < 256).then(|| Sending(self.0.clone()))
    }
    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}
