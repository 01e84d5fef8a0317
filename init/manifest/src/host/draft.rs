//! The system as it was written, with places, not yet checked.

use super::devices::Device;
use super::problem::Problems;
use super::section::Placed;
use crate::{Program, Server, System};
use std::format;
use std::string::String;
use std::vec::Vec;

/// A server as it was written, not yet checked against the others.
pub(super) struct ServerDraft {
    pub(super) server: Server,
    pub(super) at: usize,
    pub(super) pages_at: usize,
    pub(super) handles_at: usize,
    pub(super) time_at: usize,
    /// Where its leader is named, if the manifest names one.
    pub(super) leader_at: Option<usize>,
    pub(super) clients: Vec<Placed<String>>,
    pub(super) depends: Vec<Placed<String>>,
    pub(super) devices: Vec<Placed<Device>>,
    /// Where its `device` is, if it has one.
    pub(super) device_at: Option<usize>,
}

impl ServerDraft {
    /// Adds a problem of this server.
    pub(super) fn problem(&self, to: &Problems<'_>, at: usize, text: &str) {
        to.add(at, format!("server `{}`: {text}", self.server.name));
    }

    /// Its devices, each with itself.
    pub(super) fn owned_devices(&self) -> impl Iterator<Item = (&Self, &Placed<Device>)> {
        self.devices.iter().map(move |device| (self, device))
    }
}

/// A program as it was written.
pub(super) struct ProgramDraft {
    pub(super) program: Program,
    pub(super) at: usize,
    pub(super) pages_at: usize,
}

/// All of it, in the manifest's order.
pub(super) struct Draft {
    pub(super) servers: Vec<ServerDraft>,
    pub(super) programs: Vec<ProgramDraft>,
}

impl Draft {
    pub(super) fn into_system(self) -> System {
        System {
            servers: self.servers.into_iter().map(|draft| draft.server).collect(),
            programs: self.programs.into_iter().map(|draft| draft.program).collect(),
        }
    }

    /// A copy as a system.
    pub(super) fn system(&self) -> System {
        System {
            servers: self.servers.iter().map(|it| it.server.clone()).collect(),
            programs: self.programs.iter().map(|it| it.program.clone()).collect(),
        }
    }

    /// Every section that needs a file of the archive, with that file's name.
    pub(super) fn files(&self) -> impl Iterator<Item = ((&'static str, &str, usize), &str)> {
        let servers = self.servers.iter().map(|it| it.server.file());
        let programs = self.programs.iter().map(|it| it.program.file());
        let anys = core::iter::repeat_n(false, self.servers.len())
            .chain(self.programs.iter().map(|it| it.program.any));
        let all = self.sections().zip(servers.chain(programs)).zip(anys);
        all.filter(|(_, any)| !any).map(|(section, _)| section)
    }

    /// Every section: its kind, name and place.
    pub(super) fn sections(&self) -> impl Iterator<Item = (&'static str, &str, usize)> {
        let kind = |server: &Server| if server.volume.is_some() { "volume" } else { "server" };
        let servers =
            self.servers.iter().map(move |it| (kind(&it.server), it.server.name.as_str(), it.at));
        let programs = self.programs.iter().map(|it| ("program", it.program.name.as_str(), it.at));
        servers.chain(programs)
    }
}
