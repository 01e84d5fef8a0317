//! A decision of the core that is dropped.
//! Refused with: unused_must_use
#![deny(unused_must_use)]

use core_kernel::hosted::Hosted;
use core_kernel::{CpuId, Held};

pub fn forget(kernel: &mut impl Held<Hosted>) {
    core_kernel::exit(kernel, CpuId(0));
}

fn main() {}
