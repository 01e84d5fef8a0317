//! Ctrl-C, Ctrl-Z, Ctrl-\\ and Ctrl-] while a command runs: a thread that waits for them, tells
//! `proc`, and tells the shell of Ctrl-C.

use crate::trouble::Trouble;
use console_api::{ControlKey, TerminalSource};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use proc_api::{ProcClient, Signal};
use queue::Bell;
use service::{CallError, Never};
use sys::{Endpoint, Error, Notification, Priority, Rights};

const STACK_PAGES: u64 = 8;
const PAUSE_NS: u64 = 100_000_000;
/// The bit of Ctrl-C.
const PRESSED: u64 = 1;
/// The bit of the pipes of programs.
const NEWS: u64 = 1 << 1;

/// The program that the shell waits for; 0: none.
static AWAITED: AtomicU32 = AtomicU32::new(0);

/// Says which program the shell waits for from now on; 0: none. Ctrl-] stops it, even when it
/// has left the group in the foreground.
pub(crate) fn set_awaited(pid: u32) {
    AWAITED.store(pid, Ordering::Relaxed);
}

/// What wakes the shell while it carries out a line: Ctrl-C and pipes.
#[derive(Debug)]
pub(crate) struct Interrupts {
    bell: Notification,
    programs: Programs,
    pressed: Cell<bool>,
    /// A pipe rang and nothing has waited for it yet.
    news: Cell<bool>,
}

impl Interrupts {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(crate) fn watch(env: &rt::Env) -> Result<Self, Error> {
        let (programs, terminal) = (Programs::of(env)?, TerminalSource::of(env));
        let theirs = programs.twin()?;
        let bell = Notification::create()?;
        let ringer = bell.copy(Rights::SIGNAL)?;
        let thread = sys::spawn_thread(STACK_PAGES, Priority(20), move || {
            loop {
                serve(&terminal, &theirs, &ringer);
                // A server was away: again, in a moment.
                sys::sleep_for(PAUSE_NS);
            }
        });
        thread.map(drop)?;
        Ok(Self { bell, programs, pressed: Cell::new(false), news: Cell::new(false) })
    }

    /// A connection to `proc`.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn proc(&self) -> Result<ProcClient, CallError<Never>> {
        self.programs.connect()
    }

    /// A new line begins: what was pressed before is not for it.
    pub(crate) fn clear(&self) {
        self.look(self.bell.poll());
        self.pressed.set(false);
    }

    /// Ctrl-C ended what was reading: the commands behind it are to end, too.
    pub(crate) fn press(&self) {
        self.pressed.set(true);
    }

    /// Whether Ctrl-C was pressed since the line began.
    ///
    /// # Errors
    /// [`Trouble::Interrupted`] if so.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        self.look(self.bell.poll());
        if self.pressed.get() { Err(Trouble::Interrupted) } else { Ok(()) }
    }

    /// Waits for the deadline, Ctrl-C or a pipe.
    ///
    /// # Errors
    /// [`Trouble::Interrupted`].
    pub(crate) fn wait(&self, deadline_ns: u64) -> Result<(), Trouble> {
        if !self.news.replace(false) {
            self.look(self.bell.wait(deadline_ns));
            self.news.set(false);
        }
        self.check()
    }

    /// Waits for a time unless Ctrl-C is pressed.
    ///
    /// # Errors
    /// [`Trouble::Interrupted`].
    pub(crate) fn sleep(&self, ns: u64) -> Result<(), Trouble> {
        let until = sys::clock().saturating_add(ns);
        while sys::clock() < until {
            self.wait(until)?;
        }
        Ok(())
    }

    /// A bell for a pipe.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(crate) fn pipe_bell(&self) -> Result<Bell, Error> {
        Ok(Bell::new(self.bell.copy(Rights::SIGNAL | Rights::TRANSFER)?, NEWS))
    }

    fn look(&self, bits: Result<u64, Error>) {
        let bits = bits.unwrap_or(0);
        self.pressed.set(self.pressed.get() || bits & PRESSED != 0);
        self.news.set(self.news.get() || bits & NEWS != 0);
    }
}

/// The way to `proc`: its own endpoint when `proc` has started this shell, which is known by that.
#[derive(Debug)]
struct Programs {
    own: Option<Endpoint>,
    names: Endpoint,
}

impl Programs {
    fn of(env: &rt::Env) -> Result<Self, Error> {
        let rights = Rights::SEND | Rights::TRANSFER;
        let own = env.copy_handle("proc", rights).ok().map(Endpoint::from);
        Ok(Self { own, names: env.names().copy(rights)? })
    }

    /// The same for another thread.
    fn twin(&self) -> Result<Self, Error> {
        let copy = |endpoint: &Endpoint| endpoint.copy(Rights::SEND | Rights::TRANSFER);
        Ok(Self { own: self.own.as_ref().map(copy).transpose()?, names: copy(&self.names)? })
    }

    fn connect(&self) -> Result<ProcClient, CallError<Never>> {
        let Some(own) = &self.own else { return ProcClient::connect(&self.names) };
        own.copy(Rights::SEND).map(ProcClient::from_endpoint).map_err(CallError::Kernel)
    }
}

fn serve(terminal: &TerminalSource, programs: &Programs, ringer: &Notification) {
    let Ok(console) = terminal.connect() else { return };
    while let Ok(key) = console.wait_control() {
        if key == ControlKey::Interrupt {
            // The notification lives as long as the shell.
            let _ = ringer.signal(PRESSED);
        }
        let Ok(proc) = programs.connect() else { return };
        // A group that is gone needs no signal.
        let _ = proc.signal_foreground(signal_of(key).number());
        let awaited = AWAITED.load(Ordering::Relaxed);
        if key == ControlKey::Attention && awaited != 0 {
            let _ = proc.kill(awaited, Signal::STOP.number());
        }
    }
}

/// What the foreground gets; no program can handle or ignore SIGSTOP.
fn signal_of(key: ControlKey) -> Signal {
    match key {
        ControlKey::Interrupt => Signal::INT,
        ControlKey::Suspend => Signal::TSTP,
        ControlKey::Quit => Signal::QUIT,
        ControlKey::Attention => Signal::STOP,
    }
}
