//! Devices on the bus.

use super::PROGRAMS;
use crate::{
    ALL_BARS, ClassPrefix, DeviceId, DeviceSlot, OnRestart, System, check, decode, encode,
};
use std::borrow::ToOwned;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

/// A bus and two drivers, for the end of the good system.
const DRIVERS: &str = r#"
[server.pci]
priority = 48
pages = 64
service = true
bus = true
clients = ["shell"]

[server.blk]
priority = 44
pages = 64
device = { id = ["1af4:1042", "1af4:1001"], slot = "00:04.0", bars = "all", vectors = 2, dma_pages = 32, dma = "trusted" }

[server.nvme]
priority = 44
pages = 64
device = { class = "0108", bars = [0, 5] }
"#;

fn text() -> String {
    format!("{}{DRIVERS}", super::GOOD)
}

fn check_text(text: &str) -> Result<System, Vec<String>> {
    let mut programs = PROGRAMS.to_vec();
    programs.extend(["pci", "blk", "nvme"]);
    let checked = check(text, "s.toml", &programs, 2000);
    checked.map_err(|found| found.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn one(old: &str, new: &str, expected: &str) {
    assert!(DRIVERS.contains(old), "{old}");
    let text = format!("{}{}", super::GOOD, DRIVERS.replacen(old, new, 1));
    assert_eq!(check_text(&text), Err(vec![expected.to_owned()]));
}

#[test]
fn grants_are_read_and_travel() {
    let system = check_text(&text()).unwrap();
    let blk = system.server("blk").unwrap();
    let grant = blk.device.clone().unwrap();
    let id = |device| DeviceId { vendor: 0x1af4, device };
    assert_eq!(grant.ids, [id(0x1042), id(0x1001)]);
    assert_eq!((grant.class, grant.slot), (None, Some(DeviceSlot(0x20))));
    assert_eq!((grant.bars, grant.vectors, grant.dma_pages), (ALL_BARS, 2, 32));
    assert!(grant.trusted);
    let nvme = system.server("nvme").unwrap().device.clone().unwrap();
    assert_eq!((nvme.class, nvme.bars), (ClassPrefix::parse("0108"), 0x21));
    assert!(!nvme.trusted && nvme.dma_pages == 0);
    let grants: Vec<_> = system.driver_grants().collect();
    assert_eq!(grants[1].number, system.client_number("nvme").unwrap());
    assert_eq!(grants[1].to_string().parse().as_ref(), Ok(&grants[1]));
    assert_eq!(decode(&encode(&system)), Some(system));
}

#[test]
fn a_driver_is_a_dependent_client_of_the_bus() {
    let system = check_text(&text()).unwrap();
    assert_eq!(system.bus().unwrap().clients, ["shell", "blk", "nvme"]);
    let blk = system.server("blk").unwrap();
    assert_eq!((&blk.depends[..], blk.on_restart), (&["pci".to_owned()][..], OnRestart::Restart));
    assert_eq!(system.handles_given(system.bus().unwrap()), 3);
}

#[test]
fn a_device_needs_a_bus() {
    let found = check_text(&text().replacen("bus = true\n", "", 1)).unwrap_err();
    let what = "it has `device` but no server gives devices out; add `bus = true` to one";
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|problem| problem.contains(what)), "{found:?}");
    let text = text().replacen("[server.nvme]\n", "[server.nvme]\nbus = true\n", 1);
    let found = check_text(&text).unwrap_err();
    assert!(found[0].contains("`bus`: server `pci` has it, and there is one bus"), "{found:?}");
    one(
        "[server.pci]\n",
        "[server.pci]\ndevice = { class = \"0108\" }\n",
        "s.toml:35: server `pci`: it has `bus` and `device`; a driver is another server",
    );
}

#[test]
fn a_driver_is_less_urgent_than_the_bus() {
    let text = text().replacen("priority = 48", "priority = 44", 1);
    let found = check_text(&text).unwrap_err();
    assert!(found[0].contains("`blk` (priority 44) calls `pci` (priority 44)"), "{found:?}");
}

#[test]
fn a_device_must_be_named() {
    one(
        "class = \"0108\", bars",
        "bars",
        "s.toml:49: server `nvme`, `device`: it names no device; add `id`, `class` or `slot`",
    );
    one(
        "class = \"0108\"",
        "class = \"108\"",
        "s.toml:49: server `nvme`, `device`: `class` is `108`, but must be like `0108`",
    );
    one(
        "\"1af4:1001\"",
        "\"virtio\"",
        "s.toml:44: server `blk`, `device`: `id` is `virtio`, but must be like `1af4:1042`",
    );
    one(
        "00:04.0",
        "0:4.0",
        "s.toml:44: server `blk`, `device`: `slot` is `0:4.0`, but must be like `00:04.0`",
    );
}

#[test]
fn a_slot_has_one_driver() {
    one(
        "class = \"0108\"",
        "slot = \"00:04.0\"",
        "s.toml:49: server `nvme`: slot 00:04.0: given to server `blk` already (line 44); take it \
         from one of them",
    );
}

#[test]
fn dma_must_be_said() {
    one(
        ", dma = \"trusted\"",
        "",
        "s.toml:44: server `blk`, `device`: it has `dma_pages` but not `dma`; there is no IOMMU, \
         so the device reaches all memory: say `dma = \"trusted\"` if you trust the driver",
    );
    one(
        "dma = \"trusted\"",
        "dma = \"yes\"",
        "s.toml:44: server `blk`, `device`: `dma` is `yes`, but can only be `trusted`",
    );
}

#[test]
fn bars_are_all_or_numbers() {
    for wrong in ["[0, 6]", "[0, \"all\"]"] {
        one(
            "[0, 5]",
            wrong,
            "s.toml:49: server `nvme`, `device`: `bars` must be \"all\" or numbers from 0 to 5",
        );
    }
    one("[0, 5]", "5", "s.toml:49: server `nvme`, `device`: `bars` must be a list, not integer");
}

#[test]
fn a_driver_starts_again_with_the_bus() {
    one(
        "[server.nvme]\n",
        "[server.nvme]\ndepends = [\"pci\"]\non_restart = \"tell\"\n",
        "s.toml:51: server `nvme`: `on_restart` is `tell`, but a driver starts again with the bus \
         server, which resets its device; remove it",
    );
}

#[test]
fn the_good_system_has_no_bus() {
    assert!(check(super::GOOD, "s.toml", &PROGRAMS, 1000).unwrap().bus().is_none());
}
