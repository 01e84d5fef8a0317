//! System calls of the bare machine.

#[cfg(target_arch = "x86")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(all(target_arch = "x86", feature = "hazard"))]
pub use x86::Way;
#[cfg(all(target_arch = "x86", feature = "hazard"))]
pub(crate) use x86::{enter_by, way};
#[cfg(target_arch = "x86")]
pub(crate) use x86::{message, plain};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{message, plain};
