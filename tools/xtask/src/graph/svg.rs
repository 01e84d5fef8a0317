//! The drawing: a row for each priority, the most urgent at the top, so that calls go up.

use manifest::{Server, System, Why, parse_link};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const BOX: (u32, u32) = (150, 46);
const GAP: (u32, u32) = (24, 84);
const MARGIN: u32 = 60;

/// How arrows and boxes look; `extra` is what must not be.
const STYLE: &str = "text{font:12px sans-serif;text-anchor:middle}.small{font-size:9px;fill:#555}\
.row{text-anchor:start;fill:#999}rect{rx:6;stroke:#333;fill:#fff}.server{fill:#e8f0fe}\
.program{fill:#eaf7ea}.device{fill:#fdf1dd}.init{fill:#f1e6fb}path{fill:none;stroke:#3566b8;\
stroke-width:1.3;marker-end:url(#tip)}.finds,.started,.gives{stroke:#bbb}.supervises{stroke:#9b6bc4}\
.owns{stroke:#c98a1b;marker-end:none}.unused{stroke-dasharray:4 4}.extra{stroke:#d00;stroke-width:3}";

/// Where a box stands: the middle of its upper edge.
#[derive(Clone, Copy)]
struct Place {
    x: u32,
    y: u32,
}

/// The SVG. With what a running system told, ways that it has are drawn through, others
/// dashed, and those that it must not have in red.
pub(super) fn drawing(system: &System, running: Option<&[String]>) -> String {
    let rows = rows(system);
    let widest = rows.values().map(Vec::len).max().unwrap_or(1).max(1);
    let width = 2 * MARGIN + count(widest) * (BOX.0 + GAP.0);
    let height = 2 * MARGIN + count(rows.len()) * (BOX.1 + GAP.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\">\n\
         <style>{STYLE}</style>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
         markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8\" \
         style=\"stroke:#333;marker-end:none\"/></marker></defs>\n"
    );
    let places = places(&rows, width);
    for link in arrows(system, running) {
        link.draw(&places, &mut out);
    }
    for (row, (priority, boxes)) in rows.iter().rev().enumerate() {
        let y = row_y(row) + BOX.1 / 2;
        let _ = writeln!(out, "<text class=\"row\" x=\"8\" y=\"{y}\">{}</text>", label(*priority));
        boxes.iter().for_each(|item| item.draw(&places, &mut out));
    }
    out.push_str("</svg>\n");
    out
}

/// A server, program or device.
struct Item {
    name: String,
    class: &'static str,
    detail: String,
}

/// Devices stand above all that run.
const DEVICES: u8 = u8::MAX;

fn label(priority: u8) -> String {
    if priority == DEVICES { "devices".into() } else { format!("priority {priority}") }
}

fn rows(system: &System) -> BTreeMap<u8, Vec<Item>> {
    let mut rows: BTreeMap<u8, Vec<Item>> = BTreeMap::new();
    let mut add = |row: u8, name: &str, class, detail: String| {
        rows.entry(row).or_default().push(Item { name: name.into(), class, detail });
    };
    add(manifest::INIT_PRIORITY, manifest::INIT, "init", "starts and supervises".into());
    for server in &system.servers {
        let amounts = quota(&server.limits);
        add(server.priority, &server.name, "server", amounts);
        devices(server).into_iter().for_each(|name| add(DEVICES, &name, "device", String::new()));
    }
    for program in &system.programs {
        add(program.priority, &program.name, "program", quota(&program.limits));
    }
    rows
}

fn quota(limits: &manifest::Limits) -> String {
    let manifest::Limits { pages, handles, threads, objects } = limits;
    format!("{pages} pages, {handles} handles, {threads} thr., {objects} obj.")
}

fn devices(server: &Server) -> Vec<String> {
    let lines = server.irqs.iter().map(|irq| format!("line {}", irq.line));
    let ports = server.ports.iter().map(|it| format!("ports {:#x}+{}", it.first, it.count));
    let memory = server.memory.iter().map(|it| format!("memory {:#x}", it.address));
    lines.chain(ports).chain(memory).collect()
}

fn places(rows: &BTreeMap<u8, Vec<Item>>, width: u32) -> BTreeMap<&str, Place> {
    let mut places = BTreeMap::new();
    for (row, items) in rows.values().rev().enumerate() {
        let step = (width - 2 * MARGIN) / count(items.len()).max(1);
        for (index, item) in items.iter().enumerate() {
            let x = MARGIN + count(index) * step + step / 2;
            places.insert(item.name.as_str(), Place { x, y: row_y(row) });
        }
    }
    places
}

