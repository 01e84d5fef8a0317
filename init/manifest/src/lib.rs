//! The system manifest: which servers run, with which handles, quota, priority and peers.
//!
//! **Shape.** `init/system.toml` is read and checked on the host (`check`, feature
//! `host`), travels in the boot archive as the file `manifest` ([`encode`]), and is read
//! by `init` and `proc` ([`decode`]). What is in a checked [`System`] holds: every name
//! exists, every client is less urgent than the server it calls, no server depends on
//! itself round about, every device has one owner, the quotas fit into the machine, and all
//! budgets of time can be given: together at most 90% of a CPU, the smallest machine's, and
//! each within its own period whatever more urgent ones do.
//!
//! **For tools.** `check(text, "init/system.toml", &available_programs, memory_pages)`
//! gives the system or all problems, each `file:line: what is wrong; what to do`.
//! [`System::program_files`] lists the ELF files that the archive needs beside `init`;
//! [`System::links`] tells which client may call which server, and [`System::not_allowed`] compares a running
//! system with it; [`System::devices_not_allowed`] does so for devices.
//!
//! **Keys** of `[server.NAME]`; those marked * of `[program.NAME]` too:
//!
//! | key | default | meaning |
//! |---|---|---|
//! | `priority` * | needed | 0 to 59; more urgent than every client |
//! | `time` | its own | `{ budget_us = 3000, period_us = 10000 }`: its thread runs on a scheduling context: so much in each period, at its priority |
//! | `passive` | false | its thread works on the time of each client and as urgently as it; `priority` is the least |
//! | `pages` * | needed | memory it may use, in pages of 4 KiB |
//! | `handles`, `threads`, `objects` * | 32, 1, 64 | what else it may use |
//! | `stack_pages` * | 8 | its first stack |
//! | `service` | false | whether it has an endpoint |
//! | `clients` | none | servers and programs that may connect |
//! | `leader` | none; of `console`: `shell` | of a terminal: the client that leads its session, see below |
//! | `restart` | `"on-crash"` | or `"never"`, `"always"` |
//! | `backoff_ms`, `backoff_max_ms` | 100, 10000 | the least time between two starts after the second death in the window, which doubles; the most |
//! | `restart_limit`, `restart_window_ms` | 5, 10000 | more deaths in that time: given up |
//! | `depends` | none | servers that are started before it, and come back before it does |
//! | `on_restart` | `"nothing"` | when one of those was restarted: or `"tell"` it, or `"restart"` it too |
//! | `heartbeat_ms` | 0 | it is hung, and restarted, when it received nothing and waited for nothing for a whole such period; 0: no check |
//! | `irq`, `ports`, `memory` | none | devices, see below |
//! | `bus` | false | whether it owns configuration space and gives PCI devices to drivers |
//! | `log` | false | whether it reads the system log |
//! | `device` | none | its PCI device, see below |
//! | `keep_pages` | 0 | memory that survives restarts |
//! | `supervisor` * | false | whether it may use init's System service; only servers start such a program |
//! | `observer` | false | whether it may ask init's System service, and change nothing |
//! | `spawn` | false | whether it starts the programs, out of its own quota; `pages` is the least of it: it also gets the memory that no server has reserved |
//! | `archive` | false | whether it reads the boot archive |
//! | `args` | none | arguments |
//! | `file` of programs alone | its name | the program of the archive that it is |
//! | `any` of programs alone | false | it stands for all programs that are loaded from volumes; each may use a quarter of the spawner's pages, `pages` at least |
//!
//! **What a server finds in its startup block** (handle names):
//!
//! | handle | holder | object |
//! |---|---|---|
//! | `names` | all but `names` | endpoint of the name server, badged with the client number |
//! | `endpoint` | `service = true` | receive right of its own endpoint |
//! | `supervisor` | `supervisor = true`, `observer = true` | endpoint of init's System service |
//! | `peers` | `on_restart = "tell"` | notification: bit k says that the k-th of `depends` was started again, or given up |
//! | `keep` | `keep_pages` > 0 | memory that survives restarts; libsys/keep makes a value of it |
//! | as in `irq = [{ name, line, notify }]` | | the interrupt line; the notification it signals: bit k for the k-th line |
//! | as in `ports = [{ name, first, count }]` | | port range |
//! | as in `memory = [{ name, address, pages }]` | | device memory |
//! | `resource` | `bus`, `log` | the right to make device memory, ports, interrupts and IoSpaces; to read the log |
//! | `archive` | `spawn`, `archive` | the boot archive; its size is the line `archive BYTES` |
//! | `root`, `self` | `spawn = true` | unbadged endpoints of `names` and itself, from which programs get badged copies |
//! | `service:NAME` | `names` | endpoint of a service, from which clients get badged copies |
//!
//! **A PCI device** is `device = { id, class, slot, bars, vectors, dma_pages, dma }`. The first
//! function that matches all of `id` (`"1af4:1042"`, or a list of such), `class` (`"0108"` or
//! `"010802"`) and `slot` (`"00:04.0"`), as far as they are there, and that no earlier driver has,
//! is the driver's. It gets these `bars` (`"all"` or numbers; none by default), up to `vectors`
//! interrupt vectors, and up to `dma_pages` pages for DMA at a time. `dma = "trusted"` says that
//! the driver may do DMA without an IOMMU, so to all memory. A vector is a write of the device to
//! memory: without DMA none comes. A driver is a client of the server
//! with `bus`, depends on it and is restarted after it, without a word about that in the
//! manifest. The startup block of that server has a line `device` for each driver
//! ([`DriverGrant`]). A driver whose device is not there is given up, and the others run.
//!
//! **A volume** is a server in a section `[volume.NAME]`. Beside the keys of servers it has these;
//! `service` is true, `restart` is `"always"`, and `clients` are those of `access`.
//!
//! | key | default | meaning |
//! |---|---|---|
//! | `type` | needed | the server's program: `ext4`, `fat`, `memory`, `bootfs` |
//! | `device` | none | the disk or partition, such as `blk0p1`; the server is then a client of `blk` |
//! | `path` | needed | where its clients see it |
//! | `read_only` | false | whether nothing on it changes |
//! | `access` | none | `CLIENT`, `CLIENT=SUBTREE`, `CLIENT=SUBTREE:read`, `CLIENT:write=DIRECTORY`: what each client sees, and changes |
//!
//! Its startup block has the argument `device=DEVICE`, and a line `access NUMBER SUBTREE write` (or
//! `read`, `write=DIRECTORY`) for each of `access`. The startup block of each client has a line `volume NAME PATH`.
//!
//! A service also finds a line `client NUMBER NAME` for each of its `clients`: which badges are whose.
//!
//! **The terminal** is the service with a `leader`. Its startup block has the lines `leader N`
//! and `spawner N`: the numbers of the leader, which decides which programs are in the
//! foreground, and of the server with `spawn`, which tells what programs these are and needs
//! not be listed in `clients`. When the terminal, its leader or `names` cannot run, there is no
//! prompt: init says why on the serial line and ends the machine.
//!
//! **Numbers.** Clients are numbered from 1: servers in the manifest's order, then
//! programs ([`System::client_number`]). Badges carry the number in their low 32 bits.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "host"))]
extern crate std;

