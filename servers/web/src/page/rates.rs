//! What happened from one sample to the next.

use crate::sample::{CpuTimes, Point, Sample};
use alloc::collections::BTreeMap;
use net_api::Interface;

const SECOND_NS: u128 = 1_000_000_000;

/// Shares of the CPUs, by process id.
pub(super) struct Rates(BTreeMap<u32, u64>);

impl Rates {
    pub(super) fn new(before: &Sample, now: &Sample) -> Self {
        let whole = spent(before, now).iter().sum();
        let earlier: BTreeMap<u32, u64> = times(before).collect();
        let share = |(pid, ns): (u32, u64)| {
            let more = ns.saturating_sub(earlier.get(&pid).copied().unwrap_or(0));
            (pid, part(more, whole))
        };
        Self(times(now).map(share).collect())
    }

    /// Thousandths of all CPUs' time.
    pub(super) fn of(&self, pid: u32) -> u64 {
        self.0.get(&pid).copied().unwrap_or(0)
    }
}

/// Time of each process.
fn times(sample: &Sample) -> impl Iterator<Item = (u32, u64)> {
    let servers = sample.servers.iter().map(|it| (it.pid, it.user_ns.saturating_add(it.kernel_ns)));
    let processes =
        sample.processes.iter().map(|it| (it.pid, it.user_ns.saturating_add(it.kernel_ns)));
    servers.chain(processes)
}

fn spent(before: &Sample, now: &Sample) -> CpuTimes {
    let all = |sample: &Sample, kind: usize| {
        sample.cpus.iter().filter_map(|cpu| cpu.get(kind)).sum::<u64>()
    };
    core::array::from_fn(|kind| all(now, kind).saturating_sub(all(before, kind)))
}

/// Thousandths of the whole, at most all of it.
pub(super) fn part(some: u64, whole: u64) -> u64 {
    let thousandths = u128::from(some) * 1000 / u128::from(whole.max(1));
    u64::try_from(thousandths).unwrap_or(1000).min(1000)
}

/// A point of the curves.
pub(crate) fn point(before: &Sample, now: &Sample) -> Point {
    let [user, kernel, idle] = spent(before, now);
    let busy = user.saturating_add(kernel);
    let ns = u128::from(now.at_ns.saturating_sub(before.at_ns).max(1));
    let a_second = |before: u64, now: u64| {
        let more = u128::from(now.saturating_sub(before));
        u64::try_from(more * SECOND_NS / ns).unwrap_or(u64::MAX)
    };
    let machine = &now.machine;
    let used = machine.frames_total.saturating_sub(machine.frames_free);
    Point {
        busy: part(busy, busy.saturating_add(idle)),
        used: part(used, machine.frames_total),
        calls: a_second(before.machine.syscalls, machine.syscalls),
        bytes: a_second(traffic(before), traffic(now)),
    }
}

/// Bytes that came and went over cards.
fn traffic(sample: &Sample) -> u64 {
    let cards = sample.net.interfaces.iter().filter(|it| it.mac.is_some());
    cards.map(|it: &Interface| it.received.1.saturating_add(it.transmitted.1)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Rates, part, point};
    use crate::sample::Sample;
    use init_api::{MachineInfo, ProcessEntry};

    fn process(pid: u32, user_ns: u64) -> ProcessEntry {
        ProcessEntry {
            pid,
            name: "p".into(),
            suspended: false,
            priority: 1,
            pages: 1,
            handles: 1,
            threads: 1,
            user_ns,
            kernel_ns: 0,
        }
    }

    #[test]
    fn shares_are_of_the_time_between() {
        let before = Sample {
            at_ns: 1_000_000_000,
            cpus: vec![[100, 100, 800]],
            processes: vec![process(7, 90)],
            machine: MachineInfo { syscalls: 10, ..MachineInfo::default() },
            ..Sample::default()
        };
        let now = Sample {
            at_ns: 1_500_000_000,
            cpus: vec![[300, 200, 1500]],
            processes: vec![process(7, 190), process(8, 50)],
            machine: MachineInfo { syscalls: 60, ..MachineInfo::default() },
            ..Sample::default()
        };
        let rates = Rates::new(&before, &now);
        assert_eq!([7, 8, 9].map(|pid| rates.of(pid)), [100, 50, 0]);
        let point = point(&before, &now);
        assert_eq!((point.busy, point.calls), (300, 100));
        assert_eq!(part(5, 0), 1000);
        assert_eq!(part(u64::MAX, u64::MAX), 1000);
    }
}
