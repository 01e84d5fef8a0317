//! Copies bytes between the user's terminal and a machine, with a thread for each direction.

use crate::output;
use std::io::{Read as _, Write as _};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::thread::JoinHandle;

/// The largest piece in bytes.
const SIZE: usize = 4096;

/// Copies keys to the machine until either end is closed. The thread is not joined: it blocks
/// in a read until the command ends.
pub(super) fn typed(mut machine: ChildStdin) {
    std::thread::spawn(move || {
        let mut bytes = [0; SIZE];
        // Without a buffer: keys typed ahead of the end stay in the terminal.
        while let Ok(count @ 1..) = rustix::io::read(std::io::stdin(), &mut bytes) {
            if machine.write_all(&bytes[..count]).is_err() {
                return;
            }
        }
    });
}

/// Copies the machine's output until it cannot be shown. Returns whether all was shown.
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

/// Shows QEMU's own output, and returns it at the end.
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
