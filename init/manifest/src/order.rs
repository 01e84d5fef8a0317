//! The order of starts, and the dependents of a server that restarts.

use crate::{OnRestart, Server, System};
use alloc::vec::Vec;

impl System {
    /// Indices of the servers: each after those it depends on, else first those without which
    /// there is no prompt, so that they get what little memory there may be; then the most
    /// urgent first.
    pub fn start_order(&self) -> Vec<usize> {
        let needed = self.needed_for_prompt();
        let mut waiting: Vec<usize> = (0..self.servers.len()).collect();
        waiting.sort_by_key(|index| {
            let server = &self.servers[*index];
            (!needed.contains(&server.name.as_str()), core::cmp::Reverse(server.priority))
        });
        let mut order = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let next = waiting.iter().position(|index| !self.waits_for(*index, &waiting));
            // The check refuses circles of dependencies; in one, urgency decides.
            order.push(waiting.remove(next.unwrap_or(0)));
        }
        order
    }

    /// Whether the server depends on one of these.
    pub fn waits_for(&self, index: usize, others: &[usize]) -> bool {
        let depends = |other: &usize| self.depends(index, self.name_of(*other));
        others.iter().any(depends)
    }

    /// Servers that are restarted after this one was, in the order in which they start: those
    /// that depend on it, or on one of them, and ask for it.
    pub fn restarted_with(&self, index: usize) -> Vec<usize> {
        let mut all = Vec::from([index]);
        for other in self.start_order() {
            let asks = other != index && self.asks_for(other, OnRestart::Restart);
            if asks && self.waits_for(other, &all) {
                all.push(other);
            }
        }
        all.remove(0);
        all
    }

    /// Servers that are told when this one was restarted, each with its bit: the place in its
    /// list of those it depends on.
    pub fn told_of(&self, index: usize) -> impl Iterator<Item = (usize, u64)> + '_ {
        let name = self.name_of(index);
        let place = move |server: &Server| server.depends.iter().position(|it| it == name);
        self.servers.iter().enumerate().filter_map(move |(other, server)| {
            let bit = place(server).filter(|_| self.asks_for(other, OnRestart::Tell))?;
            Some((other, 1 << bit))
        })
    }

    fn name_of(&self, index: usize) -> &str {
        self.servers.get(index).map_or("", |server| &server.name)
    }

    fn depends(&self, index: usize, on: &str) -> bool {
        self.servers.get(index).is_some_and(|server| server.depends.iter().any(|it| it == on))
    }

    fn asks_for(&self, index: usize, wanted: OnRestart) -> bool {
        self.servers.get(index).is_some_and(|server| server.on_restart == wanted)
    }
}

#[cfg(test)]
mod tests {
    use crate::{OnRestart, Server, System};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn server(name: &str, priority: u8, depends: &[&str], on_restart: OnRestart) -> Server {
        let depends = depends.iter().copied().map(String::from).collect();
        Server { name: name.into(), priority, depends, on_restart, ..Server::default() }
    }

    fn names<'s>(system: &'s System, indices: &[usize]) -> Vec<&'s str> {
        indices.iter().map(|index| system.servers[*index].name.as_str()).collect()
    }

    /// `disk` below `files` below `web`, which is told; `web` also needs `net`.
    fn system() -> System {
        use OnRestart::{Nothing, Restart, Tell};
        System {
            servers: Vec::from([
                server("web", 9, &["net", "files"], Tell),
                server("files", 20, &["disk"], Restart),
                server("index", 30, &["disk", "files"], Restart),
                server("disk", 10, &[], Nothing),
                server("net", 8, &[], Nothing),
                server("log", 50, &["disk"], Nothing),
            ]),
            programs: Vec::new(),
        }
    }

    #[test]
    fn servers_start_after_those_they_need_and_else_by_urgency() {
        let system = system();
        let order = names(&system, &system.start_order());
        assert_eq!(order, ["disk", "log", "files", "index", "net", "web"]);
    }

    #[test]
    fn what_the_prompt_needs_starts_first() {
        let mut system = system();
        system.servers.push(server("names", 40, &[], OnRestart::Nothing));
        system.servers[2].leader = Some("web".into());
        let order = names(&system, &system.start_order());
        assert_eq!(order, ["names", "disk", "log", "files", "index", "net", "web"]);
        system.servers[2].depends.clear();
        let order = names(&system, &system.start_order());
        assert_eq!(order[..2], ["names", "index"], "the terminal needs nothing else");
    }

    #[test]
    fn a_circle_ends_too() {
        let a = server("a", 1, &["b"], OnRestart::Restart);
        let b = server("b", 2, &["a"], OnRestart::Restart);
        let system = System { servers: Vec::from([a, b]), programs: Vec::new() };
        assert_eq!(names(&system, &system.start_order()), ["b", "a"]);
        assert_eq!(names(&system, &system.restarted_with(0)), ["b"]);
    }

    #[test]
    fn dependents_of_dependents_are_restarted_once_and_in_order() {
        let system = system();
        assert_eq!(names(&system, &system.restarted_with(3)), ["files", "index"]);
        assert_eq!(names(&system, &system.restarted_with(1)), ["index"]);
        assert_eq!(names(&system, &system.restarted_with(4)), [""; 0]);
    }

    #[test]
    fn a_told_server_gets_the_bit_of_its_dependency() {
        let system = system();
        assert_eq!(system.told_of(1).collect::<Vec<_>>(), [(0, 0b10)]);
        assert_eq!(system.told_of(4).collect::<Vec<_>>(), [(0, 0b01)]);
        assert_eq!(system.told_of(3).count(), 0, "no dependent wants to be told");
    }
}
