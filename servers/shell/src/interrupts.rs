//! Ctrl-C, Ctrl-Z and Ctrl-\ while a program runs: a thread that waits for them and tells
//! `proc`.

use console_api::{ConsoleClient, ControlKey};
use proc_api::{ProcClient, Signal};
use sys::{Endpoint, Error, Priority, Rights};

const STACK_PAGES: u64 = 8;
const PAUSE_NS: u64 = 100_000_000;

/// Starts the thread.
pub(crate) fn watch(names: &Endpoint) -> Result<(), Error> {
    let names = names.copy(Rights::SEND)?;
    sys::spawn_thread(STACK_PAGES, Priority(20), move || {
        loop {
            serve(&names);
            // A server was away, or another client took over: again, in a moment.
            sys::sleep_for(PAUSE_NS);
        }
    })
    .map(drop)
}

fn serve(names: &Endpoint) {
    let Ok(console) = ConsoleClient::connect(names) else { return };
    while let Ok(key) = console.wait_control() {
        let Ok(proc) = ProcClient::connect(names) else { return };
        let _ = proc.signal_foreground(signal_of(key).number());
    }
}

fn signal_of(key: ControlKey) -> Signal {
    match key {
        ControlKey::Interrupt => Signal::INT,
        ControlKey::Suspend => Signal::TSTP,
        ControlKey::Quit => Signal::QUIT,
    }
}
