//! What the tests share: a booted machine with a few shorthands.

use crate::exit::Next;
use crate::hosted::{DATA, Driver, Hosted, Outcome};
use crate::kernel::Kernel;
use crate::machine::{Access, CpuId, Machine};
use crate::mem::room_in_page;
use crate::object::{ProcessId, State, ThreadId};
use abi::{Envelope, Error, Handle, Quota, Rights, Syscall};
use zerocopy::transmute;

pub(super) const CPU: CpuId = CpuId(0);
/// Data page of the running program for envelopes, and the pages after it for bytes.
pub(super) const ENVELOPE: u64 = DATA;
pub(super) const BYTES: u64 = DATA + 4096;
pub(super) const ALL: u64 = Rights::ALL.bits() as u64;

/// An envelope as its sender lays it down: what the kernel writes is noise before.
pub(super) fn envelope_bytes(envelope: &Envelope) -> [u8; Envelope::SIZE] {
    const NOISE: u32 = 0xeeee_eeee;
    transmute!(Envelope {
        received_len: NOISE.into(),
        taken: [NOISE; abi::MESSAGE_HANDLES],
        ..*envelope
    })
}

/// A booted machine.
pub(super) fn boot() -> Driver {
    Driver::boot(2048)
}

/// The numbers that must be the same before and after something that leaves nothing behind.
pub(super) fn balance(driver: &Driver) -> [u64; 6] {
    let info = driver.kernel.system_info();
    let quotas = driver.kernel.objects.quotas.len() as u64;
    [info.frames_free, info.processes, info.threads, info.handles, info.objects, quotas]
}

impl Driver {
    /// A call that must give a handle.
    pub(super) fn make(&mut self, call: Syscall, arguments: &[u64]) -> u64 {
        self.call(call, arguments).map(|outcome| outcome.values.0).expect("a handle")
    }

    /// A thread of the running thread's process that was not started: (handle, id).
    pub(super) fn thread(&mut self, process: u64, priority: u64) -> (u64, ThreadId) {
        let handle = self.make(Syscall::ThreadCreate, &[process, 0x40_0000, 0, 0, priority]);
        (handle, self.newest_thread())
    }

    fn newest_thread(&self) -> ThreadId {
        let me = self.running();
        let entry = self.kernel.objects.threads.ids().filter(|id| *id != me);
        entry
            .filter(|id| self.kernel.objects.threads[*id].state == State::Inactive)
            .last()
            .expect("a new thread")
    }

    /// Starts a thread that is more urgent than the caller: it runs now.
    pub(super) fn start_urgent(&mut self, process: u64) -> ThreadId {
        let (handle, id) = self.thread(process, 31);
        self.raw(Syscall::ThreadResume as u64, &[handle], 0);
        assert_eq!(self.next, Next::User(id));
        id
    }

    /// A child process, its death signalled as bit 1 of a notification.
    pub(super) fn child(&mut self, death: u64) -> (u64, ProcessId) {
        self.child_of(death, 40)
    }

    /// The same with this priority limit, which is also the urgency of taking it apart.
    pub(super) fn child_of(&mut self, death: u64, max_priority: u32) -> (u64, ProcessId) {
        self.poke(BYTES, b"child");
        let halves = [64_u32, 16, 4, 16, max_priority, 0];
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        assert_eq!(bytes.len(), size_of::<Quota>());
        self.poke(BYTES + 64, &bytes);
        let handle = self.make(Syscall::ProcessCreate, &[BYTES, 5, BYTES + 64, death, 1]);
        let id = self.kernel.objects.processes.ids().last().expect("a child");
        (handle, id)
    }

    /// Maps a data page into a child at [`ENVELOPE`].
    pub(super) fn give_page(&mut self, process: u64) {
        let memory = self.make(Syscall::MemoryCreate, &[2]);
        let map = [process, memory, ENVELOPE, 0, 2, 3];
        self.call(Syscall::Map, &map).expect("a child's page");
        self.call(Syscall::HandleClose, &[memory]).expect("closed");
    }

    /// Gives a child a handle.
    pub(super) fn give(&mut self, process: u64, handle: u64, rights: Rights, badge: u64) -> u64 {
        self.make(Syscall::HandleGive, &[process, handle, u64::from(rights.bits()), badge])
    }

    /// Writes the running program's memory.
    pub(super) fn poke(&mut self, address: u64, bytes: &[u8]) {
        let process = self.kernel.objects.threads[self.running()].process;
        self.poke_in(process, address, bytes);
    }

    pub(super) fn poke_in(&mut self, process: ProcessId, address: u64, bytes: &[u8]) {
        let slice = crate::UserSlice::new(address, bytes.len() as u64).expect("user space");
        self.kernel.memory().write_user(process, slice, bytes).expect("mapped");
    }

    /// Reads the running program's memory.
    pub(super) fn peek(&self, address: u64, len: usize) -> Vec<u8> {
        let process = self.kernel.objects.threads[self.running()].process;
        read_memory(&self.kernel, process, address, len).expect("mapped")
    }

    /// Puts an envelope at [`ENVELOPE`] of the running program.
    pub(super) fn put_envelope(&mut self, envelope: &Envelope) {
        self.poke(ENVELOPE, &envelope_bytes(envelope));
    }

    /// What the kernel wrote into the envelope: bytes received, handles taken.
    pub(super) fn receipt(&self) -> (u64, [u32; 4]) {
        let bytes = self.peek(ENVELOPE + 72, 24);
        let half = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4"));
        let len = u64::from(half(0)) | u64::from(half(4)) << 32;
        (len, [half(8), half(12), half(16), half(20)])
    }

    /// The state of a thread.
    pub(super) fn state(&self, id: ThreadId) -> State {
        self.kernel.objects.threads[id].state
    }

    /// The result of a thread that ran or will run.
    pub(super) fn result(&self, id: ThreadId) -> Result<Outcome, Error> {
        self.outcome(id)
    }

    /// Handles of a process.
    pub(super) fn entry(&self, process: ProcessId, handle: u32) -> Result<Rights, Error> {
        self.kernel.objects.lookup(process, Handle(handle)).map(|entry| entry.rights)
    }
}

/// Reads a program's memory; nothing unless all of it is mapped.
pub(super) fn read_memory(
    kernel: &Kernel<Hosted>,
    process: ProcessId,
    address: u64,
    len: usize,
) -> Option<Vec<u8>> {
    let table = kernel.objects.processes[process].space.table.as_ref()?;
    let (mut bytes, mut done) = (vec![0; len], 0);
    while done < len {
        let at = address + done as u64;
        let piece = room_in_page(at).min(len - done);
        let place = kernel.machine.translate(table, at, Access::Read)?;
        kernel.machine.read(place, &mut bytes[done..done + piece]);
        done += piece;
    }
    Some(bytes)
}
