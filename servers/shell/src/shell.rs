//! What commands work with.

use crate::input::Input;
use crate::interrupts::Interrupts;
use crate::shared::{Errors, Shared};
use crate::stream::{Dropped, Output};
use crate::terminal::{ConsoleOutput, Terminal};
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use clock_api::{ClockClient, WallClock};
use core::cell::RefCell;
use files::Namespace;
use init_api::SystemClient;
use names_api::NamesClient;
use net_api::NetClient;
use pci_api::PciClient;
use proc_api::ProcClient;
use sys::{Endpoint, Rights};
use syslog_api::SyslogClient;

/// The most variables, and the most bytes of one with its name.
const VARIABLES_MAX: usize = 256;
const VARIABLE_BYTES: usize = 4096;

/// Connections, variables, the working directory, the output and the last status.
pub struct Shell {
    env: rt::Env,
    pub(crate) terminal: Rc<Terminal>,
    pub(crate) interrupts: Rc<Interrupts>,
    pub(crate) files: Namespace,
    system: SystemClient,
    status: u64,
    /// The status that `exit` ends it with.
    ended: Option<u64>,
    variables: BTreeMap<String, String>,
    /// Those that programs get.
    exported: BTreeSet<String>,
    output: Box<dyn Output>,
    /// Why output failed first, of the command that runs.
    trouble: Option<Trouble>,
    /// Scripts that run inside each other, the last one now.
    pub(crate) scripts: Vec<Script>,
    /// Scripts, `$(…)`, loops and conditions around what runs, and loops of these that it can leave.
    pub(crate) depth: u32,
    pub(crate) loops: u32,
    /// What is being left.
    pub(crate) leaving: Option<Leave>,
    /// The working directory before the last `cd`.
    pub(crate) previous: Option<String>,
    /// Takes output in place of the console: that of `$(…)`, a loop or a group.
    pub(crate) captured: Option<Shared>,
    /// What is read in place of the console.
    pub(crate) input: Option<Rc<RefCell<Input>>>,
    pub(crate) errors: Errors,
}

/// What a command has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// This number of loops.
    Break(u32),
    /// All but one of them; the last one goes on with its next turn.
    Continue(u32),
    /// The script.
    Exit,
}

/// A script that runs.
pub(crate) struct Script {
    /// Its file.
    pub(crate) path: String,
    /// The line that runs.
    pub(crate) line: usize,
    /// What it was called with.
    pub(crate) arguments: Vec<String>,
}

impl Shell {
    /// Connects to what it cannot do without.
    ///
    /// # Errors
    /// When there will never be a console for it, or the kernel refuses a thread.
    pub fn new(env: rt::Env) -> Result<Self, rt::Failure> {
        let system = SystemClient::from_endpoint(env.handle("supervisor")?);
        let terminal = Rc::new(Terminal::connect(&env)?);
        let interrupts = Rc::new(Interrupts::watch(&env)?);
        let output = Box::new(ConsoleOutput::new(terminal.clone(), interrupts.clone()));
        Ok(Self {
            files: Namespace::of(&env)?,
            env,
            terminal,
            interrupts,
            system,
            status: 0,
            ended: None,
            variables: BTreeMap::new(),
            exported: BTreeSet::new(),
            output,
            trouble: None,
            scripts: Vec::new(),
            depth: 0,
            loops: 0,
            leaving: None,
            previous: None,
            captured: None,
            input: None,
            errors: Errors::Terminal,
        })
    }

    /// init.
    pub(crate) fn system(&self) -> &SystemClient {
        &self.system
    }

    /// A connection to `proc`.
    pub(crate) fn proc(&self) -> Result<ProcClient, Trouble> {
        Ok(self.interrupts.proc()?)
    }

    /// A connection to `pci`.
    pub(crate) fn pci(&self) -> Result<PciClient, Trouble> {
        Ok(PciClient::connect(self.env.names())?)
    }

    /// A connection to `net`.
    pub(crate) fn net(&self) -> Result<NetClient, Trouble> {
        Ok(NetClient::connect(self.env.names())?)
    }

    /// A connection to `syslog`.
    pub(crate) fn syslog(&self) -> Result<SyslogClient, Trouble> {
        Ok(SyslogClient::connect(self.env.names())?)
    }

    /// `names`, by its own interface.
    pub(crate) fn names(&self) -> Result<NamesClient, Trouble> {
        Ok(NamesClient::from_endpoint(self.env.names().copy(Rights::SEND)?))
    }

    /// The time of day.
    pub(crate) fn wall_clock(&self) -> Result<WallClock, Trouble> {
        Ok(WallClock::ask(self.env.names())?)
    }

