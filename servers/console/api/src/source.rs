//! Where a program's terminal is.

use crate::ConsoleClient;
use service::{CallError, Never};
use sys::{Endpoint, Rights};

/// The name of the handle of a program's terminal. A program without it has the console. Programs
/// that it starts get a copy.
pub const TERMINAL: &str = "terminal";

/// The terminal that a program was given, else the way to the console.
#[derive(Debug)]
pub struct TerminalSource {
    given: Option<Endpoint>,
    names: Option<Endpoint>,
}

impl TerminalSource {
    /// Of a program. Its handles stay where they are.
    #[must_use]
    pub fn of(env: &rt::Env) -> Self {
        let rights = Rights::SEND | Rights::TRANSFER;
        let given = env.copy_handle(TERMINAL, rights).ok().map(Endpoint::from);
        Self { given, names: env.names().copy(rights).ok() }
    }

    /// Whether it is not the console.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// Connects to it.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn connect(&self) -> Result<ConsoleClient, CallError<Never>> {
        if let Some(given) = &self.given {
            let copy = given.copy(Rights::SEND).map_err(CallError::Kernel)?;
            return Ok(ConsoleClient::from_endpoint(copy));
        }
        let names = self.names.as_ref().ok_or(CallError::Refused)?;
        ConsoleClient::connect(names)
    }
}
