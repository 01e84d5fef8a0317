//! The state of the system at a moment, and where it comes from.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use files::Namespace;
use init_api::{FaultRecord, LinkInfo, MachineInfo, ProcessEntry, ServerInfo, SystemClient};
use manifest::{System, Why};
use net_api::{NetClient, SocketInfo, Status};
use pci_api::{FunctionInfo, PciClient};
use sys::trace::cpu_info;
use sys::{Endpoint, Rights};

/// Where the boot archive has the manifest.
const MANIFEST: &str = "/boot/manifest";
/// How long a server may take for its part: what does not answer is missing in the sample.
const PATIENCE_NS: u64 = 500_000_000;
/// The most rows of a kind.
const ROWS: usize = 64;

/// Time of a CPU, in nanoseconds: in programs, in the kernel, idle.
pub(crate) type CpuTimes = [u64; 3];

/// The system at a moment.
#[derive(Default)]
pub(crate) struct Sample {
    /// When, in nanoseconds since boot.
    pub(crate) at_ns: u64,
    pub(crate) cpus: Vec<CpuTimes>,
    pub(crate) machine: MachineInfo,
    pub(crate) servers: Vec<ServerInfo>,
    pub(crate) processes: Vec<ProcessEntry>,
    pub(crate) faults: Vec<FaultRecord>,
    /// Handles to send with, as pairs of client and server.
    pub(crate) links: Arc<Vec<LinkInfo>>,
    pub(crate) functions: Vec<FunctionInfo>,
    pub(crate) net: Status,
    pub(crate) sockets: Vec<SocketInfo>,
}

/// What the curves show of a second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Point {
    /// Thousandths of all CPUs' time that was not idle.
    pub(crate) busy: u64,
    /// Thousandths of the memory that is used.
    pub(crate) used: u64,
    /// System calls, which are messages for the most part, in a second.
    pub(crate) calls: u64,
    /// Bytes that the network card received and sent in a second.
    pub(crate) bytes: u64,
}

/// Where samples come from.
pub(crate) struct Sources {
    system: Endpoint,
    names: Arc<Endpoint>,
    /// What the manifest allows, between servers alone: clients and servers by name.
    pub(crate) allowed: Vec<(String, String)>,
}

impl Sources {
    pub(crate) fn new(system: Endpoint, names: Arc<Endpoint>, files: &Namespace) -> Self {
        let bytes = files.read(MANIFEST).unwrap_or_default();
        let allowed = manifest::decode(&bytes).map(|system| between_servers(&system));
        if allowed.is_none() {
            defmt::warn!("no manifest: the page has no graph");
        }
        Self { system, names, allowed: allowed.unwrap_or_default() }
    }

    /// Takes a sample. The links are those of `before` while the same servers live.
    pub(crate) fn sample(&self, before: &Sample) -> Sample {
        let Ok(system) = self.system.copy(Rights::SEND) else { return Sample::default() };
        let system = SystemClient::from_endpoint(system);
        let system = system.within(PATIENCE_NS);
        let mut servers = system.servers().unwrap_or_default();
        servers.truncate(ROWS);
        let same = lives(&servers).eq(lives(&before.servers));
        let links = if same && !before.links.is_empty() {
            before.links.clone()
        } else {
            Arc::new(system.graph().map(|graph| graph.links).unwrap_or_default())
        };
        let (net, sockets) = self.network().unwrap_or_default();
        let mut processes = system.processes().map(|list| list.processes).unwrap_or_default();
        processes.truncate(ROWS);
        Sample {
            at_ns: sys::clock(),
            cpus: cpus(),
            machine: system.machine().unwrap_or_default(),
            servers,
            processes,
            faults: system.faults().unwrap_or_default(),
            links,
            functions: self.functions().unwrap_or_default(),
            net,
            sockets,
        }
    }

    fn network(&self) -> Option<(Status, Vec<SocketInfo>)> {
        let net = NetClient::connect(&self.names).ok()?;
        let net = net.within(PATIENCE_NS);
        let mut sockets = net.sockets().ok()?;
        sockets.truncate(ROWS);
        Some((net.status().ok()?, sockets))
    }

    fn functions(&self) -> Option<Vec<FunctionInfo>> {
        let pci = PciClient::connect(&self.names).ok()?;
        pci.within(PATIENCE_NS).functions().ok()
    }
}

fn lives(servers: &[ServerInfo]) -> impl Iterator<Item = u32> {
    servers.iter().map(|server| server.pid)
}

fn cpus() -> Vec<CpuTimes> {
    let cpus = (0..).map_while(|cpu| cpu_info(cpu).ok());
    cpus.map(|cpu| [cpu.user_ns, cpu.kernel_ns, cpu.idle_ns]).collect()
}

/// The links between servers. All call `names`, and it holds all endpoints: that is left out.
fn between_servers(system: &System) -> Vec<(String, String)> {
    let is_server = |name: &str| system.servers.iter().any(|server| server.name == name);
    let links = system
        .links()
        .into_iter()
        .filter(|link| is_server(link.client) && !matches!(link.why, Why::Finds | Why::GivesOut));
    let mut all: Vec<_> =
        links.map(|link| (link.client.to_string(), link.server.to_string())).collect();
    all.sort();
    all.dedup();
    all
}
