//! What the device says of itself.

use nic::Link;
use sys::{Failure, RegisterFile};
use virtio::{Features, PosternTransport};
use virtio_drivers::transport::Transport;

/// Features of network cards. Source: virtio 1.2, section 5.1.3.
const MTU: Features = Features::from_bits_retain(1 << 3);
const MAC: Features = Features::from_bits_retain(1 << 5);

/// What the driver can use.
pub(crate) const WANTED: Features = MTU.union(MAC);

/// Offsets in the configuration. Source: virtio 1.2, section 5.1.4.
const MAC_AT: usize = 0;
const MTU_AT: usize = 10;

/// The MTU of Ethernet, which all cards have, and the least that IPv4 hosts take.
const ETHERNET_MTU: u16 = 1500;
const LEAST_MTU: u16 = 576;

/// Reads what the card is. A device with an MTU that cannot be has the usual one.
pub(crate) fn read<R: RegisterFile>(
    transport: &PosternTransport<R>,
    agreed: Features,
    depth: u16,
) -> Result<Link, Failure> {
    if !agreed.contains(MAC) {
        return Err("the device has no hardware address".into());
    }
    let mut mac = [0; 6];
    for (place, byte) in mac.iter_mut().enumerate() {
        *byte = transport.read_config_space::<u8>(MAC_AT + place).map_err(Failure::new)?;
    }
    if mac[0] & 1 != 0 || mac == [0; 6] {
        return Err("the device's hardware address is not that of one card".into());
    }
    let mtu = if agreed.contains(MTU) {
        transport.read_config_space::<u16>(MTU_AT).map_err(Failure::new)?
    } else {
        ETHERNET_MTU
    };
    let mtu = if (LEAST_MTU..=ETHERNET_MTU).contains(&mtu) { mtu } else { ETHERNET_MTU };
    Ok(Link { mac, mtu, depth })
}
