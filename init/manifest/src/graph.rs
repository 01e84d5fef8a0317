//! Who may call whom.

use crate::{NAMES, System};
use alloc::string::String;
use core::fmt::Write;

/// One way that calls may take: from a client to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge<'a> {
    pub(crate) client: &'a str,
    pub(crate) server: &'a str,
}

impl System {
    /// All ways that the `clients` lists allow. Those to `names` and `init` are not among them.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.servers.iter().flat_map(|server| {
            let to = |client| Edge { client, server: server.name.as_str() };
            server.clients.iter().map(String::as_str).map(to)
        })
    }

    /// How urgent this server or program is.
    pub(crate) fn priority(&self, name: &str) -> Option<u8> {
        let server = self.server(name).map(|server| server.priority);
        server.or_else(|| self.program(name).map(|program| program.priority))
    }

    /// Who may call whom as text, one client a line, the most urgent first.
    pub fn graph(&self) -> String {
        let mut names: alloc::vec::Vec<&str> = self.clients().collect();
        names.sort_by_key(|name| core::cmp::Reverse(self.priority(name)));
        let mut text = String::new();
        for client in names {
            self.write_line(client, &mut text);
        }
        text
    }

    fn write_line(&self, client: &str, text: &mut String) {
        let supervisor = self.server(client).is_some_and(|server| server.supervisor);
        let always = [(client != NAMES).then_some(NAMES), supervisor.then_some("init")];
        let listed = self.edges().filter(|edge| edge.client == client).map(|edge| edge.server);
        let priority = self.priority(client).unwrap_or(0);
        let _ = write!(text, "{priority:>3} {client:<12}");
        for (index, server) in listed.chain(always.into_iter().flatten()).enumerate() {
            let _ = write!(text, "{}{server}", if index == 0 { " -> " } else { ", " });
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}
