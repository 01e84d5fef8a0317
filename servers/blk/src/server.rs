//! The server: names of disks, rights, and the way to the drivers.

use crate::drivers::{Connect, Driver, Part};
use crate::grants::{Access, Grants};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use blk_api::{Blk, Disk};
use block::{Attached, Bits, BlockError, Range, Terms};
use service::Caller;
use sys::{Memory, Notification};

/// Disks and the way to them. It keeps nothing that its next life does not find again.
pub struct BlkServer {
    connect: Connect,
    drivers: Vec<Driver>,
    grants: Grants,
}

impl core::fmt::Debug for BlkServer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlkServer").field("drivers", &self.drivers).finish_non_exhaustive()
    }
}

impl BlkServer {
    /// Over these drivers, in the order of their disks.
    pub fn new(drivers: &[&str], connect: Connect, grants: Grants) -> Self {
        let drivers = drivers.iter().map(|service| Driver::new(service)).collect();
        Self { connect, drivers, grants }
    }

    /// Gives numbers to drivers that have none yet and are there, in their order. A driver that
    /// does not answer now is there: no disk takes its number.
    fn number_disks(&mut self) {
        let mut next = self.drivers.iter().filter(|driver| driver.number.is_some()).count();
        for driver in &mut self.drivers {
            if driver.number.is_none() && driver.exists(&self.connect) {
                driver.number = Some(next);
                next += 1;
            }
        }
    }

    /// The driver of a disk or partition, and which part of it that is.
    fn find(&mut self, name: &str) -> Result<(&mut Driver, Range), BlockError> {
        self.number_disks();
        let disk = name.strip_prefix("blk").ok_or(BlockError::NoDisk)?;
        let digits = disk.split('p').next().and_then(|digits| digits.parse().ok());
        let number: usize = digits.ok_or(BlockError::NoDisk)?;
        let driver = self.drivers.iter_mut().find(|driver| driver.number == Some(number));
        let driver = driver.ok_or(BlockError::NoDisk)?;
        let parts = driver.parts(&self.connect, false)?;
        let part = parts.iter().find(|part| part.name == name).ok_or(BlockError::NoDisk)?;
        let range = part.range;
        Ok((driver, range))
    }
}

impl Blk for BlkServer {
    fn disks(&mut self, caller: &Caller) -> Result<Vec<Disk>, BlockError> {
        self.number_disks();
        let mut disks = Vec::new();
        for driver in &mut self.drivers {
            let service = driver.service.clone();
            // One that does not answer now has its number, and no disk.
            let parts = driver.parts(&self.connect, true).unwrap_or(&[]);
            disks.extend(parts.iter().map(|part| disk(part, &service, &self.grants, caller)));
        }
        Ok(disks)
    }

    fn identity(&mut self, caller: &Caller) -> Result<String, BlockError> {
        let disks = self.disks(caller)?;
        if disks.is_empty() {
            return Ok("no disks".to_string());
        }
        let lines: Vec<String> = disks.iter().map(ToString::to_string).collect();
        Ok(lines.join("\n"))
    }

    fn attach(
        &mut self,
        caller: &Caller,
        pool: Memory,
        bell: Notification,
        name: String,
        units: u16,
        bits: Bits,
    ) -> Result<(queue::Offer, Attached), BlockError> {
        let access = self.grants.access(caller.badge(), &name);
        if access == Access::None {
            return Err(BlockError::NotAllowed);
        }
        let (driver, range) = self.find(&name)?;
        let range = Range { read_only: range.read_only || access == Access::Read, ..range };
        let terms = Terms { owner: caller.badge(), range, units, bits };
        driver.attach(&pool, &bell, terms)
    }
}

fn disk(part: &Part, driver: &str, grants: &Grants, caller: &Caller) -> Disk {
    let access = grants.access(caller.badge(), &part.name);
    let access = if part.range.read_only { access.min(Access::Read) } else { access };
    Disk {
        name: part.name.clone(),
        driver: driver.to_string(),
        label: part.label.clone(),
        sectors: part.range.sectors,
        first: part.range.first,
        access: access.text().to_string(),
    }
}
