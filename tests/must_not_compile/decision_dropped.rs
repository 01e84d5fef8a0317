//! A decision of the core that nobody carries out.
//! Refused with: unused_must_use
#![deny(unused_must_use)]

use core_kernel::hosted::Hosted;
use core_kernel::{CpuId, Kernel};

fn forget(kernel: &mut Kernel<Hosted>) {
    kernel.exit(CpuId(0));
}

fn main() {
    let _unused = forget;
}
