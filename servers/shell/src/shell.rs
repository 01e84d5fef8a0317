//! What commands work with.

use crate::trouble::Trouble;
use alloc::string::String;
use console_api::ConsoleClient;
use init_api::SystemClient;
use names_api::NamesClient;
use pci_api::PciClient;
use proc_api::ProcClient;
use service::CallError;
use sys::{Endpoint, Rights};

/// How often output is tried again while the console is away, and how long to wait between.
const TRIES: u32 = 50;
const PAUSE_NS: u64 = 100_000_000;
/// The most text in one message.
const PIECE: usize = 4096;

/// Connections and the last status.
pub(crate) struct Shell {
    env: rt::Env,
    console: ConsoleClient,
    system: SystemClient,
    level: String,
    status: u64,
    complaint: Complaint,
}

/// What was logged last about the console: the same is not logged again and again, which
/// would hide its cause.
#[derive(Default)]
struct Complaint(String);

impl Complaint {
    fn log(&mut self, what: &str, error: &impl core::fmt::Display) {
        let text = alloc::format!("{what}: {error}");
        if self.0 != text {
            defmt::warn!("{=str}", text.as_str());
            self.0 = text;
        }
    }
}

impl Shell {
    /// Connects to what it cannot do without.
    pub(crate) fn new(env: rt::Env) -> Result<Self, rt::Failure> {
        let system = SystemClient::from_endpoint(env.handle("supervisor")?);
        let level = env.option("log").unwrap_or("info").into();
        let mut complaint = Complaint::default();
        let console = connect_console(env.names(), &mut complaint)?;
        Ok(Self { env, console, system, level, status: 0, complaint })
    }

    /// The console.
    pub(crate) fn console(&self) -> &ConsoleClient {
        &self.console
    }

    /// A new connection to the console, in place of one that does not work for this reason.
    /// Without any there is nothing left to do.
    pub(crate) fn reconnect(&mut self, what: &str, error: &impl core::fmt::Display) {
        self.complaint.log(what, error);
        sys::sleep_for(PAUSE_NS);
        match connect_console(self.env.names(), &mut self.complaint) {
            Ok(console) => self.console = console,
            Err(failure) => {
                defmt::error!("no console: {=str}", alloc::format!("{failure}").as_str());
                rt::exit(rt::EXIT_FAILURE)
            }
        }
    }

    /// init.
    pub(crate) fn system(&self) -> &SystemClient {
        &self.system
    }

    /// A connection to `proc`.
    pub(crate) fn proc(&self) -> Result<ProcClient, Trouble> {
        Ok(ProcClient::connect(self.env.names())?)
    }

    /// A connection to `pci`.
    pub(crate) fn pci(&self) -> Result<PciClient, Trouble> {
        Ok(PciClient::connect(self.env.names())?)
    }

    /// `names`, by its own interface.
    pub(crate) fn names(&self) -> Result<NamesClient, Trouble> {
        Ok(NamesClient::from_endpoint(self.env.names().copy(Rights::SEND)?))
    }

    /// An endpoint of any service.
    pub(crate) fn endpoint(&self, service: &str) -> Result<Endpoint, Trouble> {
        Ok(self.names()?.open(service)?.into())
    }

    /// The log level that the system was started with.
    pub(crate) fn log_level(&self) -> &str {
        &self.level
    }

    /// The status of the last command.
    pub(crate) fn status(&self) -> u64 {
        self.status
    }

    /// Sets it.
    pub(crate) fn set_status(&mut self, status: u64) {
        self.status = status;
    }

    /// Prints; a console that is being restarted is waited for.
    pub(crate) fn print(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            self.print_piece(piece);
            rest = after;
        }
    }

    fn print_piece(&mut self, piece: &str) {
        for _ in 0..TRIES {
            match self.console.write(piece) {
                Ok(()) => return,
                Err(error) => self.reconnect("no output", &error),
            }
        }
    }
}

/// Waits until there is a console: without one a shell has nothing to do.
///
/// # Errors
/// When there will never be one for this shell.
fn connect_console(
    names: &Endpoint,
    complaint: &mut Complaint,
) -> Result<ConsoleClient, rt::Failure> {
    loop {
        match ConsoleClient::connect(names) {
            Ok(console) => return Ok(console),
            Err(error @ (CallError::Refused | CallError::VersionMismatch)) => {
                return Err(rt::Failure::new(error).while_doing("connecting to the console"));
            }
            Err(error) => complaint.log("no console", &error),
        }
        sys::sleep_for(PAUSE_NS);
    }
}