    /// Sets the time of day, in nanoseconds since the start of 1970, UTC.
    pub(crate) fn set_clock(&self, now_ns: u64) -> Result<(), Trouble> {
        Ok(ClockClient::connect(self.env.names())?.set(now_ns)?)
    }

    /// An endpoint of any service.
    pub(crate) fn endpoint(&self, service: &str) -> Result<Endpoint, Trouble> {
        Ok(self.names()?.open(service)?.into())
    }

    /// The status of the last command.
    pub(crate) fn status(&self) -> u64 {
        self.status
    }

    /// Sets it.
    pub(crate) fn set_status(&mut self, status: u64) {
        self.status = status;
    }

    /// The status that it is to end with, after `exit`.
    #[must_use]
    pub fn ended(&self) -> Option<u64> {
        self.ended
    }

    /// Ends the shell after the present command.
    ///
    /// # Errors
    /// On the console: that shell is there as long as the system.
    pub(crate) fn end(&mut self, status: u64) -> Result<(), Trouble> {
        if !self.terminal.is_given() {
            return Err(Trouble::new(
                "the console's shell does not end: `shutdown` ends the system",
            ));
        }
        self.ended = Some(status);
        Ok(())
    }

    /// The value of a variable; `?` is the last status. Empty when it is not set.
    pub(crate) fn variable(&self, name: &str) -> String {
        match (name, name.parse::<usize>()) {
            ("?", _) => self.status.to_string(),
            ("#", _) => self.arguments().len().to_string(),
            ("@" | "*", _) => self.arguments().join(" "),
            (_, Ok(0)) => self.scripts.last().map_or("shell", |script| &script.path).into(),
            (_, Ok(number)) => {
                self.arguments().get(number.saturating_sub(1)).cloned().unwrap_or_default()
            }
            (name, Err(_)) => self.variables.get(name).cloned().unwrap_or_default(),
        }
    }

    /// What the script that runs was called with.
    pub(crate) fn arguments(&self) -> &[String] {
        self.scripts.last().map_or(&[], |script| &script.arguments)
    }

    /// A line of the script that runs begins.
    pub(crate) fn begin_line(&mut self, line: usize) {
        if let Some(script) = self.scripts.last_mut() {
            script.line = line;
        }
    }

    /// All variables, by name.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The variables that programs get.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables().filter(|(name, _)| self.exported.contains(*name))
    }

    /// Gives a variable to programs from now on.
    pub(crate) fn export(&mut self, name: &str) {
        self.exported.insert(name.to_string());
    }

    /// Forgets a variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
        self.exported.remove(name);
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// When there are too many, or it is too long.
    pub(crate) fn set_variable(&mut self, name: &str, value: String) -> Result<(), Trouble> {
        if name.len().saturating_add(value.len()) > VARIABLE_BYTES {
            return Err(Trouble::new(alloc::format!("{name}: longer than 4 KiB")));
        }
        if self.variables.len() >= VARIABLES_MAX && !self.variables.contains_key(name) {
            return Err(Trouble::new(alloc::format!("{name}: there are 256 variables already")));
        }
        self.variables.insert(name.to_string(), value);
        Ok(())
    }

    /// Writes output of a command, wherever that goes.
    ///
    /// # Errors
    /// Why it cannot be written: then the command should end.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        if self.trouble.is_some() {
            return Err(Trouble::Closed);
        }
        self.output.write(bytes)
    }

    /// Prints output of a command; the pipeline tells of a failure when the command has ended.
    pub(crate) fn print(&mut self, text: &str) {
        if let Err(trouble) = self.write(text.as_bytes()) {
            self.trouble.get_or_insert(trouble);
        }
    }

    /// Runs pipelines that write where the command does that runs.
    pub(crate) fn with_shared_output<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let shared = Shared::new(core::mem::replace(&mut self.output, Box::new(Dropped)));
        let before = self.captured.replace(shared.clone());
        let result = work(self);
        self.captured = before;
        self.output = shared.take_back();
        result
    }

    /// Runs work whose output goes into `output`, and ends that. Returns the result of the work,
    /// and of the output.
    pub(crate) fn with_output<T>(
        &mut self,
        output: Box<dyn Output>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (T, Result<Option<u64>, Trouble>) {
        let before = core::mem::replace(&mut self.output, output);
        let trouble_before = self.trouble.take();
        let result = work(self);
        let mut output = core::mem::replace(&mut self.output, before);
        let trouble = core::mem::replace(&mut self.trouble, trouble_before);
        let ended = output.end();
        let ended = match trouble {
            None | Some(Trouble::Closed) => ended,
            Some(trouble) => Err(trouble),
        };
        (result, ended)
    }
}
