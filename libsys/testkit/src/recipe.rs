//! How a process of a test is made, as often as it is started.

use crate::System;
use crate::life::Life;
use std::fmt::Write;
use std::rc::Rc;
use sys::host::{self, Given};
use sys::{Error, Object, OwnedHandle, Process, Quota, Rights};

/// What a process can use unless [`Program::quota`](crate::Program::quota) says otherwise.
const QUOTA: Quota =
    Quota { pages: 1024, handles: 256, threads: 16, objects: 256, max_priority: 20, reserved: 0 };

/// What a program is given, at each of its starts.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) name: String,
    pub(crate) quota: Quota,
    lines: String,
    grants: Vec<Grant>,
}

#[derive(Debug)]
struct Grant {
    name: String,
    handle: OwnedHandle,
    rights: Rights,
    badge: u64,
}

impl Recipe {
    pub(crate) fn new(name: &str) -> Self {
        let (lines, grants) = (format!("name {name}\n"), Vec::new());
        Self { name: name.to_owned(), quota: QUOTA, lines, grants }
    }

    pub(crate) fn line(&mut self, key: &str, value: &str) {
        // Writing to a string never fails.
        let _ = writeln!(self.lines, "{key} {value}");
    }

    pub(crate) fn grant(&mut self, name: &str, object: &impl Object, rights: Rights, badge: u64) {
        match object.as_handle().copy(Rights::ALL) {
            Ok(handle) => self.grants.push(Grant { name: name.to_owned(), handle, rights, badge }),
            Err(error) => panic!("`{name}` for `{}`: {error}", self.name),
        }
    }

    /// A new process that runs this.
    pub(crate) fn start(&self, system: &System, work: impl FnOnce() + Send + 'static) -> Rc<Life> {
        let made = Life::make(&self.name, &self.quota).and_then(|made| {
            let given = self.give(&made.0)?;
            Life::begin(&self.name, made, (self.lines.clone(), given), work)
        });
        match made {
            Ok(life) => {
                let life = Rc::new(life);
                system.keep(life.clone());
                life
            }
            Err(error) => panic!("starting `{}`: {error}", self.name),
        }
    }

    /// Gives the process its handles.
    fn give(&self, process: &Process) -> Result<Vec<(String, Given)>, Error> {
        let give = |grant: &Grant| {
            let given = host::give(process, grant.handle.as_handle(), grant.rights, grant.badge)?;
            Ok((grant.name.clone(), given))
        };
        self.grants.iter().map(give).collect()
    }
}
