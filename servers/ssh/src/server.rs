//! All connections, and their terminals as a service.

use crate::accept::Acceptor;
use crate::keys;
use crate::link::{self, Link, PRIORITY, Start};
use crate::plain::LineReply;
use crate::protocol::{Connection, PublicKey};
use crate::shell;
use crate::terminal::{Kind, Terminal};
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{Console, ConsoleError, ControlKey, Input, RawKey, Size};
use core::cell::{Cell, RefCell};
use ed25519_dalek::SigningKey;
use executor::{Executor, Remote};
use files::Namespace;
use net_api::TcpStream;
use proc_api::ProcClient;
use random_api::RandomClient;
use service::{Caller, Reply};
use sys::{Endpoint, Failure, Rights};

/// The most connections.
const LINKS_MAX: usize = 4;
/// The badges of terminals: above those of clients in the manifest, below those of sessions.
const FIRST_BADGE: u64 = 1 << 62;
/// The pause before random bytes are asked for again.
const PAUSE_NS: u64 = 1_000_000_000;

/// What all tasks share.
struct Shared {
    executor: Executor,
    names: Endpoint,
    /// Of which terminals are badged copies.
    endpoint: Endpoint,
    links: RefCell<Vec<Rc<Link>>>,
    next_badge: Cell<u64>,
}

/// Serves for ever.
///
/// # Errors
/// When it was not given what it needs.
pub fn run(env: rt::Env) -> Result<(), Failure> {
    let rights = Rights::SEND | Rights::TRANSFER;
    let mounts = Namespace::of(&env)?.mounts().cloned().collect();
    let acceptor = Acceptor::new(env.names().copy(rights)?, mounts, keys::told(&env));
    let endpoint: Endpoint = env.handle("endpoint")?;
    let executor = Executor::new()?;
    let shared = Rc::new(Shared {
        executor: executor.clone(),
        names: env.names().copy(rights)?,
        endpoint: endpoint.copy(rights | Rights::MINT)?,
        links: RefCell::default(),
        next_badge: Cell::new(FIRST_BADGE),
    });
    let acceptor = Remote::new(&executor, acceptor, PRIORITY)?;
    executor.spawn(accept(shared.clone(), acceptor)).detach();
    executor.serve::<dyn Console>(endpoint, &mut Terminals(shared))?;
    Ok(())
}

async fn accept(shared: Rc<Shared>, acceptor: Remote<Acceptor>) {
    if !acceptor.start(Acceptor::has_keys).await {
        crate::log("off: no key may log in; add one to /etc/ssh/authorized_keys and `restart ssh`");
        return;
    }
    let host = host_key(&shared, &acceptor).await;
    loop {
        let (stream, keys) = acceptor.start(Acceptor::accept).await;
        shared.admit(&stream, keys, host.clone());
    }
}

/// The key of the host: the kept one, or a new one.
async fn host_key(shared: &Rc<Shared>, acceptor: &Remote<Acceptor>) -> SigningKey {
    if let Some(key) = acceptor.start(|it| keys::kept_host(&it.files()?)).await {
        return key;
    }
    let mut seed = [0; 32];
    while !fill(&shared.names, &mut seed) {
        shared.executor.sleep_for(PAUSE_NS).await;
    }
    let key = SigningKey::from_bytes(&seed);
    let copy = key.clone();
    let kept = acceptor
        .start(move |it| it.files().is_some_and(|files| keys::keep_host(&files, &copy)))
        .await;
    crate::log(if kept { "a host key was made" } else { "a host key was made for this start" });
    key
}

/// Fills a buffer with random bytes; false when there are none.
fn fill(names: &Endpoint, buffer: &mut [u8]) -> bool {
    let count = u16::try_from(buffer.len()).unwrap_or(0);
    let random = RandomClient::connect(names).ok();
    match random.and_then(|random| random.bytes(count).ok()) {
        Some(bytes) if bytes.len() == buffer.len() => {
            buffer.copy_from_slice(&bytes);
            true
        }
        _ => false,
    }
}

