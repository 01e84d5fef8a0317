//! The other parts of the page: figures with their curves, and tables.

use super::graph::health;
use super::rates::Rates;
use super::text::{Text, bytes, grouped, pages, percent, time};
use crate::sample::{Point, Sample};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use init_api::{NO_DEVICE, ServerState};
use net_api::Peer;
use pci_api::DriverState;

/// The size of a curve.
const CURVE: (u64, u64) = (240, 48);
/// The most faults that are shown.
const FAULTS: usize = 12;

/// A table; titles with a `>` are of numbers. A note stands for a table without rows.
fn table(titles: &[&str], rows: &[Vec<String>], note: &str) -> String {
    if rows.is_empty() {
        return format!("<p class=\"none\">{note}</p>");
    }
    let is_number = |column: usize| titles.get(column).is_some_and(|title| title.starts_with('>'));
    let class = |column| if is_number(column) { " class=\"number\"" } else { "" };
    let mut html = String::from("<div class=\"wide\"><table><thead><tr>");
    for (column, title) in titles.iter().enumerate() {
        let title = title.trim_start_matches('>');
        html += &format!("<th{}>{title}</th>", class(column));
    }
    html += "</tr></thead><tbody>";
    for row in rows {
        html += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            html += &format!("<td{}>{cell}</td>", class(column));
        }
        html += "</tr>";
    }
    html + "</tbody></table></div>"
}

/// A figure with its curve, which is of a whole or of its own largest value.
fn card(title: &str, figure: &str, more: &str, values: &[u64], whole: Option<u64>) -> String {
    let most = whole.unwrap_or_else(|| values.iter().copied().max().unwrap_or(0)).max(1);
    let (width, height) = CURVE;
    let steps = values.len().saturating_sub(1).max(1) as u64;
    let mut line = String::new();
    for (place, value) in (0_u64..).zip(values) {
        let up = u128::from((*value).min(most)) * u128::from(height - 4) / u128::from(most);
        let y = height - 2 - u64::try_from(up).unwrap_or(0);
        line += &format!("{},{y} ", place * width / steps);
    }
    let end = if values.len() > 1 { width } else { 0 };
    format!(
        "<article><h3>{title}</h3><strong>{figure}</strong><small>{more}</small>\
         <svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <polygon points=\"0,{height} {line}{end},{height}\"/><polyline points=\"{line}\"/></svg>\
         </article>"
    )
}

/// The figures of the machine.
pub(super) fn machine(now: &Sample, history: &[Point]) -> String {
    let last = history.last().copied().unwrap_or_default();
    let values = |of: fn(&Point) -> u64| history.iter().map(of).collect::<Vec<_>>();
    let it = &now.machine;
    let used = it.frames_total.saturating_sub(it.frames_free);
    let cpus = if it.cpus == 1 { "1 CPU".into() } else { format!("{} CPUs", it.cpus) };
    let cards = [
        card("CPU", &percent(last.busy), &format!("of {cpus}"), &values(|it| it.busy), Some(1000)),
        card(
            "Memory",
            &pages(used),
            &format!("of {}", pages(it.frames_total)),
            &values(|it| it.used),
            Some(1000),
        ),
        card(
            "System calls",
            &grouped(last.calls),
            &format!("in a second; {} since boot", grouped(it.syscalls)),
            &values(|it| it.calls),
            None,
        ),
        card("Network", &bytes(last.bytes), "in a second, both ways", &values(|it| it.bytes), None),
    ];
    let facts = [
        ("up", time(it.uptime_ns)),
        ("processes", it.processes.to_string()),
        ("threads", it.threads.to_string()),
        ("handles", grouped(it.handles)),
        ("objects", grouped(it.objects)),
        ("thread switches", grouped(it.switches)),
        ("timer interrupts", grouped(it.timer_interrupts)),
    ];
    let facts: String = facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>"))
        .collect();
    format!("<div class=\"cards\">{}</div><dl>{facts}</dl>", cards.concat())
}

/// The servers of init.
pub(super) fn servers(now: &Sample, rates: &Rates) -> String {
    let clock = now.at_ns;
    let rows: Vec<Vec<String>> = now
        .servers
        .iter()
        .map(|server| {
            let fault = now.faults.iter().rev().find(|fault| fault.server == server.name);
            let state = match &server.state {
                ServerState::Running => "running".into(),
                ServerState::Restarting { .. } => "restarts".into(),
                ServerState::Ended { status } => format!("ended: {status}"),
                ServerState::GivenUp { why } if why.starts_with(NO_DEVICE) => "no device".into(),
                ServerState::GivenUp { .. } => "given up".into(),
            };
            let runs = server.pid != 0;
            let up =
                if runs { time(clock.saturating_sub(server.started_ns)) } else { "—".into() };
            let memory = if runs { pages(server.pages.into()) } else { "—".into() };
            alloc::vec![
                format!("<b>{}</b>", Text(&server.name)),
                format!("<i class=\"dot {}\"></i>{state}", health(Some(server))),
                percent(rates.of(server.pid)),
                memory,
                server.restarts.to_string(),
                up,
                server.priority.to_string(),
                server.threads.to_string(),
                server.handles.to_string(),
                fault.map_or_else(String::new, |fault| Text(&fault.kind).to_string()),
            ]
        })
        .collect();
    let titles = [
        "Name",
        "State",
        ">CPU",
        ">Memory",
        ">Restarts",
        ">Up",
        ">Priority",
        ">Threads",
        ">Handles",
        "Last fault",
    ];
    table(&titles, &rows, "init does not answer")
}

