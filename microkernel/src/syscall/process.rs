//! Calls on processes.

use super::Done;
use super::handle::badge_with;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::mem::{Memory, Readable, UserSlice};
use crate::object::{
    Amounts, Fault, Life, ObjectRef, Objects, Process, ProcessId, ProcessLog, QuotaId, Resource,
    ThreadId, ToThread,
};
use crate::sched::Sched;
use crate::work::Work;
use abi::{Error, FaultKind, NAME_LEN, ProcessInfo, ProcessState, Quota, Rights};
use zerocopy::IntoBytes;

/// The longest text of a `FaultRaise`.
const FAULT_TEXT_MAX: u64 = 256;

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_process_create(&mut self, me: ThreadId) -> Result<Done, Error> {
        let own = self.objects.own(me);
        self.objects.may_create(own)?;
        let mut name = [0; NAME_LEN];
        let name = self.memory().name_argument(me, &mut name)?;
        let quota = self.memory().quota_argument(me)?;
        let max_priority = self.objects.priority_for(own, u64::from(quota.max_priority))?;
        let death = match self.objects.argument(me, 3) {
            0 => None,
            _ => Some((
                self.objects.notification(me, 3, Rights::SIGNAL)?,
                self.objects.argument(me, 4),
            )),
        };
        let payer = self.objects.processes[own].accounts.quota;
        let limit = Amounts::new(quota.pages, quota.handles, quota.threads, quota.objects);
        self.memory().ensure_capacity(|objects| &mut objects.quotas)?;
        let account = self.objects.quotas.open(Some(payer), limit)?;
        let made = self.new_process(name, account, payer, max_priority);
        let process = made.inspect_err(|_| self.objects.quotas.close(account))?;
        self.objects.add_child(own, process);
        self.objects.processes[process].sched.share =
            self.objects.share_of_child(own, max_priority);
        self.objects.processes[process].log =
            ProcessLog::of_child(own, &self.objects.processes[own].log);
        self.objects.processes[process].supervision.watch =
            self.objects.processes[own].supervision.watch.of_child();
        if let Some((notification, _)) = death {
            self.objects.notifications[notification].refs += 1;
            self.objects.processes[process].supervision.death = death;
        }
        let granted = self.memory().grant(own, ObjectRef::Process(process), Rights::ALL, 0);
        if granted.is_err() {
            self.kill_process(process, 0);
        }
        granted.map(Done::handle)
    }

    pub(super) fn sys_process_faults(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        let (endpoint, entry) = self.objects.object(me, 1, Rights::SEND)?;
        let badge = badge_with(&entry, self.objects.argument(me, 2))?;
        self.objects.living(process)?;
        self.objects.endpoints[endpoint].refs += 1;
        let handler = (endpoint, badge);
        let old = self.objects.processes[process].supervision.fault_handler.replace(handler);
        if let Some((old, _)) = old {
            self.release_endpoint(old, false);
        }
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_process_kill(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        self.kill_process(process, self.objects.argument(me, 1));
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_process_resume(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        self.objects.living(process)?;
        self.objects.processes[process].suspended = false;
        Ok(self.apply_to_threads(me, process, ToThread::Enqueue))
    }

    pub(super) fn sys_process_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        self.sched().settle_all();
        let info = self.process_info(process);
        let address = self.objects.argument(me, 1);
        self.memory().write_record(me, address, info.as_bytes())?;
        Ok(Done::NOTHING)
    }

    fn process_info(&self, id: ProcessId) -> ProcessInfo {
        let process: &Process<_> = &self.objects.processes[id];
        let state = match process.life {
            Life::Alive if process.suspended => ProcessState::Suspended,
            Life::Alive => ProcessState::Running,
            Life::Dying | Life::Dead => ProcessState::Dead,
        };
        let (used, limit) =
            self.objects.quota_info(process.accounts.quota, process.sched.max_priority);
        ProcessInfo {
            pid: process.pid,
            state: state as u32,
            status: process.status,
            user_ns: self.machine.ns_of(process.sched.user),
            kernel_ns: self.machine.ns_of(process.sched.kernel),
            used,
            limit,
            name: process.name,
            fault: process.supervision.last_fault,
            receives: process.ipc.receives,
            receiving: process.members.receiving,
            reserved: 0,
        }
    }

    pub(super) fn sys_fault_raise(&mut self, me: ThreadId) -> Result<Done, Error> {
        let kind =
            FaultKind::from_number(self.objects.argument(me, 0)).ok_or(Error::BadArgument)?;
        let (address, len) =
            (self.objects.argument(me, 1), self.objects.argument(me, 2).min(FAULT_TEXT_MAX));
        let slice = UserSlice::<Readable>::new(address, len)?;
        let own = self.objects.own(me);
        self.memory().check_user(own, slice)?;
        self.objects.threads[me].frame.set_status(0);
        self.sched().raise(me, &Fault { kind, code: 0, address: 0 }, Some((address, len)));
        Ok(Done::Elsewhere)
    }
}