impl Shared {
    /// Serves a new connection, if there is room for it.
    fn admit(self: &Rc<Self>, stream: &TcpStream, keys: Vec<PublicKey>, host: SigningKey) {
        self.links.borrow_mut().retain(|link| !link.is_closed());
        if self.links.borrow().len() >= LINKS_MAX {
            let links = self.links.borrow();
            let Some(oldest) = links.iter().find(|link| !link.is_logged_in()) else {
                return crate::log("a connection is refused: there are as many as there can be");
            };
            oldest.close();
        }
        self.links.borrow_mut().retain(|link| !link.is_closed());
        let badge = self.next_badge.get();
        self.next_badge.set(badge.wrapping_add(1) | FIRST_BADGE);
        let shared = self.clone();
        let random = Box::new(move |buffer: &mut [u8]| fill(&shared.names, buffer));
        let link = Rc::new(Link::new(badge, Connection::new(host, keys, random)));
        let (shared, ended) = (self.clone(), self.clone());
        let start: Rc<Start> = Rc::new(move |link, command| shared.start(link, command));
        let of = link.clone();
        let end = move || ended.end(&of);
        match link::serve(&self.executor, &link, stream.session(), start, end) {
            Ok(()) => self.links.borrow_mut().push(link),
            Err(error) => {
                link.close();
                crate::log(&format!("a connection is refused: {error}"));
            }
        }
    }

    /// Starts the shell of a session.
    fn start(self: &Rc<Self>, link: &Rc<Link>, command: Option<String>) {
        if let Err(why) = self.try_start(link, command) {
            crate::log(&format!("no shell: {why}"));
            link.fail(&why);
        }
    }

    fn try_start(self: &Rc<Self>, link: &Rc<Link>, command: Option<String>) -> Result<(), String> {
        let text = |error: sys::Error| format!("{error}");
        let rights = Rights::SEND | Rights::TRANSFER;
        let terminal = self.endpoint.badged(rights, link.badge).map_err(text)?;
        let proc = ProcClient::connect(&self.names).map_err(|error| format!("{error}"))?;
        let remote = Remote::new(&self.executor, proc, PRIORITY).map_err(text)?;
        let (link, shared) = (link.clone(), self.clone());
        let task = async move {
            let started =
                remote.start(move |proc| shell::start(proc, terminal, command.as_deref()));
            let pid = match started.await {
                Ok(pid) => pid,
                Err(why) => return link.fail(&why),
            };
            link.shell.set(Some(pid));
            if link.is_closed() {
                shared.end(&link);
            }
            let status = remote.start(move |proc| shell::wait(proc, pid)).await;
            link.shell.set(None);
            link.status.set(Some(status));
            link.ring();
        };
        self.executor.spawn(task).detach();
        Ok(())
    }

    /// A connection has ended: its shell ends, too.
    fn end(&self, link: &Rc<Link>) {
        self.links.borrow_mut().retain(|other| !Rc::ptr_eq(other, link));
        if let Some(pid) = link.shell.get()
            && let Ok(proc) = ProcClient::connect(&self.names)
        {
            shell::hang_up(&proc, pid);
        }
    }

    fn link(&self, caller: &Caller) -> Option<Rc<Link>> {
        let links = self.links.borrow();
        links.iter().find(|link| link.badge == caller.badge() && !link.is_closed()).cloned()
    }
}

/// The terminals of all sessions, each by its badge.
struct Terminals(Rc<Shared>);

impl Terminals {
    /// Does something on the caller's terminal; without one, `gone` is the answer.
    fn on<A, T>(
        &self,
        caller: &Caller,
        argument: A,
        work: impl FnOnce(&mut Terminal, A) -> T,
        gone: impl FnOnce(A) -> T,
    ) -> T {
        let Some(link) = self.0.link(caller) else { return gone(argument) };
        let result = match link.terminal() {
            Some(mut terminal) => work(&mut terminal, argument),
            None => return gone(argument),
        };
        link.ring();
        result
    }

