//! The System service of `init`: servers, faults, the machine.
//!
//! A server with `supervisor = true` in the manifest finds the service's endpoint as the
//! handle `supervisor`: `SystemClient::from_endpoint(env.handle("supervisor")?)`. One with
//! `observer = true` finds it too, and is refused each method that changes something.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod info;
mod report;

pub use error::SystemError;
pub use info::{
    FaultDetails, FaultRecord, GraphInfo, IrqInfo, LinkInfo, MachineInfo, NO_DEVICE, ProcessEntry,
    ProcessList, REGISTERS, ServerInfo, ServerState, ThreadRecord,
};

use alloc::string::String;
use alloc::vec::Vec;

/// What init can tell and do.
#[service::interface(version = 5, max_message = 32768)]
pub trait System {
    /// All servers, init first, then in the manifest's order.
    #[idempotent]
    fn servers(&mut self) -> Result<Vec<ServerInfo>, SystemError>;

    /// The last faults of servers, oldest first.
    #[idempotent]
    fn faults(&mut self) -> Result<Vec<FaultRecord>, SystemError>;

    /// All that is known of the last fault of a server.
    #[idempotent]
    fn fault(&mut self, server: String) -> Result<FaultDetails, SystemError>;

    /// Returns the links from clients to servers now, by the handles that all processes hold.
    #[idempotent]
    fn graph(&mut self) -> Result<GraphInfo, SystemError>;

    /// Memory, time, interrupts, log: the kernel's counters.
    #[idempotent]
    fn machine(&mut self) -> Result<MachineInfo, SystemError>;

    /// Ends a server with a signal: 9 (KILL), 15 (TERM) or 2 (INT). Its restart policy
    /// says what happens then.
    fn kill(&mut self, server: String, signal: u8) -> Result<(), SystemError>;

    /// All living processes that are no servers, also those that programs made.
    #[idempotent]
    fn processes(&mut self) -> Result<ProcessList, SystemError>;

    /// Ends a process that is no server with a signal: 9 (KILL), 15 (TERM) or 2 (INT). It has no
    /// say in that; programs that `proc` started are better sent signals by it.
    fn kill_process(&mut self, pid: u32, signal: u8) -> Result<(), SystemError>;

    /// Takes the code away from under a server: it faults at its next step.
    fn crash(&mut self, server: String) -> Result<(), SystemError>;

    /// A handle to a server's process, to watch and debug it.
    #[returns_handle]
    fn process(&mut self, server: String) -> Result<sys::Process, SystemError>;

    /// Starts a server that has ended, or ends it and starts it again.
    fn restart(&mut self, server: String) -> Result<(), SystemError>;

    /// Hands a process that the calling server created to init, which kills it when that
    /// server dies.
    fn adopt(&mut self, #[handle] process: sys::Process) -> Result<(), SystemError>;

    /// Ends the machine with this status, 0 to 31. There is no answer.
    #[idempotent]
    fn shutdown(&mut self, status: u32) -> Result<(), SystemError>;
}
