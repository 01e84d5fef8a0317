//! The network of a machine: QEMU's own, in its process, without privileges.

/// A TCP port of this host, on its loopback address alone, that leads to a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The port here.
    pub host: u16,
    /// The port there.
    pub guest: u16,
}

/// The kinds of cards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Card {
    /// A virtio card.
    #[default]
    Virtio,
    /// Intel's 82574L.
    E1000e,
}

impl Card {
    /// QEMU's words for it.
    fn device(self) -> &'static str {
        match self {
            Self::Virtio => "virtio-net-pci,disable-legacy=on",
            Self::E1000e => "e1000e",
        }
    }
}

/// User networking behind a card: the guest gets 10.0.2.15 by DHCP, its gateway is 10.0.2.2
/// and its DNS server 10.0.2.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Whether the guest reaches this host (its loopback address is 10.0.2.2 to the guest) and what
    /// this host reaches. If not, the gateway answers pings and gives the address, and no more.
    pub open: bool,
    /// What leads into the guest.
    pub forwards: Vec<Forward>,
    /// What the guest's driver sees.
    pub card: Card,
}

impl Network {
    /// The words for it.
    pub(crate) fn arguments(&self) -> [String; 4] {
        let restrict = if self.open { "off" } else { "on" };
        let mut netdev = format!("user,id=net0,restrict={restrict}");
        for Forward { host, guest } in &self.forwards {
            netdev += &format!(",hostfwd=tcp:127.0.0.1:{host}-:{guest}");
        }
        // Without a boot ROM: firmware that looks for a network waits for it.
        let device = format!("{},netdev=net0,romfile=", self.card.device());
        ["-netdev".into(), netdev, "-device".into(), device]
    }
}

#[cfg(test)]
mod tests {
    use super::{Card, Forward, Network};

    #[test]
    fn a_network_is_closed_unless_asked_for() {
        assert!(Network::default().arguments()[1].contains("restrict=on"));
        let forwards = vec![Forward { host: 8080, guest: 80 }, Forward { host: 2222, guest: 22 }];
        let [_, netdev, _, device] =
            Network { open: true, forwards, card: Card::E1000e }.arguments();
        assert_eq!(
            netdev,
            "user,id=net0,restrict=off,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=tcp:127.0.0.1:2222-:22"
        );
        assert_eq!(device, "e1000e,netdev=net0,romfile=");
    }
}
