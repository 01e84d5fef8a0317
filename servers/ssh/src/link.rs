//! A connection, and the tasks that serve it.
//!
//! **Shape.** `receive` takes bytes from `net`, `send` gives it some, `guard` looks at the time, and
//! `pump` does all in between. They share the state and ring each other; each ends when the
//! connection is closed.

use crate::protocol::{Cells, Connection, Fault, Happened};
use crate::shell;
use crate::terminal::{Terminal, shown};
use crate::wake::Wake;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell, RefMut};
use executor::{Executor, Remote};
use net_api::{Interest, NetError, StreamClient};
use sys::Priority;

/// The priority of all threads: that of the manifest. Tests have no higher one than 20.
pub(crate) const PRIORITY: Priority = Priority(if cfg!(test) { 20 } else { 25 });
/// Bytes that are received, and sent, at a time.
const PIECE: usize = 4096;
const SEND_MAX: usize = 16 << 10;
/// Bytes for the client that wait, from which on no more are made.
const OUTPUT_MAX: usize = 32 << 10;
/// The most bytes of answers that a client leaves unread.
const UNREAD_MAX: usize = 128 << 10;
/// How long a wait for bytes lasts before it is seen whether the connection is closed.
const LOOK_NS: u64 = 1_000_000_000;
/// How long a client may take nothing.
const STUCK_NS: u64 = 60_000_000_000;
/// How long a login may take.
const LOGIN_NS: u64 = 20_000_000_000;
/// How often a silent client is asked whether it is there, and how often it may not answer.
const ASK_NS: u64 = 15_000_000_000;
const UNANSWERED_MAX: u32 = 4;
/// How long a client may take to close a session that has ended.
const CLOSE_NS: u64 = 5_000_000_000;
/// The longest command.
const COMMAND_MAX: usize = 4096;

const RECEIVE: Interest = Interest { receive: true, send: false };
const SEND: Interest = Interest { receive: false, send: true };

type Bytes = Remote<StreamClient>;

/// What starts the shell of a session: the link, and the command if there is one.
pub(crate) type Start = dyn Fn(&Rc<Link>, Option<String>);

/// A connection.
pub(crate) struct Link {
    /// The badge of its terminal.
    pub(crate) badge: u64,
    state: RefCell<Connection>,
    terminal: RefCell<Option<Terminal>>,
    cells: Cell<Option<Cells>>,
    pub(crate) shell: Cell<Option<u32>>,
    /// The status of the shell, once it has ended.
    pub(crate) status: Cell<Option<u32>>,
    /// Whether the session was told of its end.
    is_ended: Cell<bool>,
    closed: Cell<bool>,
    /// Bytes are on their way to `net`: what is written meanwhile goes out together.
    sending: Cell<bool>,
    /// Bytes came since the last look.
    heard: Cell<bool>,
    pump: Wake,
    send: Wake,
    receive: Wake,
}

impl Link {
    pub(crate) fn new(badge: u64, connection: Connection) -> Self {
        Self {
            badge,
            state: RefCell::new(connection),
            terminal: RefCell::default(),
            cells: Cell::default(),
            shell: Cell::default(),
            status: Cell::default(),
            is_ended: Cell::default(),
            closed: Cell::default(),
            sending: Cell::default(),
            heard: Cell::default(),
            pump: Wake::default(),
            send: Wake::default(),
            receive: Wake::default(),
        }
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.state.borrow().is_logged_in()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Its terminal, while the connection is open.
    pub(crate) fn terminal(&self) -> Option<RefMut<'_, Terminal>> {
        RefMut::filter_map(self.terminal.borrow_mut(), Option::as_mut).ok()
    }

    /// Something has happened on the terminal, or to the shell.
    pub(crate) fn ring(&self) {
        self.pump.ring();
    }

