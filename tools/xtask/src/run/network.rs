//! The network of a machine.

use super::{ssh, web};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use qemu_harness::{Card, Forward, Network};
use std::path::PathBuf;

/// What the guest reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reach {
    /// Its gateway, which gives it an address and answers pings.
    Gateway,
    /// This host's loopback address as 10.0.2.2, and what this host reaches.
    User,
    /// Nothing: there is no card.
    None,
}

/// The card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CardName {
    /// A virtio card.
    #[default]
    Virtio,
    /// Intel's 82574L.
    #[value(alias = "e1000")]
    E1000e,
}

/// The options for the network.
#[derive(Args, Clone)]
pub(super) struct NetworkArguments {
    /// What the guest reaches by its network card
    #[arg(long, value_name = "REACH", default_value = "gateway")]
    net: Reach,
    /// Lead a TCP port of 127.0.0.1 to a port of the guest (may be repeated)
    #[arg(long, value_name = "HOST:GUEST", value_parser = forward)]
    forward: Vec<Forward>,
    /// The network card
    #[arg(long, value_name = "CARD", default_value = "virtio")]
    card: CardName,
    /// Lead a free port (8080 if it is) to the web server, and say when its page is up
    #[arg(long)]
    web: bool,
    /// Lead a free port (2222 if it is) to the SSH server, and let this public key log in [default: ~/.ssh/id_ed25519.pub]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    ssh: Option<Option<PathBuf>>,
}

impl NetworkArguments {
    /// The words for the kernel that let a key log in.
    pub(super) fn words(&self) -> Result<String> {
        let Some(file) = &self.ssh else { return Ok(String::new()) };
        ssh::word(&ssh::key_file(file.as_deref())?)
    }

    /// The network, if there is one.
    pub(super) fn attach(&self) -> Result<Option<Network>> {
        let mut forwards = self.forward.clone();
        if self.net == Reach::None {
            let needed = !forwards.is_empty() || self.web || self.ssh.is_some();
            ensure!(!needed, "--forward, --web and --ssh need a network: leave `--net none` out");
            return Ok(None);
        }
        if self.web {
            let host = web::free_port(web::USUAL, &forwards)?;
            forwards.push(Forward { host, guest: web::GUEST_PORT });
            web::announce(host);
        }
        if let Some(file) = &self.ssh {
            let host = web::free_port(ssh::USUAL, &forwards)?;
            forwards.push(Forward { host, guest: ssh::GUEST_PORT });
            ssh::announce(host, &ssh::key_file(file.as_deref())?);
        }
        let card = match self.card {
            CardName::Virtio => Card::Virtio,
            CardName::E1000e => Card::E1000e,
        };
        Ok(Some(Network { open: self.net == Reach::User, forwards, card }))
    }
}

fn forward(text: &str) -> Result<Forward, String> {
    let ports = text.split_once(':').and_then(|(host, guest)| {
        Some(Forward { host: host.parse().ok()?, guest: guest.parse().ok()? })
    });
    let good = ports.filter(|ports| ports.host > 0 && ports.guest > 0);
    good.ok_or_else(|| "two port numbers with a colon, as 8080:80".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{CardName, NetworkArguments, Reach, forward};
    use qemu_harness::Forward;

    #[test]
    fn forwards_are_two_ports() {
        assert_eq!(forward("8080:80"), Ok(Forward { host: 8080, guest: 80 }));
        for wrong in ["", "80", "0:80", "80:0", "a:b", "70000:80", "1:2:3"] {
            assert!(forward(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_forward_needs_a_card() {
        let forward = vec![Forward { host: 8080, guest: 80 }];
        let network = |net, forward| {
            let card = CardName::Virtio;
            NetworkArguments { net, forward, web: false, ssh: None, card }.attach()
        };
        assert!(network(Reach::None, forward.clone()).is_err());
        assert_eq!(network(Reach::None, Vec::new()).unwrap(), None);
        let closed = network(Reach::Gateway, forward.clone()).unwrap().unwrap();
        assert_eq!((closed.open, closed.forwards), (false, forward));
        assert!(network(Reach::User, Vec::new()).unwrap().unwrap().open);
    }
}
