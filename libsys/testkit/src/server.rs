//! A server under test.

use crate::life::{Ended, Life};
use crate::recipe::Recipe;
use crate::{Client, System};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use sys::{Endpoint, ProcessInfo, Rights};

/// A program's main function.
pub(crate) type Main = Arc<dyn Fn(rt::Env) -> Result<(), rt::Failure> + Send + Sync>;

/// What init gives to clients.
const CLIENTS: Rights = Rights::SEND.union(Rights::TRANSFER);
/// What it gives to the server itself, which makes badged copies for its sessions.
const SERVER: Rights = Rights::RECEIVE.union(CLIENTS).union(Rights::MINT);

/// A server. The test owns its endpoint, as init does: calls that were not received wait for
/// its next life.
pub struct Server<'a> {
    system: &'a System,
    recipe: Recipe,
    main: Main,
    endpoint: Endpoint,
    life: RefCell<Rc<Life>>,
    clients: Cell<u64>,
}

impl<'a> Server<'a> {
    pub(crate) fn start(system: &'a System, mut recipe: Recipe, main: Main) -> Self {
        let endpoint = match Endpoint::create() {
            Ok(endpoint) => endpoint,
            Err(error) => panic!("an endpoint for `{}`: {error}", recipe.name),
        };
        recipe.grant("endpoint", &endpoint, SERVER, 0);
        let life = RefCell::new(begin(system, &recipe, &main));
        Self { system, recipe, main, endpoint, life, clients: Cell::new(0) }
    }

    /// A way to call it with this badge, for the test itself or to be given on.
    ///
    /// # Panics
    /// When the test has no room for the handle.
    pub fn endpoint(&self, badge: u64) -> Endpoint {
        self.life().told("a client of", self.endpoint.badged(CLIENTS, badge))
    }

    /// Runs a client in a process of its own. Clients have the badges 1, 2, 3, … in the order
    /// of their start.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn client<T: Send + 'static>(
        &self,
        name: &str,
        script: impl FnOnce(Endpoint) -> T + Send + 'static,
    ) -> Client<T> {
        self.clients.set(self.clients.get() + 1);
        let mut recipe = Recipe::new(name);
        recipe.grant("server", &self.endpoint, CLIENTS, self.clients.get());
        Client::start(self.system, &recipe, move |env| match env.handle("server") {
            Ok(endpoint) => script(endpoint),
            Err(failure) => panic!("{failure}"),
        })
    }

    /// Kills it. Callers that wait for its answer get an error; those not yet received wait on.
    pub fn kill(&self) -> Ended {
        self.life().end()
    }

    /// Starts it again, after killing it if it is alive: a new process with the same endpoint.
    ///
    /// # Panics
    /// When the system has no room for it.
    pub fn restart(&self) {
        self.kill();
        self.life.replace(begin(self.system, &self.recipe, &self.main));
    }

    /// It does not come back from its system calls until [`Server::go_on`].
    pub fn hang(&self) {
        self.life().hang();
    }

    /// Ends [`Server::hang`].
    pub fn go_on(&self) {
        self.life().go_on();
    }

    /// Whether its process lives.
    pub fn is_alive(&self) -> bool {
        self.life().is_alive()
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait(&self) -> Ended {
        self.life().wait()
    }

    /// What its process uses, and how it is.
    pub fn info(&self) -> ProcessInfo {
        self.life().info()
    }

    fn life(&self) -> Rc<Life> {
        self.life.borrow().clone()
    }
}

impl core::fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Server").field("life", &self.life).finish_non_exhaustive()
    }
}

fn begin(system: &System, recipe: &Recipe, main: &Main) -> Rc<Life> {
    let main = main.clone();
    let life = recipe.start(system, move || rt::run(move |env| main(env)));
    // Whatever the test does next finds it waiting, as after a boot.
    system.settle();
    life
}
