//! Ctrl-C, Ctrl-Z, Ctrl-\\ and Ctrl-] while a command runs: a thread that waits for them, tells
//! `proc`, and tells the shell of Ctrl-C.

use crate::trouble::Trouble;
use console_api::{ConsoleClient, ControlKey};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use proc_api::{ProcClient, Signal};
use queue::Bell;
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
    pressed: Cell<bool>,
    /// A pipe rang and nothing has waited for it yet.
    news: Cell<bool>,
}

impl Interrupts {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub(crate) fn watch(names: &Endpoint) -> Result<Self, Error> {
        let names = names.copy(Rights::SEND)?;
        let bell = Notification::create()?;
        let ringer = bell.copy(Rights::SIGNAL)?;
        let thread = sys::spawn_thread(STACK_PAGES, Priority(20), move || {
            loop {
                serve(&names, &ringer);
                // A server was away: again, in a moment.
                sys::sleep_for(PAUSE_NS);
            }
        });
        thread.map(drop)?;
        Ok(Self { bell, pressed: Cell::new(false), news: Cell::new(false) })
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

fn serve(names: &Endpoint, ringer: &Notification) {
    let Ok(console) = ConsoleClient::connect(names) else { return };
    while let Ok(key) = console.wait_control() {
        if key == ControlKey::Interrupt {
            // The notification lives as long as the shell.
            let _ = ringer.signal(PRESSED);
        }
        let Ok(proc) = ProcClient::connect(names) else { return };
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
