//! What commands work with.

use crate::trouble::Trouble;
use alloc::string::String;
use console_api::ConsoleClient;
use init_api::SystemClient;
use names_api::NamesClient;
use proc_api::ProcClient;
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
}

impl Shell {
    /// Connects to what it cannot do without.
    pub(crate) fn new(env: rt::Env) -> Result<Self, rt::Failure> {
        let system = SystemClient::from_endpoint(env.handle("supervisor")?);
        let level = env.option("log").unwrap_or("info").into();
        let console = connect_console(env.names());
        Ok(Self { env, console, system, level, status: 0 })
    }

    /// The console.
    pub(crate) fn console(&self) -> &ConsoleClient {
        &self.console
    }

    /// A new connection to the console, in place of one that does not work.
    pub(crate) fn reconnect(&mut self) {
        self.console = connect_console(self.env.names());
    }

    /// init.
    pub(crate) fn system(&self) -> &SystemClient {
        &self.system
    }

    /// A connection to `proc`.
    pub(crate) fn proc(&self) -> Result<ProcClient, Trouble> {
        Ok(ProcClient::connect(self.env.names())?)
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
                Err(error) => defmt::warn!("no output: {=str}", alloc::format!("{error}").as_str()),
            }
            sys::sleep_for(PAUSE_NS);
            self.reconnect();
        }
    }
}

/// Waits until there is a console: without one a shell has nothing to do.
fn connect_console(names: &Endpoint) -> ConsoleClient {
    loop {
        match ConsoleClient::connect(names) {
            Ok(console) => return console,
            Err(error) => defmt::warn!("no console: {=str}", alloc::format!("{error}").as_str()),
        }
        sys::sleep_for(PAUSE_NS);
    }
}
