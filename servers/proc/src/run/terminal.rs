//! Tells the terminal which programs are in the foreground.
//!
//! **Order.** The terminal is told before a call that changed the foreground is answered, so
//! that it knows its readers when the caller goes on. The terminal has a higher priority than
//! this server, but it may be busy with a slow serial line: the wait is short, and the terminal is
//! told again later.

use super::ProcServer;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{ConsoleClient, ConsoleError};
use executor::Task;
use proc_core::MAX_PROGRAMS;
use service::CallError;
use sys::Endpoint;

/// The bit that rings when the terminal must be told again: above those of the slots.
pub(super) const TELL: u64 = 1 << MAX_PROGRAMS;
/// How long the terminal is waited for.
const PATIENCE_NS: u64 = 50_000_000;
/// How long until it is told again.
const PAUSE_NS: u64 = 200_000_000;

/// What the terminal was told.
pub(super) struct Terminal {
    /// The service; none where the manifest has no terminal.
    name: Option<String>,
    console: Option<ConsoleClient>,
    /// Nothing yet: it may know of programs that an earlier life of this server started.
    told: Option<Vec<u64>>,
    /// [`proc_core::Table::moves`] at that time.
    told_at: Option<u64>,
    retry: Option<Task>,
}

impl Terminal {
    pub(super) fn new(name: Option<&str>) -> Self {
        Self { name: name.map(Into::into), console: None, told: None, told_at: None, retry: None }
    }

    /// Tells it, unless it knows.
    fn tell(&mut self, names: &Endpoint, clients: &[u64]) -> Result<(), CallError<ConsoleError>> {
        let known = self.told.as_deref() == Some(clients);
        let Some(name) = self.name.as_ref().filter(|_| !known) else { return Ok(()) };
        if self.console.is_none() {
            let endpoint = service::connect(names, name).map_err(CallError::widen)?;
            self.console = Some(ConsoleClient::from_endpoint(endpoint).with_timeout(PATIENCE_NS));
        }
        if let Some(console) = &self.console {
            console.set_foreground(clients)?;
            self.told = Some(clients.to_vec());
        }
        Ok(())
    }
}

impl ProcServer {
    /// Tells the terminal of a foreground that changed.
    pub(super) fn tell_terminal(&mut self) {
        let moves = Some(self.programs.moves());
        if self.terminal.told_at == moves {
            return;
        }
        let members: Vec<(u32, &str)> = self
            .programs
            .members(self.programs.foreground(0))
            .map(|entry| (entry.instance, entry.name.as_str()))
            .collect();
        let badge = |(instance, name): (u32, &str)| {
            Some(super::badge(self.system.client_number(name)?, instance))
        };
        let clients: Vec<u64> = members.into_iter().filter_map(badge).collect();
        self.terminal.retry = None;
        if let Err(error) = self.terminal.tell(&self.names_client, &clients) {
            defmt::debug!(
                "the terminal does not answer: {=str}",
                alloc::format!("{error}").as_str()
            );
            self.terminal.console = None;
            if error == CallError::Refused {
                // There is no terminal, or it is not for this server.
                self.terminal.name = None;
                return;
            }
            let at_ns = sys::clock().saturating_add(PAUSE_NS);
            self.terminal.retry = Some(self.executor.ring_at(at_ns, TELL));
        } else {
            self.terminal.told_at = moves;
        }
    }
}
