//! What a process of a test is given at its start.

use crate::recipe::Recipe;
use crate::server::Main;
use crate::{Client, Server, System};
use std::sync::Arc;
use sys::{Object, Quota, Rights};

/// A program that was not started: its name, arguments and handles, as in a manifest.
#[derive(Debug)]
#[must_use = "it is not started yet"]
pub struct Program<'a> {
    system: &'a System,
    recipe: Recipe,
}

impl System {
    /// A program of this name, which is given nothing yet.
    pub fn program(&self, name: &str) -> Program<'_> {
        Program { system: self, recipe: Recipe::new(name) }
    }

    /// Starts a server that is given its endpoint and nothing else.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn serve(
        &self,
        name: &str,
        main: impl Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync + 'static,
    ) -> Server<'_> {
        self.program(name).serve(main)
    }
}

impl<'a> Program<'a> {
    /// An argument.
    pub fn arg(mut self, text: &str) -> Self {
        self.recipe.line("arg", text);
        self
    }

    /// Another line of its startup block, such as what init tells one server alone.
    pub fn fact(mut self, key: &str, text: &str) -> Self {
        self.recipe.line(key, text);
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

    /// Starts it as a server: it gets an `endpoint` that it receives from. Returns when all
    /// threads of the system wait.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn serve(
        self,
        main: impl Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync + 'static,
    ) -> Server<'a> {
        let main: Main = Arc::new(main);
        Server::start(self.system, self.recipe, main)
    }

    /// Starts it as a script, whose result the test can have.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn script<T: Send + 'static>(
        self,
        script: impl FnOnce(rt::Env) -> T + Send + 'static,
    ) -> Client<T> {
        Client::start(self.system, &self.recipe, script)
    }
}
