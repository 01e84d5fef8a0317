//! Carries bytes between the user's terminal and a machine, each way on a thread of its own.

use crate::output;
use std::io::{Read as _, Write as _};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::thread::JoinHandle;

/// Bytes that are carried at a time.
const SIZE: usize = 4096;

/// What is typed goes to the machine, until either end is closed. Nothing waits for this one: it
/// reads from the terminal until the command ends.
pub(super) fn typed(mut machine: ChildStdin) {
    std::thread::spawn(move || {
        let mut bytes = [0; SIZE];
        // Read without a buffer: what is typed ahead of the end stays in the terminal.
        while let Ok(count @ 1..) = rustix::io::read(std::io::stdin(), &mut bytes) {
            if machine.write_all(&bytes[..count]).is_err() {
                return;
            }
        }
    });
}

/// What the machine prints is shown, until it is told that it cannot be. Gives whether all was.
pub(super) fn shown(
    mut machine: ChildStdout,
    lost: impl FnOnce() + Send + 'static,
) -> JoinHandle<bool> {
    std::thread::spawn(move || {
        let mut bytes = [0; SIZE];
        while let Ok(count @ 1..) = machine.read(&mut bytes) {
            if !output::bytes(&bytes[..count]) {
                lost();
                return false;
            }
        }
        true
    })
}

/// What QEMU itself prints is shown, and given at the end.
pub(super) fn complaints(mut machine: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut bytes, mut all) = ([0; SIZE], String::new());
        while let Ok(count @ 1..) = machine.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]);
            eprint!("{text}");
            all.push_str(&text);
        }
        all
    })
}
