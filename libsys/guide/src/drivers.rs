//! Drivers: servers that a device talks to.
//!
//! A driver is an ordinary server whose section of the manifest has `device`. It is a process of
//! its own and sees of the machine what that key names: some registers, some interrupt vectors,
//! some memory for DMA. A driver that dies is started again like any other server; what its
//! device was doing is stopped first.
//!
//! The example drives `edu`, QEMU's teaching device: it calculates factorials and copies by DMA,
//! and interrupts at the end of each. All of it is in `servers/edu`, which the tests build, run on
//! the host and boot.
//!
//! ```sh
//! cargo xtask run --device edu -c "lspci; devices; call edu factorial 5"
//! ```
//!
//! # The manifest
//!
//! ```
//! let text = r#"
//! [server.names]
//! priority = 50
//! pages = 256
//! service = true
//!
//! [server.pci]
//! priority = 48
//! pages = 256
//! service = true
//! bus = true
//!
//! [server.edu]
//! priority = 44
//! pages = 256
//! service = true
//! device = { id = "1234:11e8", bars = [0], vectors = 1, dma_pages = 1, dma = "trusted" }
//! "#;
//! let system = manifest::check(text, "init/system.toml", &["names", "pci", "edu"], 1024).unwrap();
//! assert_eq!(system.server("edu").unwrap().device.as_ref().unwrap().vectors, 1);
//! ```
//!
//! `dma = "trusted"` is a decision: without an IOMMU a device reaches all memory, and a driver that
//! gives it a wrong address is not stopped. A driver without `dma_pages` cannot do that.
//!
//! # The start
//!
#![doc = "```ignore"]
#![doc = include_str!("../../../servers/edu/src/main.rs")]
#![doc = "```"]
//!
//! The order matters. `open` waits until the device is reset and its last driver's DMA is over.
//! The device may do DMA only when everything is set up.
//!
//! # The driver
//!
//! It works on any [`RegisterFile`](sys::RegisterFile): the device's registers, or a fake's.
//!
#![doc = "```ignore"]
#![doc = include_str!("../../../servers/edu/src/lib.rs")]
#![doc = "```"]
//!
//! # Its test, on the host
//!
//! A fake device has the same registers, and reads and writes memory on a fake
//! [`Bus`](testkit::device::Bus), as the device does by DMA.
//!
#![doc = "```ignore"]
#![doc = include_str!("../../../servers/edu/src/tests.rs")]
#![doc = "```"]
//!
//! # Rules
//!
//! - What a device says is an allegation: lengths, indices and identifiers are checked before use.
//! - A device that does not answer is not waited for: a time-out ends the driver, the next life
//!   resets the device, and clients call again where that does no harm (`#[idempotent]`).
//! - The start of a driver is the same after a death as at boot.
//! - An interrupt is a reason to look, never a fact. Read the cause from the device.
//! - Memory that the device writes is read by copies ([`Part`](dma::Part)): it may change meanwhile.
//!
//! # Legacy devices
//!
//! Devices that are not on the PCI bus have fixed lines and ports, which the manifest gives by
//! number. `servers/console` drives a UART in this way.
//!
//! ```
//! let text = r#"
//! [server.names]
//! priority = 50
//! pages = 256
//! service = true
//!
//! [server.keys]
//! priority = 45
//! pages = 256
//! service = true
//! irq = [{ name = "keys-irq", line = 1, notify = "keys-arrived" }]
//! ports = [{ name = "keys-data", first = 0x60, count = 1 }]
//! "#;
//! let system = manifest::check(text, "init/system.toml", &["names", "keys"], 1024).unwrap();
//! assert_eq!(system.server("keys").unwrap().irqs[0].line, 1);
//! ```
//!
//! A line stays masked until [`ack`](sys::Irq::ack). Acknowledge first, then empty the device: an
//! edge that comes in between is not lost then.
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `given up: no device 1234:11e8` | the machine has none; `lspci` lists what it has |
//! | two blocks claim one device, before the boot | each device has one driver |
//! | no interrupt at all | `vector` was not called, or the device's own interrupt enable is off |
//! | one interrupt of a line, then none | `ack` was forgotten, or the device was not emptied |
//! | DMA does nothing | `bus_master(true)` was not called |
//!
//! Next: [signals](super::signals).