mod access;
mod driven;
mod grant;
mod graph;
#[cfg(feature = "host")]
mod host;
mod order;
mod system;
mod volume;

pub use access::{Access, AccessTable};
pub use driven::{Driven, parse_driven};
pub use grant::{ALL_BARS, ClassPrefix, DeviceGrant, DeviceId, DeviceSlot, DriverGrant, NoGrant};
pub use graph::{INIT, Link, Why, parse_link};
#[cfg(feature = "host")]
pub use host::{Problem, check, mentioned_programs};
pub use system::{
    DeviceMemory, INIT_PRIORITY, Irq, Limits, MAX_SERVERS, NAMES, OnRestart, Ports, Program,
    Restart, RestartPolicy, Server, System, Time,
};
pub use volume::{DISKS, Volume, VolumeAccess, is_absolute};

use alloc::vec::Vec;

/// The archive file that holds the encoded manifest.
pub const FILE: &str = "manifest";

/// The manifest as the boot archive carries it.
pub fn encode(system: &System) -> Vec<u8> {
    // Only a type that does not know its length can fail here, and none of ours is one.
    postcard::to_allocvec(system).unwrap_or_default()
}

/// Reads what [`encode`] wrote; `None` when it is something else.
pub fn decode(bytes: &[u8]) -> Option<System> {
    postcard::from_bytes(bytes).ok()
}
