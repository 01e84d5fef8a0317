//! What a process of a test is given at its start.

use crate::life::Life;
use crate::server::Main;
use crate::{Client, Server, System};
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;
use sys::host::{self, Given};
use sys::{Error, Object, OwnedHandle, Process, Quota, Rights};

/// What a process can use unless [`Program::quota`] says otherwise.
const QUOTA: Quota =
    Quota { pages: 1024, handles: 256, threads: 16, objects: 256, max_priority: 20, reserved: 0 };

/// A program that was not started: its name, arguments and handles, as in a manifest.
#[derive(Debug)]
#[must_use = "it is not started yet"]
pub struct Program<'a> {
    pub(crate) system: &'a System,
    pub(crate) recipe: Recipe,
}

/// What is given, as often as the program is started.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) name: String,
    quota: Quota,
    lines: String,
    grants: Vec<Grant>,
}

#[derive(Debug)]
struct Grant {
    name: String,
    handle: OwnedHandle,
    rights: Rights,
    badge: u64,
}

impl<'a> Program<'a> {
    pub(crate) fn new(system: &'a System, name: &str) -> Self {
        let (lines, grants) = (format!("name {name}\n"), Vec::new());
        let recipe = Recipe { name: name.to_owned(), quota: QUOTA, lines, grants };
        Self { system, recipe }
    }

    /// An argument.
    pub fn arg(mut self, text: &str) -> Self {
        self.recipe.line("arg", text);
        self
    }

    /// The command line that it sees.
    pub fn cmdline(mut self, text: &str) -> Self {
        self.recipe.line("cmdline", text);
        self
    }

    /// What it can use.
    pub fn quota(mut self, quota: Quota) -> Self {
        self.recipe.quota = quota;
        self
    }

    /// A copy of this handle, with at most these rights.
    ///
    /// # Panics
    /// When the handle cannot be copied.
    pub fn handle(self, name: &str, object: &impl Object, rights: Rights) -> Self {
        self.badged(name, object, rights, 0)
    }

    /// The same with a badge.
    ///
    /// # Panics
    /// When the handle cannot be copied.
    pub fn badged(mut self, name: &str, object: &impl Object, rights: Rights, badge: u64) -> Self {
        self.recipe.grant(name, object, rights, badge);
        self
    }

    /// Starts it as a server: it gets an `endpoint` that it receives from. Comes back when it
    /// waits, as everybody else.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn serve(
        self,
        main: impl Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync + 'static,
    ) -> Server<'a> {
        let main: Main = Arc::new(main);
        Server::start(self, main)
    }

    /// Starts it as a script, whose result the test can have.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn script<T: Send + 'static>(
        self,
        script: impl FnOnce(rt::Env) -> T + Send + 'static,
    ) -> Client<T> {
        Client::start(self, script)
    }
}

impl Recipe {
    fn line(&mut self, key: &str, value: &str) {
        // Writing to a string never fails.
        let _ = writeln!(self.lines, "{key} {value}");
    }

    pub(crate) fn grant(&mut self, name: &str, object: &impl Object, rights: Rights, badge: u64) {
        match object.as_handle().copy(Rights::ALL) {
            Ok(handle) => self.grants.push(Grant { name: name.to_owned(), handle, rights, badge }),
            Err(error) => panic!("`{name}` for `{}`: {error}", self.name),
        }
    }

    /// A new process that runs this.
    pub(crate) fn start(&self, system: &System, work: impl FnOnce() + Send + 'static) -> Rc<Life> {
        let made = Life::make(&self.name, &self.quota).and_then(|made| {
            let given = self.give(&made.0)?;
            Life::begin(&self.name, made, (self.lines.clone(), given), work)
        });
        match made {
            Ok(life) => {
                let life = Rc::new(life);
                system.keep(life.clone());
                life
            }
            Err(error) => panic!("starting `{}`: {error}", self.name),
        }
    }

    /// Gives the process its handles.
    fn give(&self, process: &Process) -> Result<Vec<(String, Given)>, Error> {
        let give = |grant: &Grant| {
            let given = host::give(process, grant.handle.as_handle(), grant.rights, grant.badge)?;
            Ok((grant.name.clone(), given))
        };
        self.grants.iter().map(give).collect()
    }
}
