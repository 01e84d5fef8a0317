//! New objects, charged to who asked for them.

use crate::frames::Chain;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine, PortSpans};
use crate::mem::Memory;
use crate::object::{
    Accounts, By, CallToken, MemoryId, MemoryObject, Objects, Process, ProcessId, QuotaId, Regions,
    Resource, ShareState, Space, Storage, Teardown, Thread, ThreadId,
};
use crate::work::Work;
use abi::{Error, LogKind, NAME_LEN};

impl<M: Machine> Kernel<M> {
    /// A process without threads. `quota` is its own account, `payer` pays for the object.
    pub(crate) fn new_process(
        &mut self,
        name: &str,
        quota: QuotaId,
        payer: QuotaId,
        max_priority: u8,
    ) -> Result<ProcessId, Error> {
        self.memory().ensure_capacity(|objects| &mut objects.processes)?;
        if self.objects.pids.is_empty() {
            self.objects.find_pids()?;
        }
        self.objects.quotas.charge(payer, Resource::Objects, 1)?;
        let root = Memory::take_frame(
            &mut self.frames,
            &mut self.objects.quotas,
            &mut self.machine,
            quota,
        );
        let Some(root) = root else {
            self.objects.quotas.give_back(payer, Resource::Objects, 1);
            return Err(Error::QuotaExceeded);
        };
        let table = self.machine.new_page_table(root);
        // NOFAIL: some were found above.
        let pid = self.objects.pids.take().unwrap_or_default();
        let process = Process {
            pid,
            name: padded(name),
            space: Space { table: Some(table), regions: Regions::default() },
            accounts: Accounts { quota, payer },
            sched: ShareState { max_priority, ..ShareState::default() },
            teardown: Teardown { urgency: max_priority, ..Teardown::default() },
            ..Process::default()
        };
        // NOFAIL: room was checked above, and nothing was inserted since.
        let id = self.objects.processes.insert(process).map_err(|_| Error::OutOfMemory)?;
        self.objects.living += 1;
        self.log_record(LogKind::Source, pid, name.as_bytes());
        Ok(id)
    }

    /// A thread that was not started, paid for by its process.
    pub(crate) fn new_thread(
        &mut self,
        process: ProcessId,
        frame: M::Frame,
        priority: u8,
        cpu: CpuId,
    ) -> Result<ThreadId, Error> {
        self.ensure_thread_capacity()?;
        let Some(table) = &self.objects.processes[process].space.table else {
            return Err(Error::PeerDied);
        };
        let root = self.machine.root(table);
        let (slot, left) = self.objects.threads.next_place().ok_or(Error::OutOfMemory)?;
        let token = CallToken::first(slot, left.ipc.token).ok_or(Error::OutOfMemory)?;
        self.objects.quotas.charge(
            self.objects.processes[process].accounts.quota,
            Resource::Threads,
            1,
        )?;
        let mut handle = core::mem::take(&mut left.frame);
        *handle = frame;
        let mut thread = Thread::new(handle, process, root, priority, cpu);
        thread.ipc.token = token;
        thread.sched.share = self.objects.processes[process].sched.share.unwrap_or(process);
        thread.calls.plain_end = self.objects.processes[process].supervision.watch.calls_end();
        if self.objects.processes[process].ports != PortSpans::default() {
            thread.work.0 |= Work::Ports.flag();
        }
        // NOFAIL: room was checked above.
        let id = self.objects.threads.insert(thread).map_err(|_| Error::OutOfMemory)?;
        let owner = &mut self.objects.processes[process];
        owner.members.list.push_back(&mut self.objects.threads, id, By::Sibling);
        owner.members.count += 1;
        Ok(id)
    }
}

impl<M: Machine> Memory<'_, M> {
    /// A memory object whose frames are promised, and not taken yet; or taken, when they must lie
    /// together.
    pub(crate) fn new_memory(
        &mut self,
        quota: QuotaId,
        pages: u64,
        together: bool,
    ) -> Result<MemoryId, Error> {
        let count = u32::try_from(pages).map_err(|_| Error::QuotaExceeded)?;
        if count == 0 {
            return Err(Error::BadArgument);
        }
        self.ensure_capacity(|objects| &mut objects.memories)?;
        self.objects.quotas.charge(quota, Resource::Pages, count)?;
        if let Err(error) = self.objects.quotas.charge(quota, Resource::Objects, 1) {
            self.objects.quotas.give_back(quota, Resource::Pages, count);
            return Err(error);
        }
        let Some(chain) = self.promise_frames(count, together) else {
            self.objects.quotas.give_back(quota, Resource::Pages, count);
            self.objects.quotas.give_back(quota, Resource::Objects, 1);
            return Err(Error::OutOfMemory);
        };
        let storage = Storage::Frames(chain);
        let object = MemoryObject { refs: 0, pages, storage, quota };
        // NOFAIL: room was checked above.
        self.objects.memories.insert(object).map_err(|_| Error::OutOfMemory)
    }

    /// Promises frames to a chain, which has them already when they must lie together.
    fn promise_frames(&mut self, count: u32, together: bool) -> Option<Chain> {
        if !self.frames.promise(count.into()) {
            return None;
        }
        if !together {
            return Some(Chain::default());
        }
        let chain = self.frames.take_together(count);
        if chain.is_none() {
            self.frames.break_promise(count.into());
        }
        chain
    }
}

/// A name of at most 16 bytes, cut where it is longer.
fn padded(name: &str) -> [u8; NAME_LEN] {
    let mut bytes = [0; NAME_LEN];
    let len = name.len().min(NAME_LEN);
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    bytes
}

impl<M: Machine> Objects<M> {
    /// All ids were given out once: looks for those that no process has any more.
    #[cold]
    fn find_pids(&mut self) -> Result<(), Error> {
        let processes = &self.processes;
        let used = processes.ids().map(|id| processes[id].pid);
        if self.pids.find(used) { Ok(()) } else { Err(Error::OutOfMemory) }
    }
}
