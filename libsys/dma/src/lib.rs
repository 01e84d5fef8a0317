//! Memory that a driver shares with its device, as the driver crates of others want it.
//!
//! Those crates take pointers; drivers here have none. This crate is the border: the only one
//! beside `sys` whose programs' half has `unsafe` code. It holds no logic of a device.
//!
//! **Shape.** A [`Pool`] is contiguous memory, mapped into this process and into the device's
//! [`Space`] once, when the driver starts. On it stand
//! - [`Hal`], what `virtio-drivers` allocates and translates by, and [`Ring`], its queue made safe;
//! - [`device_memory`] and [`foreign_buffer`], what `dma-api` does the same by, and
//!   [`register_window`], the registers for crates that want an address.
//!
//! **Foreign buffers.** The data of a request is in a client's memory, which the driver does not
//! map: it knows the device address only. Where a crate wants a slice, it gets one of a *stand-in*
//! of [`FOREIGN_MAX`] bytes that nothing reads; the address is translated on its way to the device.
//!
//! **One device.** What is translated is the process's own state, since `Hal` has no `self`: a
//! driver is a process with one device, and a second pool is refused. On the host it belongs to the
//! thread; `begin_life` is for tests of several lives.
//!
//! **Trust.** What a device writes is an allegation. [`Ring`] checks it before the crate's queue,
//! which panics at some of it, sees it; a panic would end the driver, and its next life resets the
//! device. Without an IOMMU a device reaches all memory, whatever it is told.
#![cfg_attr(target_os = "none", no_std)]

extern crate alloc;

mod foreign;
mod hal;
mod op;
mod pool;
mod registers;
mod ring;
mod space;
mod state;

pub use foreign::FOREIGN_MAX;
pub use hal::Hal;
pub use op::{device_memory, foreign_buffer};
pub use pool::{Part, Pool};
pub use registers::register_window;
pub use ring::{Buffer, Fault, Ring, Used};
pub use space::{Space, map_run};
#[cfg(not(target_os = "none"))]
pub use state::begin_life;
