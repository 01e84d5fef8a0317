//! The device of a driver, from one session to the next.
//!
//! ```text
//!            open                close, or the driver's death
//!   Ready ----------> Open ------------------------------------> Ending
//!     ^                                                             |
//!     |   reset, then the mappings of its IoSpace are ended         |
//!     +-------------------------------------------------------------+
//! ```
//!
//! A server begins in Ending: what an earlier one had given out is taken back like a session.
//!
//! **Order.** Bus mastering goes off first; then the vectors are masked and the device is reset;
//! then the interrupts are closed and the IoSpace is cleared, so that its frames go back to their
//! owner only when no device writes them any more.

use crate::bind;
use crate::config::{ConfigSpace, change_command, command, read_command};
use crate::function::Function;
use crate::platform::{Platform, Space};
use crate::report;
use crate::reset::{self, Method, Progress, Reset};
use crate::vectors::Vectors;
use crate::windows;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use manifest::DriverGrant;
use pci_api::{DeviceInfo, DriverInfo, DriverState, PciError};
use service::{Reply, Session};
use sys::{Error, IoSpace, Irq, Memory, Notification, PAGE_SIZE, Rights};

/// The answer to `ready` or `reset`, given later.
pub type Answer = Reply<Result<(), PciError>>;

/// What a driver can do with a window.
const WINDOW: Rights = Rights::READ.union(Rights::WRITE).union(Rights::TRANSFER);
/// How long to wait for the end of another owner of the IoSpace: a dead server's driver.
const AGAIN_NS: u64 = 10_000_000;

/// A driver may put a new interrupt behind its vectors this number of times in a session. It
/// can hold on to the old ones, for which this server pays.
const REPLACED_MOST: u16 = 32;

/// What the devices of a machine have in common.
#[derive(Clone, Copy)]
pub struct Machine<'a> {
    /// Configuration space.
    pub config: &'a dyn ConfigSpace,
    /// The kernel.
    pub platform: &'a dyn Platform,
}

/// The device of a driver.
pub struct Device {
    /// Its driver's name.
    name: String,
    function: Function,
    info: DeviceInfo,
    trusted: bool,
    vectors: Vectors,
    /// Interrupts that were made in this session.
    interrupts_made: u16,
    /// The pages of windows that drivers asked for, by BAR and window. Each is made once: this
    /// server pays for it.
    windows: BTreeMap<(u8, u8), Memory>,
    space: Option<Box<dyn Space>>,
    state: State,
    /// Calls of `ready` that wait for the end of the present session.
    waiting: Vec<Answer>,
    opens: u64,
    /// The last method that ended a reset.
    last_reset: Option<Method>,
}

enum State {
    Ready,
    Open(Session, Option<(Reset, Vec<Answer>)>),
    Ending(Ending),
}

enum Ending {
    Reset(Reset),
    /// The reset is over; the IoSpace is next.
    Clear,
}

impl Device {
    /// Takes the device back from whatever had it, as after a session.
    pub fn new(
        machine: Machine<'_>,
        driver: &DriverGrant,
        function: &Function,
        all: &[Function],
    ) -> Self {
        reset::stop(machine.config, function.slot);
        let info = bind::info(driver, function, all, machine.config);
        let alone = windows::alone(function, all, machine.config);
        let (config, platform) = (machine.config, machine.platform);
        let vectors = Vectors::new(config, platform, function, &alone, info.vectors);
        let ending = Ending::Reset(Reset::begin(machine.config, function));
        Self {
            name: driver.name.clone(),
            function: function.clone(),
            info: DeviceInfo { vectors: vectors.count(), ..info },
            trusted: driver.grant.trusted,
            vectors,
            interrupts_made: 0,
            windows: BTreeMap::new(),
            space: None,
            state: State::Ending(ending),
            waiting: Vec::new(),
            opens: 0,
            last_reset: None,
        }
    }

    /// Answers when the device can be opened.
    pub fn ready(&mut self, answer: Answer) {
        match self.state {
            State::Ready => answer.send(Ok(())),
            _ => self.waiting.push(answer),
        }
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`PciError::NotReady`].
    pub fn open(&mut self, session: Session) -> Result<DeviceInfo, PciError> {
        let State::Ready = self.state else { return Err(PciError::NotReady) };
        self.state = State::Open(session, None);
        self.interrupts_made = 0;
        self.opens += 1;
        Ok(self.info.clone())
    }

    /// Returns whether this session has it.
    pub fn is_open_for(&self, session: Option<Session>) -> bool {
        matches!(self.state, State::Open(open, _) if Some(open) == session)
    }

