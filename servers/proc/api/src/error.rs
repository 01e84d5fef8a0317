//! What `proc` refuses, and what to do about it.

use alloc::string::String;
use core::fmt;

/// What programs take of what there is for all of them.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// Places for programs.
    Programs,
    /// Memory.
    Pages,
    /// Handles.
    Handles,
    /// Threads.
    Threads,
    /// Other kernel objects.
    Objects,
}

impl Scarce {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Programs, Self::Pages, Self::Handles, Self::Threads, Self::Objects];
}

impl fmt::Display for Scarce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Programs => "programs",
            Self::Pages => "pages",
            Self::Handles => "handles",
            Self::Threads => "threads",
            Self::Objects => "objects",
        })
    }
}

/// What a program may not have more of.
#[service::data]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What.
    pub what: Scarce,
    /// So much is for it.
    pub limit: u64,
}

/// Why `proc` refused.
#[service::data]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcError {
    /// The manifest has no such program.
    NoSuchProgram {
        /// The name that was asked for.
        program: String,
    },
    /// It cannot be loaded.
    CannotLoad {
        /// The program.
        program: String,
        /// What is wrong with it.
        why: String,
    },
    /// No program with this process id was started here, or it was waited for already.
    NoSuchProcess {
        /// The id.
        pid: u32,
    },
    /// No signal has this number.
    NoSuchSignal {
        /// The number.
        number: u8,
    },
    /// SIGKILL and SIGSTOP cannot be handled or ignored.
    CannotHandle {
        /// The signal's number.
        number: u8,
    },
    /// As many queued signals wait for the program as there can be.
    QueueFull {
        /// How many that is.
        limit: u32,
    },
    /// The caller started no program that it could wait for.
    NoChild,
    /// POSIX does not allow this change of groups or sessions.
    NotAllowed {
        /// Why.
        why: String,
    },
    /// A program in the background cannot read the terminal, and cannot be stopped for it.
    Background,
    /// Only a program that `proc` started has signals of its own.
    OnlyForPrograms,
    /// A program, with all that it and its descendants have started, or all that programs
    /// have started, would take more of this than their part.
    Share(Lack),
    /// As many programs run as there can be.
    TooMany {
        /// The number.
        limit: u32,
    },
    /// What a launch was given cannot be.
    BadLaunch {
        /// What is wrong.
        why: String,
    },
    /// The program is of another job than the calling one.
    OtherJob {
        /// Its process id.
        pid: u32,
    },
}

impl fmt::Display for ProcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchProgram { program } => {
                write!(f, "no program `{program}`: add [program.{program}] to the manifest")
            }
            Self::CannotLoad { program, why } => write!(f, "cannot start `{program}`: {why}"),
            Self::NoSuchProcess { pid } => write!(f, "no program with process id {pid}"),
            Self::NoSuchSignal { number } => write!(f, "no signal {number}"),
            Self::CannotHandle { number } => {
                write!(f, "signal {number} cannot be handled or ignored")
            }
            Self::QueueFull { limit } => {
                write!(f, "{limit} queued signals wait for the program already: send it later")
            }
            Self::NoChild => f.write_str("no program was started that could be waited for"),
            Self::NotAllowed { why } => f.write_str(why),
            Self::Background => f.write_str("a program in the background cannot read: use `fg`"),
            Self::OnlyForPrograms => f.write_str("only a program has signals of its own"),
            Self::Share(Lack { what, limit }) => {
                write!(f, "programs that programs start have at most {limit} {what}: end some")
            }
            Self::TooMany { limit } => {
                write!(f, "{limit} programs run already: wait for one or kill one")
            }
            Self::BadLaunch { why } => write!(f, "the launch is not possible: {why}"),
            Self::OtherJob { pid } => {
                write!(f, "process {pid} is of another job: a program signals its own job only")
            }
        }
    }
}

impl core::error::Error for ProcError {}
