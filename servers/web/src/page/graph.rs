//! The graph of servers, as SVG.

use super::layout::{Layout, Node};
use super::rates::Rates;
use super::text::{Text, pages, percent};
use crate::sample::Sample;
use alloc::format;
use alloc::string::String;
use init_api::{NO_DEVICE, ServerInfo, ServerState};

/// The size of a node, and of its place.
const NODE: (usize, usize) = (140, 46);
const PLACE: (usize, usize) = (228, 58);

/// How a server is: a word for the style.
pub(super) fn health(server: Option<&ServerInfo>) -> &'static str {
    match server.map(|server| &server.state) {
        Some(ServerState::Running) => "running",
        Some(ServerState::Restarting { .. }) => "restarting",
        Some(ServerState::GivenUp { why }) if why.starts_with(NO_DEVICE) => "absent",
        Some(ServerState::Ended { .. }) | None => "absent",
        Some(ServerState::GivenUp { .. }) => "failed",
    }
}

/// Draws it.
pub(super) fn draw(layout: &Layout, now: &Sample, rates: &Rates) -> String {
    if layout.nodes.is_empty() {
        return "<p>The manifest cannot be read.</p>".into();
    }
    let (width, height) = (layout.columns * PLACE.0, layout.rows * PLACE.1);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Graph of servers\">"
    );
    for (client, server) in &layout.links {
        if let (Some(client), Some(server)) = (layout.nodes.get(*client), layout.nodes.get(*server))
        {
            svg += &link(layout, client, server, now);
        }
    }
    layout.nodes.iter().for_each(|node| svg += &draw_node(layout, node, now, rates));
    svg + "</svg><p class=\"legend\"><i class=\"held\"></i>holds a handle now<i class=\"may\"></i>may \
           connect<i class=\"dot running\"></i>runs<i class=\"dot restarting\"></i>restarts\
           <i class=\"dot failed\"></i>given up<i class=\"dot absent\"></i>not needed here. All may \
           ask <b>names</b>, and <b>init</b> starts all.</p>"
}

/// The upper left corner of a node. Each column is in the middle.
fn corner(layout: &Layout, node: &Node) -> (usize, usize) {
    let left = node.column * PLACE.0 + (PLACE.0 - NODE.0) / 2;
    let free = layout.rows.saturating_sub(layout.height(node.column)) * PLACE.1;
    (left, free / 2 + node.row * PLACE.1 + (PLACE.1 - NODE.1) / 2)
}

fn link(layout: &Layout, client: &Node, server: &Node, now: &Sample) -> String {
    let ((left, top), (right, bottom)) = (corner(layout, client), corner(layout, server));
    let (x, y) = (left + NODE.0, top + NODE.1 / 2);
    let (to_x, to_y) = (right, bottom + NODE.1 / 2);
    let bend = to_x.abs_diff(x) / 2;
    let held = now.links.iter().any(|it| it.client == client.name && it.server == server.name);
    let class = if held { "held" } else { "may" };
    let (bend_x, bend_to) = (x + bend, to_x.saturating_sub(bend));
    format!(
        "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" \
         d=\"M{x} {y}C{bend_x} {y} {bend_to} {to_y} {to_x} {to_y}\"/>",
        Text(&client.name),
        Text(&server.name),
    )
}

fn draw_node(layout: &Layout, node: &Node, now: &Sample, rates: &Rates) -> String {
    let (x, y) = corner(layout, node);
    let server = now.servers.iter().find(|server| server.name == node.name);
    let share = server.map_or(0, |server| rates.of(server.pid));
    let below = match server {
        Some(server) if server.pid != 0 => {
            format!("{} · {}", percent(share), pages(server.pages.into()))
        }
        _ => "—".into(),
    };
    let restarts = server.map_or(0, |server| server.restarts);
    let badge = if restarts == 0 {
        String::new()
    } else {
        let (x, y) = (x + NODE.0 - 10, y + 19);
        format!("<text class=\"restarts\" x=\"{x}\" y=\"{y}\">↻ {restarts}</text>")
    };
    let (width, height) = NODE;
    let share = usize::try_from(share).unwrap_or(0);
    let bar = (width - 20) * share / 1000;
    format!(
        "<g class=\"node {health}\" data-node=\"{name}\">\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"9\"/>\
         <circle cx=\"{dot_x}\" cy=\"{dot_y}\" r=\"4\"/>\
         <text class=\"name\" x=\"{name_x}\" y=\"{name_y}\">{name}</text>\
         <text class=\"more\" x=\"{dot_left}\" y=\"{more_y}\">{below}</text>{badge}\
         <rect class=\"bar\" x=\"{dot_left}\" y=\"{bar_y}\" width=\"{bar}\" height=\"2\" rx=\"1\"/></g>",
        health = health(server),
        name = Text(&node.name),
        dot_x = x + 14,
        dot_y = y + 15,
        name_x = x + 25,
        name_y = y + 19,
        dot_left = x + 10,
        more_y = y + 35,
        bar_y = y + 41,
    )
}
