//! The machines that the kernel image runs on.

pub(crate) mod x86_64;