fn row_y(row: usize) -> u32 {
    MARGIN + count(row) * (BOX.1 + GAP.1)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Item {
    fn draw(&self, places: &BTreeMap<&str, Place>, out: &mut String) {
        let Some(at) = places.get(self.name.as_str()) else { return };
        let (left, width, height) = (at.x - BOX.0 / 2, BOX.0, BOX.1);
        let _ = writeln!(
            out,
            "<rect class=\"{}\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>\
             <text x=\"{}\" y=\"{}\">{}</text><text class=\"small\" x=\"{}\" y=\"{}\">{}</text>",
            self.class,
            at.y,
            at.x,
            at.y + 19,
            self.name,
            at.x,
            at.y + 35,
            self.detail
        );
    }
}

/// A line of the drawing.
struct Arrow {
    from: String,
    to: String,
    class: String,
}

fn arrows(system: &System, running: Option<&[String]>) -> Vec<Arrow> {
    let seen = |client: &str, server: &str| {
        let lines = running.unwrap_or_default().iter();
        lines.filter_map(|line| parse_link(line)).any(|link| link == (client, server))
    };
    let link = |link: manifest::Link<'_>| {
        let used = running.is_none() || seen(link.client, link.server);
        let class = format!("{}{}", class(link.why), if used { "" } else { " unused" });
        Arrow { from: link.client.into(), to: link.server.into(), class }
    };
    let mut arrows: Vec<Arrow> = system.links().into_iter().map(link).collect();
    for server in &system.servers {
        let owns = |to| Arrow { from: server.name.clone(), to, class: "owns".into() };
        arrows.extend(devices(server).into_iter().map(owns));
    }
    let wrong = system.not_allowed(running.unwrap_or_default().iter().map(String::as_str));
    let extra = |(from, to): (&str, &str)| Arrow {
        from: from.into(),
        to: to.into(),
        class: "extra".into(),
    };
    arrows.extend(wrong.iter().filter_map(|line| parse_link(line)).map(extra));
    arrows
}

fn class(why: Why) -> &'static str {
    match why {
        Why::Listed => "listed",
        Why::Finds => "finds",
        Why::Supervises => "supervises",
        Why::Started => "started",
        Why::GivesOut => "gives",
    }
}

impl Arrow {
    /// From the client's upper edge to the server's lower one; downwards the other way round.
    fn draw(&self, places: &BTreeMap<&str, Place>, out: &mut String) {
        let place = |name: &String| places.get(name.as_str()).copied();
        let (Some(from), Some(to)) = (place(&self.from), place(&self.to)) else { return };
        let (start, end) =
            if from.y > to.y { (from.y, to.y + BOX.1) } else { (from.y + BOX.1, to.y) };
        let middle = u32::midpoint(start, end);
        let _ = writeln!(
            out,
            "<path class=\"{}\" d=\"M{} {start}C{} {middle} {} {middle} {} {end}\"><title>{} -> {}</title></path>",
            self.class, from.x, from.x, to.x, to.x, self.from, self.to
        );
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

    fn has(svg: &str, class: &str, title: &str) -> bool {
        svg.lines().any(|line| {
            line.contains(&format!("class=\"{class}\"")) && line.contains(&format!(">{title}<"))
        })
    }

    #[test]
    fn everyone_has_a_box_and_every_way_an_arrow() {
        let svg = drawing(&system(), None);
        for (class, text) in [
            ("server", "names"),
            ("server", "disk"),
            ("init", "init"),
            ("device", "ports 0x1f0+8"),
            ("listed", "shell -> disk"),
            ("finds", "disk -> names"),
            ("gives", "names -> disk"),
            ("owns", "disk -> ports 0x1f0+8"),
            ("row", "priority 20"),
        ] {
            assert!(has(&svg, class, text), "no {class} {text} in\n{svg}");
        }
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_running_system_shows_what_is_used_and_what_must_not_be() {
        let running = ["shell -> names".to_owned(), "disk -> shell".to_owned()];
        let svg = drawing(&system(), Some(&running));
        assert!(has(&svg, "finds", "shell -> names"));
        assert!(has(&svg, "finds unused", "disk -> names"));
        assert!(has(&svg, "extra", "disk -> shell"));
        assert!(!drawing(&system(), Some(&running[..1])).contains("class=\"extra\""));
    }
}
