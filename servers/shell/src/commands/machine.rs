//! `irq`, `log`, `mem`, `uptime`: the kernel's counters.

use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use crate::units::{pages, percent, time};
use alloc::format;
use alloc::string::ToString;

pub(crate) fn uptime(shell: &mut Shell, words: &[&str]) -> Outcome {
    none(words)?;
    let machine = shell.system().machine()?;
    let whole = machine.uptime_ns.saturating_mul(machine.cpus.max(1));
    shell.print(&format!(
        "up {}, {} CPU{}, idle {}, {} system calls, {} thread switches\n",
        time(machine.uptime_ns),
        machine.cpus,
        if machine.cpus == 1 { "" } else { "s" },
        percent(machine.idle_ns, whole),
        machine.syscalls,
        machine.switches,
    ));
    Ok(0)
}

pub(crate) fn mem(shell: &mut Shell, words: &[&str]) -> Outcome {
    none(words)?;
    let machine = shell.system().machine()?;
    let used = machine.frames_total.saturating_sub(machine.frames_free);
    let mut memory = Table::new(&["MEMORY", ">SIZE", ">PAGES"]);
    for (name, count) in
        [("total", machine.frames_total), ("used", used), ("free", machine.frames_free)]
    {
        memory.row([name.into(), pages(count), count.to_string()]);
    }
    let mut objects = Table::new(&["OBJECTS", ">NUMBER"]);
    for (name, count) in [
        ("processes", machine.processes),
        ("threads", machine.threads),
        ("handles", machine.handles),
        ("others", machine.objects),
    ] {
        objects.row([name.into(), count.to_string()]);
    }
    shell.print(&(memory.render() + "\n" + &objects.render()));
    Ok(0)
}

pub(crate) fn irq(shell: &mut Shell, words: &[&str]) -> Outcome {
    none(words)?;
    let machine = shell.system().machine()?;
    let mut table = Table::new(&["LINE", ">INTERRUPTS", "OWNER"]);
    table.row(["timer".into(), machine.timer_interrupts.to_string(), "kernel".into()]);
    for irq in machine.irqs {
        let owner = if irq.owner.is_empty() { "-".into() } else { irq.owner };
        table.row([irq.line.to_string(), irq.count.to_string(), owner]);
    }
    shell.print(&table.render());
    Ok(0)
}

fn none(words: &[&str]) -> Result<(), Trouble> {
    if words.is_empty() { Ok(()) } else { Err(Trouble::Usage) }
}