impl<M: Machine> Sched<'_, M> {
    pub(super) fn sys_process_suspend(&mut self, me: ThreadId) -> Result<Done, Error> {
        let process = self.objects.managed_process(me, 0)?;
        self.objects.living(process)?;
        self.objects.processes[process].suspended = true;
        // Those that are ready stay in the run queues: whatever finds one there drops it.
        self.stop_running(process, Work::Stop);
        Ok(Done::NOTHING)
    }
}

impl<M: Machine> Memory<'_, M> {
    fn name_argument<'a>(
        &self,
        me: ThreadId,
        buffer: &'a mut [u8; NAME_LEN],
    ) -> Result<&'a str, Error> {
        let slice =
            UserSlice::<Readable>::new(self.objects.argument(me, 0), self.objects.argument(me, 1))?;
        let bytes = buffer.get_mut(..slice.len()).ok_or(Error::BadArgument)?;
        self.read_user(self.objects.own(me), slice, bytes)?;
        match core::str::from_utf8(bytes) {
            Ok(name) if !name.is_empty() && !name.contains('\0') => Ok(name),
            _ => Err(Error::BadArgument),
        }
    }

    fn quota_argument(&self, me: ThreadId) -> Result<Quota, Error> {
        let mut quota = Quota::default();
        self.read_record(me, self.objects.argument(me, 2), quota.as_mut_bytes())?;
        Ok(quota)
    }
}

impl<M: Machine> Objects<M> {
    /// The process behind a handle argument that may be managed; 0 is the caller's own.
    pub(super) fn managed_process(&self, me: ThreadId, index: usize) -> Result<ProcessId, Error> {
        if self.argument(me, index) == 0 {
            return Ok(self.own(me));
        }
        self.id(me, index, Rights::MANAGE)
    }

    /// A process behind a handle argument that is not the caller's own. Its own is refused
    /// although the handle may have all rights: safe code of a program holds such handles, and
    /// must not reach its own memory by them.
    pub(super) fn other_process(&self, me: ThreadId, index: usize) -> Result<ProcessId, Error> {
        if self.argument(me, index) == 0 {
            return Err(Error::BadHandle);
        }
        let process = self.managed_process(me, index)?;
        if process == self.own(me) { Err(Error::BadArgument) } else { Ok(process) }
    }

    /// The process whose memory or threads a call changes: the caller's own by 0 alone, which
    /// no safe code passes; see [`Objects::other_process`].
    pub(super) fn changed_process(&self, me: ThreadId, index: usize) -> Result<ProcessId, Error> {
        if self.argument(me, index) == 0 {
            return Ok(self.own(me));
        }
        self.other_process(me, index)
    }

    /// That the process is alive.
    pub(super) fn living(&self, process: ProcessId) -> Result<(), Error> {
        match self.processes[process].life {
            Life::Alive => Ok(()),
            Life::Dying | Life::Dead => Err(Error::PeerDied),
        }
    }

    /// Whose share of the CPU a child uses: its creator's, unless that is more urgent. A
    /// process does not get more by having children, and a server that starts programs does
    /// not make them share one.
    fn share_of_child(&self, creator: ProcessId, max_priority: u8) -> Option<ProcessId> {
        let process = &self.processes[creator];
        (process.sched.max_priority == max_priority).then(|| process.sched.share.unwrap_or(creator))
    }

    /// A priority that this process may give.
    pub(super) fn priority_for(&self, process: ProcessId, priority: u64) -> Result<u8, Error> {
        match u8::try_from(priority) {
            Ok(priority) if priority <= self.processes[process].sched.max_priority => Ok(priority),
            _ => Err(Error::BadArgument),
        }
    }

    /// What an account has used and may use; nothing once it is gone.
    fn quota_info(&self, id: QuotaId, max_priority: u8) -> (Quota, Quota) {
        let as_quota = |amounts: &Amounts| Quota {
            pages: amounts.of(Resource::Pages),
            handles: amounts.of(Resource::Handles),
            threads: amounts.of(Resource::Threads),
            objects: amounts.of(Resource::Objects),
            max_priority: u32::from(max_priority),
            reserved: 0,
        };
        match self.quotas.get(id) {
            Some(account) => (as_quota(&account.used), as_quota(&account.limit)),
            None => Default::default(),
        }
    }
}
