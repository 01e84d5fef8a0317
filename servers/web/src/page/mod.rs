//! The page that shows the living system.

mod graph;
mod layout;
mod rates;
mod tables;
mod text;

pub(crate) use layout::Layout;
pub(crate) use rates::point;

use crate::sample::{Point, Sample};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use rates::Rates;

/// The style of the page.
pub(crate) const CSS: &[u8] = include_bytes!("page.css");
/// What puts events into the page.
pub(crate) const JS: &[u8] = include_bytes!("page.js");

/// The parts with the headings that they have.
const HEADINGS: [(&str, &str); 7] = [
    ("machine", ""),
    ("graph", "Servers, and which of them may call which"),
    ("servers", "Servers"),
    ("programs", "Programs"),
    ("faults", "Faults"),
    ("devices", "Devices"),
    ("network", "Network"),
];

/// All parts, in the order of their headings.
pub(crate) fn parts(
    before: &Sample,
    now: &Sample,
    history: &[Point],
    layout: &Layout,
) -> Vec<(&'static str, String)> {
    let rates = Rates::new(before, now);
    vec![
        ("machine", tables::machine(now, history)),
        ("graph", graph::draw(layout, now, &rates)),
        ("servers", tables::servers(now, &rates)),
        ("programs", tables::programs(now, &rates)),
        ("faults", tables::faults(now)),
        ("devices", tables::devices(now)),
        ("network", tables::network(now)),
    ]
}

/// The whole page, of its parts.
pub(crate) fn whole(parts: &[(&'static str, String)]) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Postern</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/postern.css\"><link rel=\"icon\" href=\"data:,\">\
         <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript></head><body>\
         <header><h1>Postern</h1><p>the living system</p>\
         <span id=\"live\" role=\"status\">as it was when the page came</span></header><main>",
    );
    for (name, part) in parts {
        let heading = HEADINGS.iter().find(|it| it.0 == *name).map_or("", |it| it.1);
        let heading = match heading {
            "" => String::new(),
            text => format!("<h2>{text}</h2>"),
        };
        html += &format!(
            "<section class=\"{name}\">{heading}<div data-part=\"{name}\">{part}</div></section>"
        );
    }
    html += "</main><footer>Nothing can be changed here: the server observes, and its rights end there.\
             </footer><script src=\"/postern.js\"></script></body></html>\n";
    html
}
