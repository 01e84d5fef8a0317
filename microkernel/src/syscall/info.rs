//! Calls that tell and log.

use super::Done;
use crate::kernel::Kernel;
use crate::machine::{CpuId, Machine};
use crate::mem::Memory;
use crate::mem::{Readable, UserSlice};
use crate::object::ThreadId;
use crate::work::NAMES;
use abi::{Error, LogKind, Rights, SystemInfo};
use zerocopy::IntoBytes;

/// The longest `LogWrite`, and the most of one `LogRead`.
const LOG_MAX: usize = 1024;

impl<M: Machine> Kernel<M> {
    pub(super) fn sys_log_write(&mut self, me: ThreadId) -> Result<Done, Error> {
        let slice =
            UserSlice::<Readable>::new(self.objects.argument(me, 0), self.objects.argument(me, 1))?;
        let mut bytes = [0; LOG_MAX];
        let bytes = bytes.get_mut(..slice.len()).ok_or(Error::TooLong)?;
        let own = self.objects.own(me);
        self.memory().read_user(own, slice, bytes)?;
        self.log_of_process(own, LogKind::Defmt, bytes)?;
        Ok(Done::NOTHING)
    }

    pub(super) fn sys_system_info(&mut self, me: ThreadId) -> Result<Done, Error> {
        let info = self.system_info();
        let address = self.objects.argument(me, 0);
        self.memory().write_record(me, address, info.as_bytes())?;
        Ok(Done::NOTHING)
    }

    /// The machine as the kernel sees it now.
    pub fn system_info(&self) -> SystemInfo {
        let stats = &self.stats;
        let ecam = self.machine.ecam();
        let objects = self.objects.endpoints.len()
            + self.objects.notifications.len()
            + self.objects.memories.len()
            + self.objects.regions.len()
            + self.objects.timers.len()
            + self.objects.lifelines.len()
            + self.objects.irqs.len()
            + self.objects.io_spaces.len()
            + self.objects.ports.len()
            + self.objects.sched_contexts.len();
        SystemInfo {
            uptime_ns: self.machine.now_ns(),
            idle_ns: self.sched.cpu_ids().map(|cpu| self.cpu_info(cpu).idle_ns).sum(),
            frames_total: self.frames.total(),
            frames_free: self.frames.available(),
            processes: self.objects.processes.len() as u64,
            living: self.objects.living,
            threads: self.objects.threads.len() as u64,
            handles: self.objects.handle_count,
            objects: objects as u64,
            cpus: self.sched.cpus.len() as u64,
            syscalls: stats.syscalls,
            switches: self.sched.cpus.iter().map(|cpu| cpu.switches).fold(0, u64::wrapping_add),
            timer_interrupts: stats.timer_interrupts,
            log_bytes: stats.log_bytes,
            exits: stats.exits,
            most_turns: stats.most_turns,
            entries: self.checks.entries,
            violations: self.checks.violations,
            longest_turn_ns: self.checks.longest_turn_ns,
            vector_loads: stats.vector_loads,
            vector_saves: stats.vector_saves,
            vector_kept: stats.vector_kept,
            lost_messages: stats.lost_messages,
            ecam: ecam.map_or(0, |ecam| ecam.base.address()),
            ecam_first_bus: ecam.map_or(0, |ecam| ecam.first_bus.into()),
            ecam_last_bus: ecam.map_or(0, |ecam| ecam.last_bus.into()),
            irqs: stats.irqs,
        }
    }

    /// How often each row of the work table ran on a CPU, by name.
    pub fn work_counts(&self, cpu: CpuId) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.cpu(cpu).work_counts)
    }
}

impl<M: Machine> Memory<'_, M> {
    pub(super) fn sys_log_read(&mut self, me: ThreadId) -> Result<Done, Error> {
        let () = self.objects.id(me, 0, Rights::READ)?;
        let (first, address) = (self.objects.argument(me, 1), self.objects.argument(me, 2));
        let room = crate::number::size(self.objects.argument(me, 3).min(LOG_MAX as u64));
        let mut bytes = [0; LOG_MAX];
        let (count, next) = self.machine.read_log(first, &mut bytes[..room]);
        self.write_record(me, address, &bytes[..count])?;
        Ok(Done::Values(count as u64, next))
    }
}
