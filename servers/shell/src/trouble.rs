//! Why a command fails.

use alloc::format;
use alloc::string::{String, ToString};
use clock_api::ClockError;
use console_api::ConsoleError;
use core::fmt::{Debug, Display};
use init_api::SystemError;
use names_api::NamesError;
use net_api::NetError;
use pci_api::PciError;
use proc_api::ProcError;
use service::{CallError, Never};
use syslog_api::SyslogError;
use template_api::TemplateError;

/// Status of a command that was used wrongly.
pub(crate) const USAGE_STATUS: u64 = 2;
/// Status after Ctrl-C, as other shells have it.
pub(crate) const INTERRUPTED_STATUS: u64 = 130;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It was called with the wrong words.
    Usage,
    /// It could not do what it was asked.
    Failed(String),
    /// The same, for a reason that names its place itself: a file, another command of the pipeline.
    Named(String),
    /// Its output is wanted no more: it ends, and nothing is said.
    Closed,
    /// No command or program has this name.
    Unknown,
    /// Ctrl-C was pressed.
    Interrupted,
}

/// What a command returns: its status.
pub(crate) type Outcome = Result<u64, Trouble>;

impl Trouble {
    /// A failure with this text.
    pub(crate) fn new(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }

    /// A reason that names its place itself.
    pub(crate) fn named(self) -> Self {
        match self {
            Self::Failed(why) => Self::Named(why),
            other => other,
        }
    }

    /// A call that got no answer of its service.
    fn of_call<E: Debug>(error: CallError<E>) -> Self {
        match error {
            CallError::Dead => Self::new(format!("{error}; `servers` tells why")),
            error => Self::new(error),
        }
    }
}

/// Errors of services that have a text for people.
trait ForPeople: Debug + Display {}
impl ForPeople for ClockError {}
impl ForPeople for ConsoleError {}
impl ForPeople for NamesError {}
impl ForPeople for NetError {}
impl ForPeople for PciError {}
impl ForPeople for ProcError {}
impl ForPeople for SyslogError {}
impl ForPeople for SystemError {}
impl ForPeople for TemplateError {}

impl From<CallError<Never>> for Trouble {
    fn from(error: CallError<Never>) -> Self {
        Self::of_call(error)
    }
}

impl<E: ForPeople> From<CallError<E>> for Trouble {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Service(error) => Self::new(error),
            error => Self::of_call(error),
        }
    }
}

impl From<files::Error> for Trouble {
    fn from(error: files::Error) -> Self {
        Self::new(error)
    }
}

impl From<NetError> for Trouble {
    fn from(error: NetError) -> Self {
        Self::new(error)
    }
}

impl From<sys::Error> for Trouble {
    fn from(error: sys::Error) -> Self {
        Self::new(error)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}
