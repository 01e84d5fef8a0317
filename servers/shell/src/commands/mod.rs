//! All commands, as a table. A new one is a line here and a function beside the others of
//! its kind.

mod basics;
mod devices;
mod jobs;
mod machine;
mod processes;
mod programs;
mod selftest;
mod servers;
mod services;
mod top;
mod trace;

use crate::shell::Shell;
use crate::trouble::Outcome;

/// A command.
pub(crate) struct Command {
    /// What is typed.
    pub(crate) name: &'static str,
    /// How it is used.
    pub(crate) usage: &'static str,
    /// What it does.
    pub(crate) summary: &'static str,
    /// Does it.
    pub(crate) run: fn(&mut Shell, &[&str]) -> Outcome,
}

/// Writes the table in columns.
macro_rules! commands {
    ($($name:literal, $usage:literal, $summary:literal, $run:path;)*) => {
        &[$(Command { name: $name, usage: $usage, summary: $summary, run: $run },)*]
    };
}

/// All commands, in alphabetical order.
#[rustfmt::skip]
pub(crate) static COMMANDS: &[Command] = commands! {
    "bg", "bg [JOB]", "lets a stopped program go on in the background", jobs::bg;
    "call", "call SERVICE METHOD [ARGUMENT…]", "calls a service; `services NAME` shows its methods", services::call;
    "crash", "crash SERVER", "makes a server fault", servers::crash;
    "devices", "devices", "devices with a driver: state, vectors, DMA pages, restarts", devices::devices;
    "echo", "echo [WORD…]", "prints words", basics::echo;
    "faults", "faults [SERVER]", "the last faults of servers, or all about the last one of a server", servers::faults;
    "fg", "fg [JOB]", "brings a program to the foreground and waits for it", jobs::fg;
    "graph", "graph", "links from clients to servers now, by the handles of all processes, and who drives what", servers::graph;
    "help", "help [COMMAND]", "lists the commands, or explains one", basics::help;
    "irq", "irq", "how often each device interrupted", machine::irq;
    "jobs", "jobs", "programs that run in the background or are stopped", jobs::jobs;
    "kill", "kill [-SIGNAL] PID|NAME", "sends a signal (TERM) to a program or server", processes::kill;
    "log", "log", "how much was logged, and how to read it", machine::log;
    "lspci", "lspci [SLOT]", "PCI functions, or all about one: BARs and capabilities", devices::lspci;
    "mem", "mem", "memory and kernel objects", machine::mem;
    "programs", "programs", "the programs that `run` knows", programs::programs;
    "ps", "ps", "servers and programs: state, CPU time, memory", processes::ps;
    "restart", "restart SERVER", "starts a server, or starts it again", servers::restart;
    "run", "run PROGRAM [ARGUMENT…] [&]", "runs a program and waits, or with & does not wait", programs::run;
    "selftest", "selftest", "checks the running system", selftest::selftest;
    "servers", "servers", "servers: state, restarts, last fault", servers::servers;
    "services", "services [NAME]", "lists services, or the methods of one", services::services;
    "shutdown", "shutdown [STATUS]", "ends the system, by default with the last status", basics::shutdown;
    "sleep", "sleep SECONDS", "waits", basics::sleep;
    "status", "status", "the status of the last command", basics::status;
    "strace", "strace SERVER [COMMAND…]", "a server's system calls while a command runs, or for 2 seconds", trace::strace;
    "top", "top [SECONDS]", "use of the CPUs: servers, programs, user, kernel, idle", top::top;
    "uptime", "uptime", "time since boot", machine::uptime;
    "wait", "wait PID", "waits for a program that runs in the background", programs::wait;
};

/// The command with this name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