/// Processes that are no servers.
pub(super) fn programs(now: &Sample, rates: &Rates) -> String {
    let rows: Vec<Vec<String>> = now
        .processes
        .iter()
        .map(|it| {
            alloc::vec![
                it.pid.to_string(),
                format!("<b>{}</b>", Text(&it.name)),
                if it.suspended { "stopped".into() } else { "running".into() },
                percent(rates.of(it.pid)),
                pages(it.pages.into()),
                it.threads.to_string(),
            ]
        })
        .collect();
    table(&[">Process", "Name", "State", ">CPU", ">Memory", ">Threads"], &rows, "No program runs.")
}

/// Devices that have a driver.
pub(super) fn devices(now: &Sample) -> String {
    let driven = now.functions.iter().filter_map(|it| Some((it, it.driver.as_ref()?)));
    let rows: Vec<Vec<String>> = driven
        .map(|(it, driver)| {
            let state = match driver.state {
                DriverState::Ready => "ready",
                DriverState::Open => "open",
                DriverState::Resetting => "resetting",
                DriverState::Quarantine => "quarantine",
            };
            alloc::vec![
                format!("<b>{}</b>", Text(&driver.name)),
                it.slot.to_string(),
                it.id.to_string(),
                state.into(),
                grouped(driver.interrupts),
                driver.storms.to_string(),
                driver.opens.to_string(),
                driver.dma_pages.to_string(),
            ]
        })
        .collect();
    let titles =
        ["Driver", "Slot", "Id", "State", ">Interrupts", ">Storms", ">Opened", ">DMA pages"];
    let interrupts: Vec<Vec<String>> = now
        .machine
        .irqs
        .iter()
        .map(|irq| {
            let owner = if irq.owner.is_empty() { "—" } else { &irq.owner };
            alloc::vec![irq.line.to_string(), Text(owner).to_string(), grouped(irq.count)]
        })
        .collect();
    table(&titles, &rows, "No driver has a device.")
        + &table(&[">Line", "Owner", ">Interrupts"], &interrupts, "")
}

/// Interfaces, sockets with their queues, and what was dropped.
pub(super) fn network(now: &Sample) -> String {
    let interfaces: Vec<Vec<String>> = now
        .net
        .interfaces
        .iter()
        .map(|it| {
            let addresses: Vec<String> =
                it.addresses.iter().map(|(address, bits)| format!("{address}/{bits}")).collect();
            alloc::vec![
                format!("<b>{}</b>", Text(&it.name)),
                if it.up { "up".into() } else { "no driver".into() },
                addresses.join("<br>"),
                format!("{} ({})", grouped(it.received.0), bytes(it.received.1)),
                format!("{} ({})", grouped(it.transmitted.0), bytes(it.transmitted.1)),
                it.reattached.to_string(),
            ]
        })
        .collect();
    let end = |peer: Option<Peer>| peer.map_or_else(|| "—".into(), |peer| peer.to_string());
    let sockets: Vec<Vec<String>> = now
        .sockets
        .iter()
        .map(|it| {
            alloc::vec![
                Text(&it.protocol).to_string(),
                end(it.local),
                end(it.remote),
                Text(&it.state).to_string(),
                it.queued.0.to_string(),
                it.queued.1.to_string(),
                Text(&it.owner).to_string(),
            ]
        })
        .collect();
    let counters: Vec<Vec<String>> = now
        .net
        .counters
        .iter()
        .map(|it| alloc::vec![Text(&it.name).to_string(), grouped(it.count)])
        .collect();
    let titles = ["Interface", "State", "Addresses", ">Received", ">Sent", ">Driver's new lives"];
    let socket_titles =
        ["Protocol", "Here", "There", "State", ">To be read", ">To be sent", "Client"];
    table(&titles, &interfaces, "The network server does not answer.")
        + &table(&socket_titles, &sockets, "No sockets.")
        + &table(&["Counted", ">Times"], &counters, "Nothing was dropped.")
}

/// The last faults, the newest first.
pub(super) fn faults(now: &Sample) -> String {
    let rows: Vec<Vec<String>> = now
        .faults
        .iter()
        .rev()
        .take(FAULTS)
        .map(|it| {
            let what = if it.text.is_empty() {
                format!("{} at {:#x}, address {:#x}", Text(&it.kind), it.instruction, it.address)
            } else {
                format!("{}: {}", Text(&it.kind), Text(&it.text))
            };
            alloc::vec![
                time(it.at_ns),
                format!("<b>{}</b>", Text(&it.server)),
                it.pid.to_string(),
                what
            ]
        })
        .collect();
    table(&[">At", "Server", ">Process", "What"], &rows, "No server has faulted.")
}
