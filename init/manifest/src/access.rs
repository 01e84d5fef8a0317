//! The access table in the arguments of `names`: one line for each client and service.
//!
//! `client shell` (numbers count up from 1 in the order of the lines),
//! `service console 4 5` (the numbers of its clients).

use crate::{NAMES, System};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What the table says about a client and a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The client may connect.
    Allowed,
    /// The manifest does not list it.
    Refused,
    /// There is no such service.
    NoSuchService,
}

/// Who may connect to what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessTable {
    clients: Vec<String>,
    services: Vec<(String, Vec<u32>)>,
}

impl AccessTable {
    /// From the lines; what is no such line is skipped.
    pub fn parse<'l>(lines: impl Iterator<Item = &'l str>) -> Self {
        let mut table = Self::default();
        for line in lines {
            let mut words = line.split(' ');
            match (words.next(), words.next()) {
                (Some("client"), Some(name)) => table.clients.push(name.to_string()),
                (Some("service"), Some(name)) => {
                    let numbers = words.filter_map(|word| word.parse().ok()).collect();
                    table.services.push((name.to_string(), numbers));
                }
                _ => {}
            }
        }
        table
    }

    /// What a client, by its number, may do with a service.
    pub fn access(&self, client: u32, service: &str) -> Access {
        match self.services.iter().find(|(name, _)| name == service) {
            None => Access::NoSuchService,
            Some((_, clients)) if clients.contains(&client) => Access::Allowed,
            Some(_) => Access::Refused,
        }
    }

    /// The name of a client.
    pub fn client_name(&self, client: u32) -> Option<&str> {
        let index = usize::try_from(client).ok()?.checked_sub(1)?;
        self.clients.get(index).map(String::as_str)
    }

    /// All services, in the manifest's order.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(name, _)| name.as_str())
    }
}

impl System {
    /// The lines from which [`AccessTable::parse`] makes the table.
    pub fn access_lines(&self) -> Vec<String> {
        let clients = self.clients().map(|name| format!("client {name}"));
        let services = self.servers.iter().filter(|server| server.service).map(|server| {
            let listed = server.clients.iter().map(String::as_str);
            let everybody = self.clients().filter(|name| server.name == NAMES && *name != NAMES);
            let numbers = listed.chain(everybody).filter_map(|name| self.client_number(name));
            numbers
                .fold(format!("service {}", server.name), |line, number| format!("{line} {number}"))
        });
        clients.chain(services).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, AccessTable};
    use crate::{Program, Server, System};
    use alloc::string::String;
    use alloc::vec;

    fn system() -> System {
        let server = |name: &str, service, clients: &[&str]| Server {
            name: name.into(),
            service,
            clients: clients.iter().copied().map(String::from).collect(),
            ..Server::default()
        };
        System {
            servers: vec![
                server("console", true, &["shell", "hello"]),
                server("shell", false, &[]),
                server("lonely", true, &[]),
                server("names", true, &[]),
            ],
            programs: vec![Program { name: "hello".into(), ..Program::default() }],
        }
    }

    #[test]
    fn lines() {
        let lines = system().access_lines();
        assert_eq!(lines[1], "client shell");
        assert_eq!(lines[5], "service console 2 5");
        assert_eq!(lines[6], "service lonely");
        assert_eq!(lines[7], "service names 1 2 3 5", "every client but itself");
    }

    #[test]
    fn the_table_says_what_the_manifest_says() {
        let lines = system().access_lines();
        let table = AccessTable::parse(lines.iter().map(String::as_str));
        assert_eq!(table.access(2, "console"), Access::Allowed);
        assert_eq!(table.access(5, "console"), Access::Allowed);
        assert_eq!(table.access(3, "console"), Access::Refused);
        assert_eq!(table.access(0, "console"), Access::Refused);
        assert_eq!(table.access(2, "lonely"), Access::Refused);
        assert_eq!(table.access(2, "shell"), Access::NoSuchService, "it has no endpoint");
        assert_eq!(table.client_name(5), Some("hello"));
        assert_eq!(table.client_name(0), None);
        assert_eq!(table.client_name(6), None);
        assert!(table.services().eq(["console", "lonely", "names"]));
    }

    #[test]
    fn other_lines_are_skipped() {
        let table = AccessTable::parse(["", "service", "clients x", "service s x 7"].into_iter());
        assert_eq!(table.access(7, "s"), Access::Allowed);
        assert_eq!(table.services().count(), 1);
    }
}
