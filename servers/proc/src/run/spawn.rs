//! Starting a program.

use super::launch::Launching;
use super::{Held, ProcServer};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use console_api::TERMINAL;
use manifest::Program;
use proc_api::ProcError;
use proc_core::{Amounts, Full, MAX_PROGRAMS, Place};
use sys::{Endpoint, Notification, Priority, Process, Rights};

/// The rights of the endpoint of `proc`, which a program may copy for its threads.
const OWN: Rights = Rights::SEND.union(Rights::TRANSFER);

impl ProcServer {
    /// Starts a program for a parent (0: a server).
    pub(super) fn start(
        &mut self,
        launching: &Launching,
        arguments: &[String],
        parent: u32,
    ) -> Result<u32, ProcError> {
        let name = launching.program.as_str();
        let (program, number) = self.terms(launching)?;
        if program.supervisor && parent != 0 {
            let why = "only servers start a program with `supervisor`".into();
            return Err(ProcError::NotAllowed { why });
        }
        let place = self.programs.reserve(parent, Amounts::of_program(program.limits));
        let place = place.map_err(|full| match full {
            Full::Slots => ProcError::TooMany { limit: MAX_PROGRAMS.into() },
            Full::Share(lack) => ProcError::Share(lack),
        })?;
        let badge = super::badge(number, place.instance);
        let cannot = |why| ProcError::CannotLoad { program: name.to_string(), why };
        if launching.image.is_none() {
            self.images.check(program.file()).map_err(cannot)?;
        }
        let terminal = self.terminal_for(launching, parent);
        let place = Place { leads: parent == 0 && terminal.is_some(), ..place };
        let held = self.load(&program, launching, arguments, badge, place.slot, terminal);
        let held = held.map_err(cannot)?;
        let pid = held.process.info().map_or(0, |info| info.pid);
        self.hand_over(&held.process);
        self.programs.insert(place, pid, name, held);
        defmt::info!("{=str} runs as process {=u32}", name, pid);
        Ok(pid)
    }

    /// The terminal of a new program: the one that it was given, else its parent's; without one it
    /// uses the console.
    fn terminal_for(&mut self, launching: &Launching, parent: u32) -> Option<Endpoint> {
        let of_parent = self.programs.alive(parent).and_then(|entry| entry.process.as_ref());
        let of_parent = of_parent.and_then(|held| held.terminal.as_ref());
        let given = launching.handles.iter().find(|(name, _)| name == TERMINAL);
        let given = given.and_then(|(_, handle)| handle.copy(OWN).ok()).map(Endpoint::from);
        given.or_else(|| of_parent?.copy(OWN).ok())
    }

    /// The section of the manifest that a program runs under, and its number as a client.
    fn terms(&self, launching: &Launching) -> Result<(Program, u32), ProcError> {
        let name = &launching.program;
        let found = match launching.image {
            None => self.system.program(name).filter(|program| !program.any),
            Some(_) => self.system.any_program(),
        };
        let number = found.and_then(|program| self.system.client_number(&program.name));
        match (found, number) {
            (Some(program), Some(number)) => Ok((program.clone(), number)),
            _ => Err(ProcError::NoSuchProgram { program: name.clone() }),
        }
    }

    fn load(
        &self,
        program: &Program,
        launching: &Launching,
        arguments: &[String],
        badge: u64,
        slot: u8,
        terminal: Option<Endpoint>,
    ) -> Result<Held, String> {
        let text = |error: sys::Error| error.to_string();
        let own = launching.own_image().map(|image| (image, None));
        let image = own.or_else(|| self.images.image(program.file()));
        let (image, shared) = image.ok_or("its image was not checked")?;
        let bell = Notification::create().map_err(text)?;
        let volumes = self.volumes.get(&program.name).map_or(&[][..], Vec::as_slice);
        let volumes = volumes.iter().map(|line| ("volume", line.as_str()));
        let told = launching.facts.iter().map(|(key, value)| (*key, value.as_str()));
        let facts: Vec<_> = volumes.chain(told).chain([("cmdline", self.cmdline)]).collect();
        let args: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut handles = Vec::from([
            ("names", self.names.as_handle(), OWN, badge),
            ("proc", self.own.as_handle(), OWN, badge),
            ("signals", bell.as_handle(), Rights::SIGNAL | Rights::WAIT, 0),
        ]);
        if let Some(terminal) = &terminal {
            handles.push((TERMINAL, terminal.as_handle(), OWN, 0));
        }
        let supervisor = self.init.endpoint();
        if program.supervisor {
            handles.push(("supervisor", supervisor.as_handle(), OWN, 0));
        }
        for (name, handle) in launching.handles.iter().filter(|(name, _)| name != TERMINAL) {
            handles.push((name, handle.as_handle(), Rights::ALL, 0));
        }
        let loading = loader::Program {
            name: &launching.program,
            image,
            shared,
            args: &args,
            facts: &facts,
            quota: program.limits.quota(program.priority),
            priority: Priority(program.priority),
            time: loader::Time::Own,
            stack_pages: program.stack_pages.into(),
            handles: &handles,
            fault: Some((&self.own, badge)),
            death: Some((&self.bell, 1 << slot)),
        };
        let process = loading.start().map_err(|error| error.to_string())?;
        let priority = program.priority;
        Ok(Held { process, priority, bell, terminal, suspended: None, alarm: None })
    }

    /// Sees to it that the program does not outlive this server, out of anyone's control.
    fn hand_over(&self, process: &Process) {
        let handed = process.copy(Rights::ALL).map_err(|error| error.to_string());
        let told =
            handed.and_then(|handle| self.init.adopt(handle).map_err(|error| error.to_string()));
        if let Err(why) = told {
            defmt::warn!("init has not adopted a program: {=str}", why.as_str());
        }
    }
}
