//! User memory that was only alleged to be readable.
//! Refused with: E0308

use core_kernel::{Readable, UserSlice, Writable};

fn fill(_target: UserSlice<Writable>) {}

fn main() {
    let source = UserSlice::<Readable>::new(0x1000, 8).unwrap();
    fill(source);
}
