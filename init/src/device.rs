//! Why a driver is given up that has no device.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::NO_DEVICE;
use manifest::{Server, System};

/// Returns the reason, for a driver that ended with `EXIT_NO_DEVICE` or `EXIT_DEVICE_OWNED`: the
/// device, and the drivers that may have it.
pub fn no_device(system: &System, driver: &Server, status: u64) -> String {
    let device = driver.device.as_ref().map_or_else(String::new, ToString::to_string);
    if status != abi::EXIT_DEVICE_OWNED {
        return format!("{NO_DEVICE} {device}");
    }
    let owners = system.possible_owners(&driver.name);
    let owners: Vec<String> = owners.iter().map(|owner| format!("`{owner}`")).collect();
    format!("device {device} is driven by {}", owners.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::no_device;
    use alloc::vec;
    use manifest::{DeviceGrant, DeviceId, Server, System};

    #[test]
    fn the_device_and_its_owner_are_named() {
        let id = DeviceId { vendor: 0x1af4, device: 0x1042 };
        let device = Some(DeviceGrant { ids: vec![id], ..DeviceGrant::default() });
        let server =
            |name: &str| Server { name: name.into(), device: device.clone(), ..Server::default() };
        let system = System { servers: vec![server("a"), server("b")], programs: vec![] };
        let why = |status| no_device(&system, &system.servers[1], status);
        assert_eq!(why(abi::EXIT_NO_DEVICE), "no device 1af4:1042");
        assert_eq!(why(abi::EXIT_DEVICE_OWNED), "device 1af4:1042 is driven by `a`");
    }
}
