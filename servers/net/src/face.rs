//! An interface with its sockets.

use crate::clock::now;
use crate::phy::Phy;
use crate::sockets::limit_silence;
use alloc::vec::Vec;
use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::Device as _;
use smoltcp::socket::{Socket, dhcpv4, dns};
use smoltcp::wire::{
    EthernetAddress, HardwareAddress, IpAddress, IpCidr, Ipv4Address, Ipv4Cidr, Ipv6Address,
};

/// Queries of names at a time.
const QUERIES: usize = 8;

/// An interface with its sockets.
pub(crate) struct Face {
    pub(crate) name: &'static str,
    pub(crate) phy: Phy,
    pub(crate) iface: Interface,
    pub(crate) sockets: SocketSet<'static>,
    dhcp: Option<SocketHandle>,
    /// The socket that asks servers of names.
    pub(crate) dns: Option<SocketHandle>,
    /// The servers of names.
    pub(crate) name_servers: Vec<IpAddress>,
}

/// What a poll changed beside sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) sockets: bool,
    pub(crate) addresses: bool,
}

impl Face {
    /// This system itself.
    pub(crate) fn looped(seed: u64) -> Self {
        let mut phy = Phy::Loop(crate::phy::Looped::default());
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let iface = Interface::new(config, &mut phy, now());
        let mut face = Self::new("lo", phy, iface);
        face.set_addresses(&[]);
        face
    }

    /// A card: it asks for its addresses.
    pub(crate) fn card(card: crate::phy::Card, seed: u64) -> Self {
        let mac = EthernetAddress(card.link.mac);
        let mut phy = Phy::Card(card);
        let mut config = Config::new(HardwareAddress::Ethernet(mac));
        config.random_seed = seed;
        config.slaac = true;
        let mut iface = Interface::new(config, &mut phy, now());
        iface.update_ip_addrs(|addresses| {
            // It is the first one.
            let _ = addresses.push(IpCidr::new(link_local(mac).into(), 64));
        });
        let mut face = Self::new("eth0", phy, iface);
        face.dhcp = Some(face.sockets.add(dhcpv4::Socket::new()));
        let queries: Vec<_> = (0..QUERIES).map(|_| None).collect();
        face.dns = Some(face.sockets.add(dns::Socket::new(&[], queries)));
        face
    }

    fn new(name: &'static str, phy: Phy, iface: Interface) -> Self {
        let sockets = SocketSet::new(Vec::new());
        Self { name, phy, iface, sockets, dhcp: None, dns: None, name_servers: Vec::new() }
    }

    /// The loopback addresses and those of the other interfaces.
    pub(crate) fn set_addresses(&mut self, others: &[IpAddress]) {
        self.iface.update_ip_addrs(|addresses| {
            addresses.clear();
            let own = [
                IpCidr::new(Ipv4Address::LOCALHOST.into(), 8),
                IpCidr::new(Ipv6Address::LOCALHOST.into(), 128),
            ];
            let others = others.iter().map(|address| {
                let bits = if matches!(address, IpAddress::Ipv4(_)) { 32 } else { 128 };
                IpCidr::new(*address, bits)
            });
            for address in own.into_iter().chain(others) {
                // Those for which there is no room are reached by the card or not at all.
                let _ = addresses.push(address);
            }
        });
    }

    /// Its addresses that have a value.
    pub(crate) fn addresses(&self) -> Vec<IpAddress> {
        let all = self.iface.ip_addrs().iter().map(IpCidr::address);
        all.filter(|address| !address.is_unspecified()).collect()
    }

    /// Bytes of the largest IP packet.
    pub(crate) fn phy_mtu(&self) -> usize {
        self.phy.capabilities().ip_mtu()
    }

    /// Lets smoltcp work.
    pub(crate) fn poll(&mut self) -> Changed {
        let before = self.addresses();
        let polled = self.iface.poll(now(), &mut self.phy, &mut self.sockets);
        self.follow_dhcp();
        for (_, socket) in self.sockets.iter_mut() {
            if let Socket::Tcp(tcp) = socket {
                limit_silence(tcp);
            }
        }
        let sockets = polled == PollResult::SocketStateChanged;
        Changed { sockets, addresses: before != self.addresses() }
    }

    /// The nanoseconds until the next poll: none if only news is a reason for one.
    pub(crate) fn pause(&mut self) -> Option<u64> {
        if self.phy.has_received() && self.phy.can_send() {
            return Some(0);
        }
        let pause = crate::clock::until(self.iface.poll_at(now(), &self.sockets)?);
        // What is due now and found no room waits for the card's news.
        (pause > 0 || self.phy.can_send()).then_some(pause)
    }

    fn follow_dhcp(&mut self) {
        let Some(handle) = self.dhcp else { return };
        match self.sockets.get_mut::<dhcpv4::Socket<'_>>(handle).poll() {
            None => {}
            Some(dhcpv4::Event::Deconfigured) => {
                self.set_ipv4(None);
                self.iface.routes_mut().remove_default_ipv4_route();
                self.set_name_servers(Vec::new());
            }
            Some(dhcpv4::Event::Configured(config)) => {
                let (address, router) = (config.address, config.router);
                let servers = config.dns_servers.iter().map(|it| IpAddress::Ipv4(*it)).collect();
                self.set_ipv4(Some(address));
                self.iface.routes_mut().remove_default_ipv4_route();
                if let Some(router) = router {
                    // There is room: it was removed just now.
                    let _ = self.iface.routes_mut().add_default_ipv4_route(router);
                }
                self.set_name_servers(servers);
            }
        }
    }

    fn set_ipv4(&mut self, address: Option<Ipv4Cidr>) {
        self.iface.update_ip_addrs(|addresses| {
            addresses.retain(|it| !matches!(it, IpCidr::Ipv4(_)));
            if let Some(address) = address {
                // Addresses of IPv6 leave room for it.
                let _ = addresses.insert(0, IpCidr::Ipv4(address));
            }
        });
    }

    fn set_name_servers(&mut self, servers: Vec<IpAddress>) {
        if let Some(dns) = self.dns {
            let few = servers.get(..servers.len().min(4)).unwrap_or(&[]);
            self.sockets.get_mut::<dns::Socket<'_>>(dns).update_servers(few);
        }
        self.name_servers = servers;
    }
}

/// The address of a card that it gives itself. Source: RFC 4291, appendix A.
fn link_local(EthernetAddress([a, b, c, d, e, f]): EthernetAddress) -> Ipv6Address {
    Ipv6Address::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}
