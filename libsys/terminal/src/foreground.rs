//! Which clients have the terminal.
//!
//! **Shape.** The leader of the session (the shell) may always read, and whenever it reads,
//! the terminal is its own. It and the server that starts programs say which other clients are
//! in the foreground; these may read, too. All others are in the background. On a terminal
//! without a leader everybody may read, and hears of keys.

use alloc::vec::Vec;

/// Who decides, and what was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Foreground {
    leader: Option<u64>,
    spawner: Option<u64>,
    clients: Vec<u64>,
}

/// The caller is not the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLeader;

/// As many clients can be in the foreground.
pub const CLIENTS_MAX: usize = 64;

impl Foreground {
    /// With what the manifest says, and the clients that an earlier life of the console knew.
    pub fn new(leader: Option<u64>, spawner: Option<u64>, clients: Vec<u64>) -> Self {
        Self { leader, spawner, clients }
    }

    /// The clients in the foreground; none: the leader has the terminal.
    pub fn clients(&self) -> &[u64] {
        &self.clients
    }

    /// Whether a client may read now.
    pub fn may_read(&self, client: u64) -> bool {
        let Some(leader) = self.leader else { return true };
        client == leader || self.clients.contains(&client)
    }

    /// Whether a client hears of control keys.
    pub fn may_hear(&self, client: u64) -> bool {
        self.leader.is_none_or(|leader| leader == client)
    }

    /// A client reads: the leader takes the terminal back by that.
    pub fn reads(&mut self, client: u64) {
        if self.leader == Some(client) {
            self.clients.clear();
        }
    }

    /// Puts other clients into the foreground, in place of those before. Clients that are too
    /// many stay in the background.
    ///
    /// # Errors
    /// When the caller may not.
    pub fn set(&mut self, by: u64, mut clients: Vec<u64>) -> Result<(), NotLeader> {
        if self.leader != Some(by) && self.spawner != Some(by) {
            return Err(NotLeader);
        }
        clients.truncate(CLIENTS_MAX);
        self.clients = clients;
        Ok(())
    }

    /// The leader's key was pressed: the terminal is the leader's. False when there is none.
    pub fn take_back(&mut self) -> bool {
        self.clients.clear();
        self.leader.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS_MAX, Foreground, NotLeader};

    const LEADER: u64 = 7;
    const SPAWNER: u64 = 3;
    const PROGRAM: u64 = 1 << 32 | 9;
    const OTHER: u64 = 2 << 32 | 9;

    fn terminal() -> Foreground {
        Foreground::new(Some(LEADER), Some(SPAWNER), Vec::new())
    }

    #[test]
    fn only_leader_and_foreground_read() {
        let mut terminal = terminal();
        let readers = |it: &Foreground| [LEADER, SPAWNER, PROGRAM, OTHER].map(|c| it.may_read(c));
        assert_eq!(readers(&terminal), [true, false, false, false]);
        assert_eq!(terminal.set(SPAWNER, vec![PROGRAM]), Ok(()));
        assert_eq!(readers(&terminal), [true, false, true, false]);
        terminal.reads(PROGRAM);
        assert_eq!(readers(&terminal), [true, false, true, false], "only the leader takes it");
        terminal.reads(LEADER);
        assert_eq!(readers(&terminal), [true, false, false, false]);
    }

    #[test]
    fn other_clients_neither_decide_nor_hear() {
        let mut terminal = terminal();
        for client in [PROGRAM, OTHER, 0] {
            assert_eq!(terminal.set(client, vec![client]), Err(NotLeader));
            assert!(!terminal.may_hear(client));
        }
        assert!(terminal.may_hear(LEADER) && !terminal.may_hear(SPAWNER));
        assert_eq!(terminal.set(LEADER, vec![OTHER]), Ok(()));
        assert!(terminal.take_back() && !terminal.may_read(OTHER));
    }

    #[test]
    fn the_foreground_is_limited_and_outlives_a_restart() {
        let mut before = terminal();
        before.set(SPAWNER, (100..1000).collect()).unwrap();
        assert_eq!(before.clients().len(), CLIENTS_MAX);
        let after = Foreground::new(Some(LEADER), Some(SPAWNER), before.clients().to_vec());
        assert!(after.may_read(100) && !after.may_read(999));
    }

    #[test]
    fn without_a_leader_every_client_may() {
        let mut terminal = Foreground::default();
        assert!(terminal.may_read(OTHER) && terminal.may_hear(OTHER) && !terminal.take_back());
    }
}
