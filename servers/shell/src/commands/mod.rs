//! All commands, as a table. A new one is a line here and a function beside the others of
//! its kind.

mod basics;
mod capture;
mod devices;
pub(crate) mod files;
mod jobs;
mod language;
mod log;
mod machine;
mod net;
mod ntp;
mod processes;
pub(crate) mod programs;
mod screens;
mod selftest;
mod servers;
mod services;
mod top;
mod trace;
mod words;

use crate::filters;
use crate::shell::Shell;
use crate::stream::Sieve;
use crate::trouble::{Outcome, Trouble};

/// Carries out a command: its status.
pub(crate) type Act = fn(&mut Shell, &[&str]) -> Outcome;

/// How a command is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// By a function that reads no input.
    Act(Act),
    /// By a function that reads its input with [`Shell::read_line`].
    Reader(Act),
    /// By a filter, which this makes of the arguments.
    Filter(fn(&[&str]) -> Result<Sieve, Trouble>),
    /// By a filter that uses the terminal.
    View(fn(&Shell, &[&str]) -> Result<Sieve, Trouble>),
    /// By the program that its first argument names.
    Program,
}

/// A command.
pub(crate) struct Command {
    /// What is typed.
    pub(crate) name: &'static str,
    /// How it is used.
    pub(crate) usage: &'static str,
    /// What it does.
    pub(crate) summary: &'static str,
    /// Does it.
    pub(crate) run: Run,
}

/// Writes the table in columns. Filters are in brackets, those
/// that use the terminal in braces, commands that read lines in parentheses.
macro_rules! commands {
    ($($name:literal, $usage:literal, $summary:literal, $run:tt $(:: $path:ident)?;)*) => {
        &[$(Command { name: $name, usage: $usage, summary: $summary, run: run!($run $(:: $path)?) },)*]
    };
}

macro_rules! run {
    ([$filter:path]) => {
        Run::Filter($filter)
    };
    ({$view:path}) => {
        Run::View($view)
    };
    (program) => {
        Run::Program
    };
    ((reader $module:ident :: $act:ident)) => {
        Run::Reader($module::$act)
    };
    ($module:ident :: $act:ident) => {
        Run::Act($module::$act)
    };
}

