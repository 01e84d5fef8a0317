//! Processes.

use crate::handle::{created, object};
use crate::raw::{address_of, argument, handle_in, plain, with_memory};
use crate::{
    BorrowedHandle, Endpoint, Error, Handle, Memory, Notification, Object, ProcessInfo, Protection,
    Quota, Rights,
};
use abi::{HandleRecord, OWN_PROCESS, Syscall};
use alloc::vec::Vec;

object! {
    /// A space, a handle table and a quota.
    ///
    /// Dropping the handle does not kill it.
    Process
}

impl Process {
    /// A new process without threads. The quota is taken out of this process's; the bits
    /// are signalled when it dies.
    pub fn create(
        name: &str,
        quota: &Quota,
        death: Option<(&Notification, u64)>,
    ) -> Result<Self, Error> {
        let (bell, bits) = death.map_or((0, 0), |(bell, bits)| (argument(bell.handle()), bits));
        let text = address_of(name.as_ptr());
        let quota = address_of(core::ptr::from_ref(quota));
        let arguments = [text, name.len() as u64, quota, bell, bits, 0];
        // SAFETY: the kernel only reads the name and the quota, which both outlive the call.
        created(unsafe { with_memory(Syscall::ProcessCreate, arguments) }).map(Self)
    }

    /// Copies a handle into its table: the number there.
    pub fn give(&self, object: &impl Object, rights: Rights, badge: u64) -> Result<Handle, Error> {
        self.give_handle(object.as_handle(), rights, badge)
    }

    /// Reads its memory, up to a page at a time: also what only it may read. Refused for this
    /// process itself ([`Error::BadArgument`]), as all that reaches the memory and threads of
    /// a process.
    pub fn read_memory(&self, address: u64, into: &mut [u8]) -> Result<(), Error> {
        self.memory(address, into.as_mut_ptr(), into.len(), 0)
    }

    /// Writes its memory, up to a page at a time: also code and constants.
    pub fn write_memory(&self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        self.memory(address, bytes.as_ptr().cast_mut(), bytes.len(), 1)
    }

    fn memory(&self, at: u64, buffer: *mut u8, len: usize, write: u64) -> Result<(), Error> {
        self.must_be_another()?;
        let (process, buffer) = (argument(self.handle()), address_of(buffer.cast_const()));
        let arguments = [process, at, buffer, len as u64, write, 0];
        // SAFETY: 1. the buffer is a live slice of this length, exclusive when it is written
        // (write 0); with write 1 the kernel only reads it. 2. it is another process's
        // memory, where no Rust value of ours lives: checked here, and by the kernel.
        unsafe { with_memory(Syscall::ProcessMemory, arguments) }.map(|_| ())
    }

    /// All its handles.
    pub fn handles(&self) -> Result<Vec<HandleRecord>, Error> {
        let (mut all, mut slot) = (Vec::new(), 1);
        while slot != 0 {
            let mut some = [HandleRecord::default(); 16];
            let into = address_of(some.as_mut_ptr().cast_const());
            let arguments = [argument(self.handle()), slot, into, some.len() as u64, 0, 0];
            // SAFETY: the kernel writes at most `some.len()` whole records into the array.
            let (count, next) = unsafe { with_memory(Syscall::ProcessHandles, arguments) }?;
            all.extend(some.iter().take(usize::try_from(count).unwrap_or(0)));
            slot = next;
        }
        Ok(all)
    }

    /// Copies a handle of any kind into its table: the number there.
    pub fn give_handle(
        &self,
        handle: BorrowedHandle<'_>,
        rights: Rights,
        badge: u64,
    ) -> Result<Handle, Error> {
        let (process, handle) = (argument(self.handle()), argument(handle.handle()));
        let arguments = [process, handle, u64::from(rights.bits()), badge, 0, 0];
        handle_in(plain(Syscall::HandleGive, arguments)?.0)
    }

    /// Where faults of its threads are sent as calls (see `abi::FaultKind`).
    pub fn set_fault_handler(&self, endpoint: &Endpoint, badge: u64) -> Result<(), Error> {
        let own = argument(self.handle());
        plain(Syscall::ProcessFaults, [own, argument(endpoint.handle()), badge, 0, 0, 0])
            .map(|_| ())
    }

    /// Maps pages of a memory object into the space of another process.
    pub fn map(
        &self,
        memory: &Memory,
        address: u64,
        first: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<(), Error> {
        self.must_be_another()?;
        let (process, memory) = (argument(self.handle()), argument(memory.handle()));
        let arguments = [process, memory, address, first, pages, protection as u64];
        // SAFETY: it is another process's space, where no Rust value of ours lives. In its own
        // a program could map over the guard of a stack.
        unsafe { with_memory(Syscall::Map, arguments) }.map(|_| ())
    }

    /// Takes pages out of another process's space: it faults when it next uses them.
    pub fn unmap(&self, address: u64, pages: u64) -> Result<(), Error> {
        self.must_be_another()?;
        let arguments = [argument(self.handle()), address, pages, 0, 0, 0];
        // SAFETY: it is another process's space, where no Rust value of ours lives.
        unsafe { with_memory(Syscall::Unmap, arguments) }.map(|_| ())
    }

    /// Ends it with a status.
    pub fn kill(&self, status: u64) -> Result<(), Error> {
        plain(Syscall::ProcessKill, [argument(self.handle()), status, 0, 0, 0, 0]).map(|_| ())
    }

    /// No thread of it runs until [`Process::resume`].
    pub fn suspend(&self) -> Result<(), Error> {
        plain(Syscall::ProcessSuspend, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|_| ())
    }

    /// Ends a suspend.
    pub fn resume(&self) -> Result<(), Error> {
        plain(Syscall::ProcessResume, [argument(self.handle()), 0, 0, 0, 0, 0]).map(|_| ())
    }

    /// Refuses this process itself: what Rust owns is its own.
    pub(crate) fn must_be_another(&self) -> Result<(), Error> {
        let (kind, _) = plain(Syscall::HandleInfo, [argument(self.handle()), 0, 0, 0, 0, 0])?;
        if kind & OWN_PROCESS == 0 { Ok(()) } else { Err(Error::BadArgument) }
    }

    /// What it uses and what state it is in; works after its death too.
    pub fn info(&self) -> Result<ProcessInfo, Error> {
        info(self.handle())
    }

    /// The same for the calling process.
    pub fn own_info() -> Result<ProcessInfo, Error> {
        info(Handle::NONE)
    }
}

fn info(process: Handle) -> Result<ProcessInfo, Error> {
    let mut info = ProcessInfo::default();
    let arguments = [argument(process), address_of(&raw mut info), 0, 0, 0, 0];
    // SAFETY: 1. the kernel writes one `ProcessInfo` to an exclusive, live value.
    // 2. it is plain numbers: every bit pattern is a value of it.
    unsafe { with_memory(Syscall::ProcessInfo, arguments) }?;
    Ok(info)
}