    fn read(&self, caller: &Caller, (prompt, ticket): (String, u64), reply: LineReply) {
        let work = |terminal: &mut Terminal, reply| match (&mut terminal.kind, reply) {
            (Kind::Edited(server), LineReply::Line(reply)) => {
                server.read_line(caller, prompt, ticket, reply);
            }
            (Kind::Edited(server), LineReply::LineOrTab(reply)) => {
                server.read_or_tab(caller, prompt, ticket, reply);
            }
            (Kind::Plain(_), reply) => terminal.read_plain(reply),
        };
        self.on(caller, reply, work, |reply| reply.refuse(ConsoleError::Gone));
    }

    /// Does something that only a terminal that edits can.
    fn edited<T>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&mut dyn Console) -> Result<T, ConsoleError>,
        plain: Result<T, ConsoleError>,
    ) -> Result<T, ConsoleError> {
        let work = |terminal: &mut Terminal, plain| match &mut terminal.kind {
            Kind::Edited(server) => work(&mut **server),
            Kind::Plain(_) => plain,
        };
        self.on(caller, plain, work, |_| Err(ConsoleError::Gone))
    }
}

impl Console for Terminals {
    fn write(&mut self, caller: &Caller, text: String, reply: Reply<Result<(), ConsoleError>>) {
        let work = |terminal: &mut Terminal, reply| terminal.write(&text, reply);
        self.on(caller, reply, work, |reply| reply.send(Err(ConsoleError::Gone)));
    }

    fn read_line(
        &mut self,
        caller: &Caller,
        prompt: String,
        ticket: u64,
        reply: Reply<Result<String, ConsoleError>>,
    ) {
        self.read(caller, (prompt, ticket), LineReply::Line(reply));
    }

    fn read_or_tab(
        &mut self,
        caller: &Caller,
        prompt: String,
        ticket: u64,
        reply: Reply<Result<Input, ConsoleError>>,
    ) {
        self.read(caller, (prompt, ticket), LineReply::LineOrTab(reply));
    }

    fn type_text(&mut self, caller: &Caller, text: String) -> Result<(), ConsoleError> {
        self.edited(caller, |server| server.type_text(caller, text), Ok(()))
    }

    fn set_history(&mut self, caller: &Caller, lines: Vec<String>) -> Result<(), ConsoleError> {
        self.edited(caller, |server| server.set_history(caller, lines), Ok(()))
    }

    fn read_key(&mut self, caller: &Caller, reply: Reply<Result<RawKey, ConsoleError>>) {
        let work = |terminal: &mut Terminal, reply: Reply<_>| match &mut terminal.kind {
            Kind::Edited(server) => server.read_key(caller, reply),
            // There is no screen: what wants keys ends.
            Kind::Plain(_) => reply.send(Err(ConsoleError::EndOfInput)),
        };
        self.on(caller, reply, work, |reply| reply.send(Err(ConsoleError::Gone)));
    }

    fn size(&mut self, caller: &Caller) -> Result<Size, ConsoleError> {
        self.edited(caller, |server| server.size(caller), Ok(Terminal::usual_size()))
    }

    fn wait_control(&mut self, caller: &Caller, reply: Reply<Result<ControlKey, ConsoleError>>) {
        let work = |terminal: &mut Terminal, reply| match &mut terminal.kind {
            Kind::Edited(server) => server.wait_control(caller, reply),
            Kind::Plain(plain) => plain.wait(reply),
        };
        self.on(caller, reply, work, |reply| reply.send(Err(ConsoleError::Gone)));
    }

    fn set_foreground(&mut self, _: &Caller, _: Vec<u64>) -> Result<(), ConsoleError> {
        // All programs of a session have one badge: `proc` alone knows the foreground.
        Err(ConsoleError::NotLeader)
    }
}
