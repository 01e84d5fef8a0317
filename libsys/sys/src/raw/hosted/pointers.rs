//! The arguments of calls that are addresses, and the length of the memory there.

use super::seat::{go_on, with_seat};
use crate::Error;
use abi::{
    CpuInfo, DebugRegisters, Envelope, HandleRecord, ProcessInfo, Quota, SavedFrame, Syscall,
    SystemInfo, TraceRecord,
};

/// Memory that a call names: the argument that is its address, its bytes, whether the call
/// may write it.
type Range = (usize, u64, bool);

/// The memory that a call reads or writes. Calls that change mappings or run code are not
/// among them: the host handles those apart.
fn ranges(number: Syscall, arguments: &[u64; 6]) -> Result<Vec<Range>, Error> {
    let of = |index: usize, size: usize| vec![(index, size as u64, true)];
    let sent = |index: usize, len: u64| (index, len, false);
    Ok(match number {
        Syscall::ProcessCreate => vec![sent(0, arguments[1]), sent(2, size_of::<Quota>() as u64)],
        Syscall::ProcessInfo | Syscall::CpuInfo => {
            let info = number == Syscall::ProcessInfo;
            of(1, if info { size_of::<ProcessInfo>() } else { size_of::<CpuInfo>() })
        }
        Syscall::ProcessMemory => vec![(2, arguments[3], arguments[4] == 0)],
        Syscall::ProcessHandles => of(
            2,
            usize::try_from(arguments[3]).unwrap_or(0).saturating_mul(size_of::<HandleRecord>()),
        ),
        Syscall::SystemInfo => of(0, size_of::<SystemInfo>()),
        Syscall::ThreadRegisters => of(1, size_of::<SavedFrame>()),
        Syscall::ThreadDebug => of(1, size_of::<DebugRegisters>()),
        Syscall::TraceRead => of(
            2,
            usize::try_from(arguments[3]).unwrap_or(0).saturating_mul(size_of::<TraceRecord>()),
        ),
        Syscall::LogRead => of(2, usize::try_from(arguments[3]).unwrap_or(0)),
        Syscall::LogWrite => vec![sent(0, arguments[1])],
        Syscall::FaultRaise => vec![sent(1, arguments[2])],
        Syscall::PortWriteBytes => vec![sent(2, arguments[3])],
        Syscall::UpcallRegister | Syscall::UpcallReturn | Syscall::ThreadCreate => {
            return Err(Error::NoSuchCall);
        }
        _ => Vec::new(),
    })
}

/// Makes the call.
///
/// # Safety
/// The addresses among the arguments must be valid for what the call does with them.
pub(super) unsafe fn call(number: Syscall, arguments: [u64; 6]) -> Result<(u64, u64), Error> {
    let ranges = ranges(number, &arguments)?;
    let mut copies: Vec<(usize, Vec<u8>)> = Vec::new();
    for (index, len, _) in &ranges {
        // SAFETY: the caller promises that the memory is good.
        copies.push((*index, unsafe { bytes(arguments[*index], *len) }.to_vec()));
    }
    let mut memory: Vec<(usize, &mut [u8])> =
        copies.iter_mut().map(|(index, copy)| (*index, copy.as_mut_slice())).collect();
    let called = with_seat(|seat| Ok(seat.call_with(number as u64, arguments, &mut memory)))?;
    for ((index, len, writes), (_, copy)) in ranges.iter().zip(&copies) {
        if *writes {
            // SAFETY: the caller promises that the call may write it.
            unsafe { bytes_mut(arguments[*index], *len) }.copy_from_slice(copy);
        }
    }
    go_on(called)
}

/// The bytes that a message sends.
///
/// # Safety
/// The envelope's addresses must be valid for its lengths.
pub(super) unsafe fn send_buffer<'a>(envelope: &Envelope) -> &'a [u8] {
    // SAFETY: the caller promises it; nothing writes it.
    unsafe { bytes(envelope.send_address, envelope.send_len) }
}

/// The bytes that a message may receive into.
///
/// # Safety
/// The envelope's addresses must be valid for its lengths, and exclusive.
pub(super) unsafe fn receive_buffer<'a>(envelope: &Envelope) -> &'a mut [u8] {
    // SAFETY: the caller promises it.
    unsafe { bytes_mut(envelope.receive_address, envelope.receive_capacity) }
}

/// # Safety
/// The address must be valid for reads of `len` bytes, or `len` is 0.
unsafe fn bytes<'a>(address: u64, len: u64) -> &'a [u8] {
    match range(address, len) {
        // SAFETY: 1. the caller promises the memory. 2. its provenance was exposed when the
        // address was made (`address_of`).
        Some((address, len)) => unsafe {
            core::slice::from_raw_parts(core::ptr::with_exposed_provenance(address), len)
        },
        None => &[],
    }
}

/// # Safety
/// The same for writes, exclusive.
unsafe fn bytes_mut<'a>(address: u64, len: u64) -> &'a mut [u8] {
    match range(address, len) {
        // SAFETY: as above.
        Some((address, len)) => unsafe {
            core::slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(address), len)
        },
        None => &mut [],
    }
}

/// None where there is nothing.
fn range(address: u64, len: u64) -> Option<(usize, usize)> {
    let range = (usize::try_from(address).ok()?, usize::try_from(len).ok()?);
    (address != 0 && len != 0).then_some(range)
}
