//! The drawing as a Mermaid flow chart, which many viewers of Markdown show.

use manifest::{DeviceGrant, Server, System, Why, parse_driven, parse_link};
use std::fmt::Write as _;

/// Colours of what is drawn; `extra` is an arrow that must not be.
const CLASSES: &str = "    classDef server fill:#e8f0fe\n    classDef program fill:#eaf7ea\n    \
    classDef device fill:#fdf1dd\n    classDef init fill:#f1e6fb\n";
const EXTRA: &str = "stroke:#d00,stroke-width:3px";

/// The document. With the links of a running system, those that it uses have thick arrows, the
/// others dotted ones, and those that it must not have are red.
pub(super) fn drawing(system: &System, running: Option<&[String]>) -> String {
    let mut out = "# Who may call which server\n\n```mermaid\nflowchart BT\n".to_owned();
    node(&mut out, manifest::INIT, "init", &priority(manifest::INIT_PRIORITY, ""));
    for server in &system.servers {
        let detail = priority(server.priority, &quota(&server.limits));
        node(&mut out, &server.name, "server", &detail);
    }
    for program in &system.programs {
        let detail = priority(program.priority, &quota(&program.limits));
        node(&mut out, &program.name, "program", &detail);
    }
    let seen: Vec<(&str, &str)> =
        running.unwrap_or_default().iter().filter_map(|line| parse_link(line)).collect();
    let mut arrows = Vec::new();
    for link in system.links() {
        let line = match (running, seen.contains(&(link.client, link.server))) {
            (None, _) => "-->",
            (_, true) => "==>",
            (_, false) => "-.->",
        };
        arrows.push(format!("{} {line}{} {}", link.client, label(link.why), link.server));
    }
    for server in &system.servers {
        for (number, device) in devices(server).iter().enumerate() {
            let name = format!("{}-device-{number}", server.name);
            arrows.push(format!("{} --- {name}", server.name));
            node(&mut out, &name, "device", device);
        }
    }
    let lines = || running.unwrap_or_default().iter().map(String::as_str);
    for driven in lines().filter_map(parse_driven) {
        let name = format!("slot-{}", driven.slot.0);
        arrows.push(format!("{} ==> {name}", driven.driver));
        node(&mut out, &name, "device", &format!("{}<br/>{}", driven.slot, driven.id));
    }
    let allowed = arrows.len();
    let wrong = system.not_allowed(lines());
    let wrong = wrong.iter().filter_map(|line| parse_link(line));
    arrows.extend(wrong.map(|(from, to)| format!("{from} ==> {to}")));
    arrows.extend((allowed..arrows.len()).map(|number| format!("linkStyle {number} {EXTRA}")));
    out.extend(arrows.iter().flat_map(|line| ["    ", line, "\n"]));
    out + CLASSES + "```\n"
}

/// A device shows its detail alone, the others their names, too.
fn node(out: &mut String, name: &str, class: &str, detail: &str) {
    let text = if class == "device" { detail.to_owned() } else { format!("{name}{detail}") };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "    {name}[\"{text}\"]:::{class}");
}

fn priority(priority: u8, quota: &str) -> String {
    format!("<br/>priority {priority}{quota}")
}

fn quota(limits: &manifest::Limits) -> String {
    let manifest::Limits { pages, handles, threads, objects } = limits;
    format!("<br/>{pages} pages, {handles} handles<br/>{threads} threads, {objects} objects")
}

fn devices(server: &Server) -> Vec<String> {
    let lines = server.irqs.iter().map(|irq| format!("line {}", irq.line));
    let ports = server.ports.iter().map(|it| format!("ports {:#x}+{}", it.first, it.count));
    let memory = server.memory.iter().map(|it| format!("memory {:#x}", it.address));
    let on_bus = server.device.iter().map(on_bus);
    lines.chain(ports).chain(memory).chain(on_bus).collect()
}

/// A device on the bus, by what the driver gets of it.
fn on_bus(grant: &DeviceGrant) -> String {
    let trusted = if grant.trusted { ", trusted" } else { "" };
    format!("{grant}<br/>{} vectors, {} DMA pages{trusted}", grant.vectors, grant.dma_pages)
}

/// What an arrow says; one that the manifest lists says nothing.
fn label(why: Why) -> &'static str {
    match why {
        Why::Listed => "",
        Why::Finds => "|finds|",
        Why::Supervises => "|supervises|",
        Why::Started => "|started by|",
        Why::GivesOut => "|gives out|",
    }
}

#[cfg(test)]
mod tests {
    use super::drawing;
    use manifest::{Ports, Server, System};

    fn system() -> System {
        let server = |name: &str, priority, clients: &[&str]| Server {
            name: name.into(),
            priority,
            service: true,
            clients: clients.iter().map(ToString::to_string).collect(),
            ..Server::default()
        };
        let mut disk = server("disk", 30, &["shell"]);
        disk.ports = vec![Ports { name: "p".into(), first: 0x1f0, count: 8 }];
        System {
            servers: vec![server("names", 50, &[]), disk, server("shell", 20, &[])],
            programs: Vec::new(),
        }
    }

    #[test]
    fn everything_has_a_node_and_every_link_an_arrow() {
        let text = drawing(&system(), None);
        for line in [
            "shell --> disk",
            "disk -->|finds| names",
            "names -->|gives out| disk",
            "disk --- disk-device-0",
            "disk-device-0[\"ports 0x1f0+8\"]:::device",
        ] {
            assert!(text.contains(&format!("    {line}\n")), "no {line} in\n{text}");
        }
        assert!(text.contains("disk[\"disk<br/>priority 30<br/>"), "{text}");
        assert!(text.contains("init[\"init<br/>priority"), "{text}");
        assert!(!text.contains("linkStyle"), "{text}");
    }

    #[test]
    fn a_running_system_shows_what_is_used_and_what_must_not_be() {
        let running = ["shell -> names".to_owned(), "disk -> shell".to_owned()];
        let text = drawing(&system(), Some(&running));
        assert!(text.contains("shell ==>|finds| names") && text.contains("disk -.->|finds| names"));
        let is_arrow = |line: &&str| ["==>", "-.->", "---"].iter().any(|kind| line.contains(kind));
        let mut arrows = text.lines().filter(is_arrow);
        let place = arrows.position(|line| line == "    disk ==> shell").unwrap();
        assert!(text.contains(&format!("linkStyle {place} stroke:#d00")), "{place} in\n{text}");
    }
}
