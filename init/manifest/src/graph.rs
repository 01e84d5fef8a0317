//! The links from clients to servers that the manifest allows, and whether a running system
//! keeps to them.

use crate::{NAMES, System};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

/// The name by which init, which is not in the manifest, is called.
pub const INIT: &str = "init";

/// Why a client may call a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It is in the server's list of clients.
    Listed,
    /// Every client may ask `names` for services.
    Finds,
    /// It is a supervisor or an observer, and may use init's System service.
    Supervises,
    /// It is a program, and may call the server that started it.
    Started,
    /// It is `names`, which holds a handle to each service to give copies out.
    GivesOut,
}

/// A link from a client to a server that it may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link<'a> {
    /// The client.
    pub client: &'a str,
    /// The server.
    pub server: &'a str,
    /// Why.
    pub why: Why,
}

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.client, self.server)
    }
}

/// A line `client -> server`, as running systems tell them; `None` for another line.
pub fn parse_link(line: &str) -> Option<(&str, &str)> {
    let (client, server) = line.trim().split_once(" -> ")?;
    let name = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    (name(client) && name(server)).then_some((client, server))
}

impl System {
    /// Returns the links that the `clients` lists allow, without those that need no list.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Link<'_>> {
        self.servers.iter().flat_map(|server| {
            let link = |client| Link { client, server: &server.name, why: Why::Listed };
            server.clients.iter().map(String::as_str).map(link)
        })
    }

    /// Returns all links of this system.
    pub fn links(&self) -> Vec<Link<'_>> {
        let servers = || self.servers.iter();
        let name = |server: &'_ crate::Server| server.name == NAMES;
        let others = self.clients().filter(|client| *client != NAMES);
        let finds = others.map(|client| Link { client, server: NAMES, why: Why::Finds });
        let supervises = servers().filter(|it| it.supervisor || it.observer);
        let supervises =
            supervises.map(|it| Link { client: &it.name, server: INIT, why: Why::Supervises });
        let led = self.programs.iter().filter(|it| it.supervisor);
        let led = led.map(|it| Link { client: &it.name, server: INIT, why: Why::Supervises });
        let started = servers().filter(|it| it.spawn).flat_map(|it| {
            let link = |program| Link { client: program, server: &it.name, why: Why::Started };
            self.programs.iter().map(|program| program.name.as_str()).map(link)
        });
        let gives = servers().filter(|it| it.service && !name(it));
        let gives = gives.map(|it| Link { client: NAMES, server: &it.name, why: Why::GivesOut });
        self.edges().chain(finds).chain(supervises).chain(led).chain(started).chain(gives).collect()
    }

    /// The ways of a running system (`client -> server` lines) that the manifest does not
    /// allow: each once, in the order of their coming.
    pub fn not_allowed<'l>(&self, running: impl Iterator<Item = &'l str>) -> Vec<String> {
        let links = self.links();
        let allowed = |client: &str, server: &str| {
            links.iter().any(|link| (link.client, link.server) == (client, server))
        };
        let mut wrong = Vec::new();
        for (client, server) in running.filter_map(parse_link) {
            let text = format!("{client} -> {server}");
            if !allowed(client, server) && !wrong.contains(&text) {
                wrong.push(text);
            }
        }
        wrong
    }

    /// How urgent this server or program is; init too.
    pub fn priority(&self, name: &str) -> Option<u8> {
        let server = self.server(name).map(|server| server.priority);
        let program = || self.program(name).map(|program| program.priority);
        let init = || (name == INIT).then_some(crate::INIT_PRIORITY);
        server.or_else(program).or_else(init)
    }

    /// Returns the links as text, one client a line, the most urgent first.
    pub fn graph(&self) -> String {
        let mut names: Vec<&str> = self.clients().collect();
        names.sort_by_key(|name| core::cmp::Reverse(self.priority(name)));
        let links = self.links();
        names.iter().map(|client| self.line(client, &links)).collect()
    }

    fn line(&self, client: &str, links: &[Link<'_>]) -> String {
        let of = |link: &&Link<'_>| link.client == client && link.why != Why::GivesOut;
        let servers: Vec<&str> = links.iter().filter(of).map(|link| link.server).collect();
        let priority = self.priority(client).unwrap_or(0);
        let list =
            if servers.is_empty() { String::new() } else { format!(" -> {}", servers.join(", ")) };
        let line = format!("{priority:>3} {client:<12}{list}");
        line.trim_end().to_string() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::{Why, parse_link};
    use crate::{Program, Server, System};
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn system() -> System {
        let server = |name: &str, service, supervisor, spawn, clients: &[&str]| Server {
            name: name.into(),
            service,
            supervisor,
            spawn,
            clients: clients.iter().copied().map(String::from).collect(),
            ..Server::default()
        };
        System {
            servers: Vec::from([
                server("names", true, false, false, &[]),
                server("disk", true, false, false, &["shell"]),
                server("proc", true, true, true, &["shell"]),
                server("shell", false, true, false, &[]),
            ]),
            programs: Vec::from([Program { name: "hello".into(), ..Program::default() }]),
        }
    }

    #[test]
    fn all_ways_have_their_reason() {
        let system = system();
        let links = system.links();
        let of = |why| {
            let links = links.iter().filter(|link| link.why == why);
            links.map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(Why::Listed), ["shell -> disk", "shell -> proc"]);
        let finds = ["disk -> names", "proc -> names", "shell -> names", "hello -> names"];
        assert_eq!(of(Why::Finds), finds);
        assert_eq!(of(Why::Supervises), ["proc -> init", "shell -> init"]);
        assert_eq!(of(Why::Started), ["hello -> proc"]);
        assert_eq!(of(Why::GivesOut), ["names -> disk", "names -> proc"]);
    }

    #[test]
    fn a_way_that_is_not_in_the_manifest_is_found() {
        let system = system();
        let good = ["shell -> disk", "hello -> proc", "names -> disk", "postern> graph", ""];
        assert!(system.not_allowed(good.into_iter()).is_empty());
        let bad = ["shell -> disk", "hello -> disk", "disk -> shell", "x -> y", "hello -> disk"];
        let wrong = ["hello -> disk", "disk -> shell", "x -> y"];
        assert_eq!(system.not_allowed(bad.into_iter()), wrong);
    }

    #[test]
    fn only_lines_with_two_names_are_links() {
        assert_eq!(parse_link(" a -> b "), Some(("a", "b")));
        for line in ["a->b", "a -> ", " -> b", "a b -> c", "a -> b c", "a"] {
            assert_eq!(parse_link(line), None, "{line}");
        }
    }
}