    /// Ends the connection: the tasks see it.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        if let Some(mut terminal) = self.terminal.take() {
            terminal.close();
        }
        for wake in [&self.pump, &self.send, &self.receive] {
            wake.ring();
        }
    }

    /// Does what there is to do. Returns whether the connection is over.
    fn step(&self, start: &mut dyn FnMut(Option<String>)) -> Result<bool, Fault> {
        loop {
            // Bytes that no program reads stay over there: then nothing else is read either.
            if self.terminal().is_some_and(|mut terminal| {
                terminal.take_input();
                terminal.waiting() > SEND_MAX
            }) {
                break;
            }
            let Some(happened) = self.state.borrow_mut().next()? else { break };
            if self.happened(happened, start)? {
                return Ok(true);
            }
            if self.state.borrow_mut().output().len() > UNREAD_MAX {
                return Err(Fault::Unread);
            }
        }
        self.pass_output()?;
        let flushed = self.terminal().is_none_or(|terminal| terminal.is_flushed());
        if let Some(status) = self.status.get()
            && flushed
            && !self.is_ended.replace(true)
        {
            self.state.borrow_mut().exit(status)?;
        }
        Ok(false)
    }

    fn pass_output(&self) -> Result<(), Fault> {
        let Some(mut terminal) = self.terminal().filter(|_| !self.sending.get()) else {
            return Ok(());
        };
        let mut state = self.state.borrow_mut();
        while state.output().len() < OUTPUT_MAX {
            if terminal.pass_output(|bytes| state.send_data(bytes))? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether the connection is over.
    fn happened(
        &self,
        happened: Happened,
        start: &mut dyn FnMut(Option<String>),
    ) -> Result<bool, Fault> {
        match happened {
            Happened::LoggedIn(place) => crate::log(&format!("a login by key {}", place + 1)),
            Happened::Terminal(cells) => self.cells.set(Some(cells)),
            Happened::Started(command) => self.started(command, start),
            Happened::Data(bytes) => {
                if let Some(mut terminal) = self.terminal() {
                    terminal.push(&bytes);
                }
                self.state.borrow_mut().used(bytes.len())?;
            }
            Happened::Resized(cells) => self.with_terminal(|terminal| terminal.resize(cells)),
            Happened::Eof => self.with_terminal(Terminal::end),
            Happened::Signal(name) => self.with_terminal(|terminal| terminal.signal(&name)),
            Happened::Closed => return Ok(true),
            Happened::Alive => {}
        }
        Ok(false)
    }

    fn with_terminal(&self, work: impl FnOnce(&mut Terminal)) {
        if let Some(mut terminal) = self.terminal() {
            work(&mut terminal);
        }
    }

    fn started(&self, command: Option<String>, start: &mut dyn FnMut(Option<String>)) {
        self.terminal.replace(Some(Terminal::new(self.cells.get())));
        if command.as_ref().is_some_and(|line| line.len() > COMMAND_MAX) {
            return self.fail(&format!("the command is longer than {COMMAND_MAX} bytes"));
        }
        match &command {
            Some(line) => crate::log(&format!("a session with `{}`", shown(line))),
            None => crate::log("a session with the shell"),
        }
        start(command);
    }

    /// The session cannot have a shell.
    pub(crate) fn fail(&self, why: &str) {
        self.with_terminal(|terminal| terminal.say(&format!("ssh: {why}\r\n")));
        self.status.set(Some(shell::NOT_STARTED));
        self.ring();
    }
}

/// Starts the tasks of a connection. `ended` is called at its end.
///
/// # Errors
/// When there can be no more threads.
pub(crate) fn serve(
    executor: &Executor,
    link: &Rc<Link>,
    stream: &StreamClient,
    start: Rc<Start>,
    ended: impl FnOnce() + 'static,
) -> Result<(), sys::Error> {
    let receiver = Remote::new(executor, stream.twin(), PRIORITY)?;
    let sender = Remote::new(executor, stream.twin(), PRIORITY)?;
    executor.spawn(receive(link.clone(), receiver)).detach();
    executor.spawn(send(link.clone(), sender)).detach();
    executor.spawn(guard(executor.clone(), link.clone())).detach();
    let (link, executor) = (link.clone(), executor.clone());
    executor.clone().spawn(pump(link, executor, start, ended)).detach();
    Ok(())
}

async fn pump(link: Rc<Link>, executor: Executor, start: Rc<Start>, ended: impl FnOnce()) {
    while !link.is_closed() {
        let mut begin = |command| start(&link, command);
        match link.step(&mut begin) {
            Ok(false) => {}
            Ok(true) => break,
            Err(fault) => {
                if fault != Fault::Disconnected {
                    crate::log(&format!("a connection ends: {fault}"));
                }
                link.state.borrow_mut().disconnect(fault);
                break;
            }
        }
        link.send.ring();
        link.receive.ring();
        link.pump.wait().await;
    }
    // What says why it ends, and that the session has ended, still goes out.
    link.send.ring();
    let flushed = async {
        while !link.is_closed() && !link.state.borrow_mut().output().is_empty() {
            link.pump.wait().await;
        }
    };
    // A client that takes nothing does not hear why.
    let _ = executor.within(CLOSE_NS, flushed).await;
    link.close();
    ended();
}

async fn receive(link: Rc<Link>, bytes: Bytes) {
    while !link.is_closed() {
        match bytes.start(received).await {
            Ok(None) => continue,
            Ok(Some(piece)) if !piece.is_empty() => {
                link.heard.set(true);
                link.state.borrow_mut().receive(&piece);
            }
            Ok(_) | Err(_) => return link.close(),
        }
        link.pump.ring();
        // Not more than the pump has taken.
        link.receive.wait().await;
    }
}

/// The bytes that are there; none: the end. `None` when nothing came for a while.
fn received(stream: &StreamClient) -> Result<Option<Vec<u8>>, NetError> {
    match stream.within(LOOK_NS).wait(RECEIVE).map_err(NetError::from) {
        Ok(_) => {}
        Err(NetError::TimedOut) => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut piece = [0; PIECE];
    match stream.receive(&mut piece[..]).map_err(NetError::from) {
        Err(NetError::WouldBlock) => Ok(None),
        Err(error) => Err(error),
        Ok(count) => {
            let count = usize::try_from(count).unwrap_or(PIECE).min(PIECE);
            Ok(Some(piece.get(..count).unwrap_or(&[]).to_vec()))
        }
    }
}

async fn send(link: Rc<Link>, bytes: Bytes) {
    while !link.is_closed() {
        let piece: Vec<u8> = {
            let mut state = link.state.borrow_mut();
            let output = state.output();
            let count = output.len().min(SEND_MAX);
            output.drain(..count).collect()
        };
        if piece.is_empty() {
            link.send.wait().await;
            continue;
        }
        link.sending.set(true);
        let sent = bytes.start(move |stream| sent(stream, &piece)).await;
        link.sending.set(false);
        if sent.is_err() {
            return link.close();
        }
        link.pump.ring();
    }
}

fn sent(stream: &StreamClient, mut bytes: &[u8]) -> Result<(), NetError> {
    while !bytes.is_empty() {
        match stream.send(bytes).map_err(NetError::from) {
            Err(NetError::WouldBlock) => {
                stream.within(STUCK_NS).wait(SEND)?;
            }
            Err(error) => return Err(error),
            Ok(count) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                bytes = bytes.get(count..).ok_or(NetError::Gone)?;
            }
        }
    }
    Ok(())
}

/// Ends logins that take too long, sessions that are not closed, and clients that are gone.
async fn guard(executor: Executor, link: Rc<Link>) {
    executor.sleep_for(LOGIN_NS).await;
    if !link.is_logged_in() {
        return link.close();
    }
    let mut unanswered = 0;
    while !link.is_closed() {
        if link.is_ended.get() {
            executor.sleep_for(CLOSE_NS).await;
            return link.close();
        }
        executor.sleep_for(ASK_NS).await;
        if link.heard.replace(false) {
            unanswered = 0;
            continue;
        }
        unanswered += 1;
        let asked = link.state.borrow_mut().ask();
        if unanswered > UNANSWERED_MAX || asked.is_err() {
            return link.close();
        }
        link.send.ring();
    }
}
