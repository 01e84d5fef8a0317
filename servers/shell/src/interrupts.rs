//! Ctrl-C, Ctrl-Z, Ctrl-\\ and Ctrl-] while a program runs: a thread that waits for them and
//! tells `proc`.

use console_api::{ConsoleClient, ControlKey};
use core::sync::atomic::{AtomicU32, Ordering};
use proc_api::{ProcClient, Signal};
use sys::{Endpoint, Error, Priority, Rights};

const STACK_PAGES: u64 = 8;
const PAUSE_NS: u64 = 100_000_000;

/// The program that the shell waits for; 0: none.
static AWAITED: AtomicU32 = AtomicU32::new(0);

/// Says which program the shell waits for from now on; 0: none. Ctrl-] stops it, even when it
/// has left the group in the foreground.
pub(crate) fn set_awaited(pid: u32) {
    AWAITED.store(pid, Ordering::Relaxed);
}

/// Starts the thread.
pub(crate) fn watch(names: &Endpoint) -> Result<(), Error> {
    let names = names.copy(Rights::SEND)?;
    sys::spawn_thread(STACK_PAGES, Priority(20), move || {
        loop {
            serve(&names);
            // A server was away: again, in a moment.
            sys::sleep_for(PAUSE_NS);
        }
    })
    .map(drop)
}

fn serve(names: &Endpoint) {
    let Ok(console) = ConsoleClient::connect(names) else { return };
    while let Ok(key) = console.wait_control() {
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
