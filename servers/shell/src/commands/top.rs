//! `top`: the use of the CPUs during the last interval.

use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::{cpu_time, tenths};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::trace::cpu_info;

const SECOND: u64 = 1_000_000_000;
/// The longest moment, in seconds.
const LONGEST: u64 = 60;

pub(crate) fn top(shell: &mut Shell, words: &[&str]) -> Outcome {
    let seconds = match words {
        [] => 1,
        [text] => match text.parse() {
            Ok(seconds @ 1..=LONGEST) => seconds,
            _ => return Err(Trouble::new(format!("`{text}`: seconds from 1 to {LONGEST}"))),
        },
        _ => return Err(Trouble::Usage),
    };
    // The CPUs' moment encloses the tasks', so that no task used more than the CPUs did.
    let cpus_before = cpu_times();
    let tasks_before = task_times(shell)?;
    shell.interrupts.sleep(seconds * SECOND)?;
    let tasks_after = task_times(shell)?;
    let before = Sample { cpus: cpus_before, tasks: tasks_before };
    let after = Sample { cpus: cpu_times(), tasks: tasks_after };
    let text = cpus(&before, &after) + "\n" + &tasks(&before, &after);
    shell.print(&text);
    Ok(0)
}

/// Times of a CPU or task: user, kernel, idle.
type Times = [u64; 3];

/// Times by process id and name.
type Tasks = BTreeMap<(u32, String), Times>;

/// All times at one moment.
struct Sample {
    cpus: Vec<Times>,
    tasks: Tasks,
}

fn cpu_times() -> Vec<Times> {
    let cpus = (0..).map_while(|cpu| cpu_info(cpu).ok());
    cpus.map(|cpu| [cpu.user_ns, cpu.kernel_ns, cpu.idle_ns]).collect()
}

fn task_times(shell: &Shell) -> Result<Tasks, Trouble> {
    let mut tasks = Tasks::new();
    for server in shell.system().servers()?.into_iter().filter(|server| server.pid != 0) {
        tasks.insert((server.pid, server.name), [server.user_ns, server.kernel_ns, 0]);
    }
    for process in shell.system().processes()?.processes {
        tasks.insert((process.pid, process.name), [process.user_ns, process.kernel_ns, 0]);
    }
    Ok(tasks)
}

fn spent(before: &Times, after: &Times) -> Times {
    core::array::from_fn(|kind| after[kind].saturating_sub(before[kind]))
}

fn sum(of: impl Iterator<Item = Times>) -> Times {
    of.fold([0; 3], |all, one| core::array::from_fn(|kind| all[kind] + one[kind]))
}

fn cpus(before: &Sample, after: &Sample) -> String {
    let mut table = Table::new(&["CPU", ">USER", ">KERNEL", ">IDLE", ">ALL"]);
    let each: Vec<Times> =
        before.cpus.iter().zip(&after.cpus).map(|(before, after)| spent(before, after)).collect();
    let rows = (0..each.len()).map(|cpu| cpu.to_string()).zip(each.iter().copied());
    for (name, times) in rows.chain([("all".into(), sum(each.iter().copied()))]) {
        let whole = times.iter().sum();
        let part = |kind: usize| tenths(times[kind], whole);
        table.row([name, part(0), part(1), part(2), tenths(whole, whole)]);
    }
    table.render()
}

/// Tasks by what they used; what no task of today used is the last row, so that the
/// rows add up to what the CPUs were not idle.
fn tasks(before: &Sample, after: &Sample) -> String {
    let none = [0; 3];
    let mut used: Vec<(&(u32, String), Times)> = after
        .tasks
        .iter()
        .map(|(task, times)| (task, spent(before.tasks.get(task).unwrap_or(&none), times)))
        .collect();
    used.sort_by_key(|(_, times)| core::cmp::Reverse(times[0] + times[1]));
    let all = sum(before.cpus.iter().zip(&after.cpus).map(|(b, a)| spent(b, a)));
    let busy = [all[0], all[1], 0];
    let rest = spent(&sum(used.iter().map(|(_, times)| *times)), &busy);
    let whole = all.iter().sum();
    let mut table = Table::new(&[">PID", "NAME", ">CPU", ">USER", ">KERNEL"]);
    let mut row = |pid: String, name: &str, [user, kernel, _]: Times| {
        table.row([
            pid,
            name.into(),
            tenths(user + kernel, whole),
            cpu_time(user),
            cpu_time(kernel),
        ]);
    };
    for ((pid, name), times) in &used {
        row(pid.to_string(), name, *times);
    }
    row("-".into(), "kernel, ended", rest);
    row("-".into(), "all", busy);
    table.render()
}
