//! A decision of the core that is dropped.
//! Refused with: unused_must_use
#![deny(unused_must_use)]

use core_kernel::hosted::Hosted;
use core_kernel::{CpuId, Entry, Kernel};

pub fn forget(kernel: &mut Kernel<Hosted>) {
    kernel.handle(CpuId(0), Entry::Resume);
}

fn main() {}
