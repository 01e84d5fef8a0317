//! The two interfaces, over the devices of all drivers.

use crate::bind::bind;
use crate::config::{ConfigSpace, change_command, command};
use crate::device::{Answer, Device, Machine};
use crate::function::Function;
use crate::platform::Platform;
use crate::report;
use crate::scan::scan;
use alloc::boxed::Box;
use alloc::vec::Vec;
use manifest::DriverGrant;
use pci_api::{Device as DeviceService, DeviceInfo, FunctionInfo, Pci, PciError};
use service::{Caller, Session};
use sys::{IoSpace, Irq, Memory, Notification};

/// How often storms are looked for.
pub const STORM_CHECK_NS: u64 = 100_000_000;

/// The pci server.
pub struct PciServer {
    config: Box<dyn ConfigSpace>,
    platform: Box<dyn Platform>,
    functions: Vec<Function>,
    drivers: Vec<Driver>,
    /// When storms are looked for next, if a vector is in use.
    storm_check: Option<u64>,
}

/// A driver of the manifest.
struct Driver {
    grant: DriverGrant,
    /// Its device and the place of its function; or why it has none.
    device: Result<(usize, Device), PciError>,
}

impl PciServer {
    /// Finds all functions, stops their DMA, and begins to reset those that drivers get.
    pub fn new(
        config: Box<dyn ConfigSpace>,
        platform: Box<dyn Platform>,
        grants: Vec<DriverGrant>,
    ) -> Self {
        let functions = scan(&*config);
        for function in &functions {
            take_control(&*config, function);
            report::wild(function);
        }
        let bound = bind(&grants, &functions);
        let machine = Machine { config: &*config, platform: &*platform };
        let drivers = grants.into_iter().zip(bound).map(|(grant, place)| {
            let device = place.and_then(|place| {
                let function = functions.get(place).ok_or(PciError::NotReady)?;
                Ok((place, Device::new(machine, &grant, function, &functions)))
            });
            report::bound(&grant, device.as_ref().map(|(_, device)| device.info().slot));
            Driver { grant, device }
        });
        let drivers = drivers.collect();
        Self { config, platform, functions, drivers, storm_check: None }
    }

    /// Does what is due, and returns when there is more to do.
    pub fn advance(&mut self, now_ns: u64) -> Option<u64> {
        self.check_storms(now_ns);
        let machine = Machine { config: &*self.config, platform: &*self.platform };
        let mut next = self.storm_check;
        for driver in &mut self.drivers {
            let Ok((_, device)) = &mut driver.device else { continue };
            let at_ns = device.advance(machine, now_ns);
            next = [next, at_ns].into_iter().flatten().min();
        }
        next
    }

    fn check_storms(&mut self, now_ns: u64) {
        let machine = Machine { config: &*self.config, platform: &*self.platform };
        let mut used = false;
        let due = self.storm_check.is_some_and(|at_ns| at_ns <= now_ns);
        for driver in &mut self.drivers {
            let Ok((_, device)) = &mut driver.device else { continue };
            used |= device.has_vectors();
            if due && device.check_storms(machine) > 0 {
                report::storm(&driver.grant, device.info().slot);
            }
        }
        self.storm_check = match self.storm_check {
            Some(at_ns) if used && !due => Some(at_ns),
            _ => used.then(|| now_ns.saturating_add(STORM_CHECK_NS)),
        };
    }

    fn driver(&mut self, caller: &Caller) -> Result<(Machine<'_>, &mut Device), PciError> {
        let client = caller.badge() & u64::from(u32::MAX);
        let found = self.drivers.iter_mut().find(|it| u64::from(it.grant.number) == client);
        let driver = found.ok_or(PciError::NoGrant)?;
        let machine = Machine { config: &*self.config, platform: &*self.platform };
        match &mut driver.device {
            Ok((_, device)) => Ok((machine, device)),
            Err(why) => Err(why.clone()),
        }
    }

    /// The device that is open in the caller's session.
    fn open_one(&mut self, caller: &Caller) -> Result<(Machine<'_>, &mut Device), PciError> {
        let (machine, device) = self.driver(caller)?;
        if device.is_open_for(caller.session()) {
            Ok((machine, device))
        } else {
            Err(PciError::NotReady)
        }
    }
}

/// A function does no DMA before its driver lets it; a bridge passes on what those behind do.
fn take_control(config: &dyn ConfigSpace, function: &Function) {
    if function.bridge.is_some() {
        change_command(config, function.slot, 0, command::MEMORY | command::BUS_MASTER);
    } else if !function.is_bridge() {
        change_command(config, function.slot, command::BUS_MASTER, 0);
    }
}

impl Pci for PciServer {
    fn functions(&mut self, _: &Caller) -> Result<Vec<FunctionInfo>, PciError> {
        let mut all: Vec<FunctionInfo> = self.functions.iter().map(Function::info).collect();
        for driver in &self.drivers {
            let Ok((place, device)) = &driver.device else { continue };
            if let Some(info) = all.get_mut(*place) {
                info.driver = Some(device.driver_info(&*self.config));
            }
        }
        Ok(all)
    }

    fn ready(&mut self, caller: &Caller, answer: Answer) {
        match self.driver(caller) {
            Ok((_, device)) => device.ready(answer),
            Err(why) => answer.send(Err(why)),
        }
    }

    fn open(&mut self, caller: &Caller, session: Session) -> Result<DeviceInfo, PciError> {
        let (_, device) = self.driver(caller)?;
        device.open(session)
    }
}

impl DeviceService for PciServer {
    fn info(&mut self, caller: &Caller) -> Result<DeviceInfo, PciError> {
        self.open_one(caller).map(|(_, device)| device.info().clone())
    }

    fn window(&mut self, caller: &Caller, bar: u8, window: u8) -> Result<Memory, PciError> {
        let (machine, device) = self.open_one(caller)?;
        device.window(machine, bar, window)
    }

    fn io_space(&mut self, caller: &Caller) -> Result<IoSpace, PciError> {
        let (machine, device) = self.open_one(caller)?;
        device.io_space(machine)
    }

    fn vector(
        &mut self,
        caller: &Caller,
        number: u16,
        notification: Notification,
        bits: u64,
    ) -> Result<Irq, PciError> {
        let (machine, device) = self.open_one(caller)?;
        device.vector(machine, number, &notification, bits)
    }

    fn bus_master(&mut self, caller: &Caller, on: bool) -> Result<(), PciError> {
        let (machine, device) = self.open_one(caller)?;
        device.bus_master(machine, on)
    }

    fn reset(&mut self, caller: &Caller, answer: Answer) {
        match self.open_one(caller) {
            Ok((machine, device)) => device.reset(machine, sys::clock(), answer),
            Err(why) => answer.send(Err(why)),
        }
    }

    fn closed(&mut self, session: Session) {
        let machine = Machine { config: &*self.config, platform: &*self.platform };
        let devices = self.drivers.iter_mut().filter_map(|driver| driver.device.as_mut().ok());
        for (_, device) in devices.filter(|(_, it)| it.is_open_for(Some(session))) {
            device.close(machine, sys::clock());
        }
    }
}

service::together!(PciServer: Pci, DeviceService);