/// All commands, in alphabetical order.
#[rustfmt::skip]
pub(crate) static COMMANDS: &[Command] = commands! {
    ":", ":", "succeeds", basics::success;
    "[", "[ EXPRESSION ]", "as `test`", files::bracket;
    "basename", "basename PATH [ENDING]", "the last name of a path, without this ending", files::basename;
    "bg", "bg [JOB]", "lets a stopped program go on in the background", jobs::bg;
    "break", "break [LOOPS]", "leaves a loop, or this number of them", language::leave_loops;
    "call", "call SERVICE METHOD [ARGUMENT…]", "calls a service; `services NAME` shows its methods", services::call;
    "cat", "cat [FILE…]", "writes files, or its input", [filters::cat];
    "cd", "cd [DIRECTORY|-]", "changes the working directory, by default to /home, with - to the one before", files::cd;
    "chmod", "chmod MODE PATH…", "changes what files may be: 755, +x, -w", files::chmod;
    "continue", "continue [LOOPS]", "goes on with the next turn of a loop, or of one around it", language::next_turn;
    "cp", "cp [-r] FROM… TO", "copies files, with -r directories", files::cp;
    "crash", "crash SERVER", "makes a server fault", servers::crash;
    "cut", "cut -f FIELDS|-c CHARACTERS [-d SEPARATOR] [FILE…]", "parts of lines: numbers and ranges such as 1,3-5,7-", [filters::cut];
    "date", "date [+FORMAT]", "the time of day, in UTC; the format has %Y %m %d %H %M %S %s %F %T", basics::date;
    "devices", "devices", "devices with a driver: state, vectors, DMA pages, restarts", devices::devices;
    "df", "df [PATH…]", "volumes: size, use, where they are", files::df;
    "dirname", "dirname PATH", "a path without its last name", files::dirname;
    "du", "du [PATH…]", "the space that all below a path takes", files::du;
    "echo", "echo [WORD…]", "prints words", basics::echo;
    "edit", "edit FILE", "changes a text: Ctrl-S saves, Ctrl-Q ends", screens::edit;
    "env", "env", "lists the variables that programs get", language::env;
    "exit", "exit [STATUS]", "ends a script, or a shell that is not the console's, by default with the status of the last command", language::exit;
    "export", "export [NAME[=TEXT]…]", "gives variables to programs, or lists those that they get", language::export;
    "false", "false", "fails", basics::failure;
    "faults", "faults [SERVER]", "the last faults of servers, or all about the last one of a server", servers::faults;
    "fg", "fg [JOB]", "brings a program to the foreground and waits for it", jobs::fg;
    "find", "find [PATH…] [-name PATTERN]", "all paths below, or those whose last name fits", files::find;
    "graph", "graph", "links from clients to servers now, by the handles of all processes, and who drives what", servers::graph;
    "grep", "grep [-c] [-F] [-i] [-n] [-q] [-v] EXPRESSION [FILE…]", "lines that fit: -c their count, -F a text, -i in any case, -n numbered, -q only the status, -v others", [filters::grep];
    "head", "head [-n LINES|-c BYTES] [FILE…]", "the first lines or bytes", [filters::head];
    "help", "help [COMMAND]", "lists the commands, or explains one", basics::help;
    "hexdump", "hexdump [-C] [FILE…]", "bytes as numbers and text", [filters::hexdump];
    "history", "history [-n LINES]", "the lines that were typed", words::history;
    "ip", "ip", "interfaces, addresses, routes, what was dropped and why", net::ip;
    "irq", "irq", "how often each device interrupted", machine::irq;
    "jobs", "jobs", "programs that run in the background or are stopped", jobs::jobs;
    "kill", "kill [-SIGNAL] PID|NAME", "sends a signal (TERM) to a program or server", processes::kill;
    "less", "less [FILE…]", "shows text page by page: space, b, arrows, / searches, q ends", {screens::less};
    "ln", "ln [-s] EXISTING NEW", "another name of a file, with -s a symbolic link", files::ln;
    "log", "log [-n LINES] [-f]", "the last lines of the system log; -f goes on until Ctrl-C", log::log;
    "ls", "ls [-l] [-a] [-1] [-R] [PATH…]", "lists directories: -l all about files, -a hidden ones too, -1 one a line, -R with all below", files::ls;
    "lspci", "lspci [SLOT]", "PCI functions, or all about one: BARs and capabilities", devices::lspci;
    "mem", "mem", "memory and kernel objects", machine::mem;
    "mkdir", "mkdir [-p] DIRECTORY…", "makes directories, with -p those above too", files::mkdir;
    "mktemp", "mktemp [-d]", "makes an empty file in /tmp, with -d a directory, and tells its name", files::mktemp;
    "mv", "mv FROM… TO", "renames or moves", files::mv;
    "nc", "nc HOST PORT [WORD…]", "connects, sends a line, prints what comes", net::nc;
    "netstat", "netstat", "connections and ports", net::netstat;
    "nslookup", "nslookup NAME", "the addresses of a name", net::nslookup;
    "ntp", "ntp HOST [PORT]", "asks a time server and sets the clock", ntp::ntp;
    "ping", "ping HOST [COUNT]", "asks a host for an answer", net::ping;
    "printf", "printf FORMAT [WORD…]", "prints words by a format: %s %d %x %c, widths such as %-8s and %03d, \\n", words::printf;
    "programs", "programs", "the programs that `run` knows", programs::programs;
    "ps", "ps", "servers and programs: state, CPU time, memory", processes::ps;
    "pwd", "pwd", "the working directory", files::pwd;
    "read", "read [-r] [-p PROMPT] NAME…", "sets variables to the words of a line of the input; the last one gets the rest", (reader language::read);
    "restart", "restart SERVER", "starts a server, or starts it again", servers::restart;
    "rm", "rm [-r] [-f] PATH…", "removes files, with -r directories; -f says nothing of what is not there", files::rm;
    "rmdir", "rmdir DIRECTORY…", "removes empty directories", files::rmdir;
    "run", "run PROGRAM [ARGUMENT…] [&]", "runs a program and waits, or with & does not wait", program;
    "selftest", "selftest", "checks the running system", selftest::selftest;
    "seq", "seq [FIRST [STEP]] LAST", "numbers, a line each", basics::seq;
    "servers", "servers", "servers: state, restarts, last fault", servers::servers;
    "services", "services [NAME]", "lists services, or the methods of one", services::services;
    "set", "set [-- WORD…]", "lists the variables, or sets the arguments of a script", language::set;
    "sh", "sh FILE [ARGUMENT…]", "carries out the lines of a file; - is its input", (reader files::sh);
    "sha256sum", "sha256sum [FILE…]", "SHA-256 of files, or of its input", [filters::sha256sum];
    "shift", "shift [NUMBER]", "drops the first arguments of a script", language::shift;
    "shutdown", "shutdown [STATUS]", "syncs all volumes and ends the system, with the status of the last command", basics::shutdown;
    "sleep", "sleep SECONDS", "waits", basics::sleep;
    "sort", "sort [-r] [-n] [FILE…]", "sorts lines: -n by number, -r backwards", [filters::sort];
    "stat", "stat PATH…", "all about files", files::stat;
    "status", "status", "the status of the last command", basics::status;
    "strace", "strace SERVER [COMMAND…]", "a server's system calls while a command runs, or for 2 seconds", trace::strace;
    "sync", "sync [PATH…]", "makes all last that was written", files::sync;
    "tail", "tail [-n LINES|-c BYTES] [FILE…]", "the last lines or bytes", [filters::tail];
    "tcpdump", "tcpdump -w FILE [COMMAND…]", "frames of the card into a pcap file, while a command runs or until Ctrl-C", capture::tcpdump;
    "tee", "tee [-a] FILE…", "writes its input to files, too; -a at their ends", {filters::tee};
    "test", "test [!] [-e|-f|-d|-L|-s FILE | -n|-z TEXT | A =|!=|-eq|-ne|-lt|-le|-gt|-ge B]", "succeeds when it is so", files::test;
    "time", "time COMMAND…", "tells how long a command or pipeline takes", basics::time;
    "top", "top [SECONDS]", "use of the CPUs: servers, programs, user, kernel, idle", top::top;
    "touch", "touch FILE…", "makes empty files, or sets the time of their last change", files::touch;
    "tr", "tr [-d] FROM [TO]", "replaces characters, or removes them: a-z is a range", [filters::tr];
    "true", "true", "succeeds", basics::success;
    "type", "type NAME…", "as `which`", words::which;
    "uniq", "uniq [-c] [-d] [FILE…]", "lines that differ from the one before: -c counted, -d only the repeated", [filters::uniq];
    "unset", "unset NAME…", "forgets variables", language::unset;
    "uptime", "uptime", "time since boot", machine::uptime;
    "wait", "wait PID", "waits for a program that runs in the background", programs::wait;
    "wc", "wc [-l] [-w] [-c] [FILE…]", "counts lines, words and bytes", [filters::wc];
    "wget", "wget [-O FILE] URL", "fetches a file by HTTP and tells its size, rate and CRC-32; -O - writes it to the output", net::wget;
    "which", "which NAME…", "what a name at the prompt runs", words::which;
    "xargs", "xargs [-n WORDS] [COMMAND…]", "runs a command with the words of its input", (reader words::xargs);
};

/// The command with this name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