    /// What the driver was told.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// The pages of a window.
    ///
    /// # Errors
    /// When the driver has no such window, or the kernel refuses.
    pub fn window(
        &mut self,
        machine: Machine<'_>,
        number: u8,
        window: u8,
    ) -> Result<Memory, PciError> {
        let none = PciError::NoWindow { bar: number, window };
        let granted = self.info.bar(number);
        let found = granted.and_then(|bar| bar.windows.get(usize::from(window)));
        let bar = self.function.memory_bar(number);
        let (Some(found), Some(bar)) = (found, bar) else { return Err(self.refuse(none)) };
        let address = bar.address + u64::from(found.first_page) * PAGE_SIZE;
        let pages = found.pages.into();
        let made = match self.windows.entry((number, window)) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                machine.platform.window(address, pages).map(|made| entry.insert(made))
            }
        };
        let copy = made.and_then(|made| made.copy(WINDOW));
        copy.map_err(|why| kernel("the pages of the BAR", why))
    }

    /// The driver's handle to its IoSpace.
    ///
    /// # Errors
    /// When the driver has none, or the kernel refuses.
    pub fn io_space(&mut self, machine: Machine<'_>) -> Result<IoSpace, PciError> {
        if self.info.dma_pages == 0 {
            return Err(self.refuse(PciError::NoDma));
        }
        if self.space.is_none() {
            let made = self.new_space(machine).map_err(|why| kernel("an IoSpace", why))?;
            self.space = Some(made);
        }
        let handle = self.space.as_ref().map(|space| space.for_driver());
        handle.unwrap_or(Err(Error::BadState)).map_err(|why| kernel("an IoSpace", why))
    }

    /// Puts an interrupt behind a vector.
    ///
    /// # Errors
    /// When the driver has no such vector, or the kernel refuses.
    pub fn vector(
        &mut self,
        machine: Machine<'_>,
        number: u16,
        notification: &Notification,
        bits: u64,
    ) -> Result<Irq, PciError> {
        let vectors = self.info.vectors;
        if number >= vectors {
            return Err(self.refuse(PciError::NoVector { vector: number, vectors }));
        }
        let refused = |why| kernel("an interrupt vector", why);
        if self.interrupts_made >= vectors.saturating_add(REPLACED_MOST) {
            return Err(self.refuse(refused(Error::QuotaExceeded)));
        }
        let made = machine.platform.message(notification, bits).map_err(refused)?;
        let (interrupt, message) = made;
        let handle = interrupt.for_driver().map_err(refused)?;
        self.vectors.set(machine.config, number, interrupt, message).map_err(refused)?;
        self.interrupts_made += 1;
        Ok(handle)
    }

    /// Lets the device do DMA, or stops it. Its interrupt messages are DMA, too.
    ///
    /// # Errors
    /// [`PciError::NoDma`] when the driver was not granted any: the device would reach all memory.
    pub fn bus_master(&self, machine: Machine<'_>, on: bool) -> Result<(), PciError> {
        if on && self.info.dma_pages == 0 {
            return Err(self.refuse(PciError::NoDma));
        }
        let slot = self.function.slot;
        let (clear, set) = if on { (0, command::BUS_MASTER) } else { (command::BUS_MASTER, 0) };
        change_command(machine.config, slot, clear, set);
        Ok(())
    }

    /// Resets it for its driver.
    pub fn reset(&mut self, machine: Machine<'_>, now_ns: u64, answer: Answer) {
        let State::Open(_, running) = &mut self.state else { return };
        match running {
            Some((_, waiting)) => waiting.push(answer),
            None => {
                let reset = Reset::begin(machine.config, &self.function);
                *running = Some((reset, Vec::from([answer])));
            }
        }
        let _ = self.advance(machine, now_ns);
    }

    /// Its session is over.
    pub fn close(&mut self, machine: Machine<'_>, now_ns: u64) {
        let reset = Reset::begin(machine.config, &self.function);
        self.vectors.stop(machine.config);
        self.state = State::Ending(Ending::Reset(reset));
        let _ = self.advance(machine, now_ns);
    }

    /// Does what is due, and returns when there is more to do.
    pub fn advance(&mut self, machine: Machine<'_>, now_ns: u64) -> Option<u64> {
        let (config, platform) = (machine.config, machine.platform);
        match &mut self.state {
            State::Ready | State::Open(_, None) => None,
            State::Open(_, Some((reset, _))) => {
                match reset.step(now_ns, config, platform, &self.function) {
                    Progress::Wait(at_ns) => Some(at_ns),
                    Progress::Done(method) => {
                        self.end_reset(machine, method);
                        None
                    }
                }
            }
            State::Ending(Ending::Reset(reset)) => {
                match reset.step(now_ns, config, platform, &self.function) {
                    Progress::Wait(at_ns) => Some(at_ns),
                    Progress::Done(method) => {
                        self.last_reset = Some(method);
                        self.vectors.stop(config);
                        self.vectors.forget();
                        self.state = State::Ending(Ending::Clear);
                        self.clear(machine, now_ns)
                    }
                }
            }
            State::Ending(Ending::Clear) => self.clear(machine, now_ns),
        }
    }

    /// Masks vectors with a storm: the number of new ones.
    pub fn check_storms(&mut self, machine: Machine<'_>) -> u64 {
        self.vectors.check_storms(machine.config)
    }

    /// Returns whether an interrupt may come.
    pub fn has_vectors(&self) -> bool {
        self.vectors.used() > 0
    }

    /// How it was last reset.
    pub fn last_reset(&self) -> Option<Method> {
        self.last_reset
    }

    /// What `devices` shows.
    pub fn driver_info(&self, config: &dyn ConfigSpace) -> DriverInfo {
        let state = match &self.state {
            State::Ready => DriverState::Ready,
            State::Open(_, None) => DriverState::Open,
            State::Ending(Ending::Reset(reset)) if reset.is_quarantine() => DriverState::Quarantine,
            _ => DriverState::Resetting,
        };
        DriverInfo {
            name: self.name.clone(),
            state,
            bus_master: read_command(config, self.function.slot) & command::BUS_MASTER != 0,
            vectors_used: self.vectors.used(),
            vectors: self.info.vectors,
            interrupts: self.vectors.interrupts(),
            masked: self.vectors.masked(),
            storms: self.vectors.storms(),
            dma_pages: self.info.dma_pages,
            opens: self.opens,
        }
    }

    /// Reports what a driver asked for that it was not granted.
    fn refuse(&self, error: PciError) -> PciError {
        report::refused(&self.name, self.function.slot, &error);
        error
    }

    /// The driver's own reset is over: its vectors are as before.
    fn end_reset(&mut self, machine: Machine<'_>, method: Method) {
        self.last_reset = Some(method);
        let restored = self.vectors.restore(machine.config);
        let State::Open(_, running) = &mut self.state else { return };
        let Some((_, answers)) = running.take() else { return };
        // What has only been waited for is not reset.
        let result = match (method, restored) {
            (Method::Quarantine, _) => Err(PciError::ResetFailed),
            (_, Err(why)) => Err(kernel("the interrupt vectors", why)),
            (_, Ok(())) => Ok(()),
        };
        answers.into_iter().for_each(|answer| answer.send(result.clone()));
    }

    /// Ends the mappings, and with them the session.
    fn clear(&mut self, machine: Machine<'_>, now_ns: u64) -> Option<u64> {
        match self.take_mappings(machine) {
            Err(Error::BadState) => Some(now_ns.saturating_add(AGAIN_NS)),
            // Without a space there is no mapping: the kernel told so, or refuses one at all.
            Ok(()) | Err(_) => {
                self.state = State::Ready;
                self.waiting.drain(..).for_each(|answer| answer.send(Ok(())));
                None
            }
        }
    }

    fn take_mappings(&mut self, machine: Machine<'_>) -> Result<(), Error> {
        if let Some(space) = self.space.take() {
            return clear_all(&*space);
        }
        // An earlier server may have left one.
        if self.opens == 0 && self.info.dma_pages > 0 {
            drop(self.new_space(machine)?);
        }
        Ok(())
    }

    /// Makes a space without mappings. One that a dead server left is cleared first: the device
    /// was reset since.
    fn new_space(&self, machine: Machine<'_>) -> Result<Box<dyn Space>, Error> {
        let (slot, pages) = (self.function.slot.0, self.info.dma_pages);
        loop {
            let (space, mappings) = machine.platform.space(slot, pages, self.trusted)?;
            if mappings == 0 {
                return Ok(space);
            }
            clear_all(&*space)?;
        }
    }
}

fn clear_all(space: &dyn Space) -> Result<(), Error> {
    while space.clear()? > 0 {}
    Ok(())
}

fn kernel(what: &str, why: Error) -> PciError {
    PciError::Kernel { what: what.to_string(), why: why.to_string() }
}
