//! Resets: the table of methods, and one reset on its way.
//!
//! | method | for | how it ends |
//! |---|---|---|
//! | [`Method::Virtio`] | virtio 1.x | the status reads 0 |
//! | [`Method::Nvme`] | class 010802 | ready reads 0 |
//! | [`Method::Function`] | PCI Express or Advanced Features with FLR | 100 ms, then it answers |
//! | [`Method::Quarantine`] | all others, and what does not end in time | its time is over |
//!
//! The methods of a function are tried in this order. A device's own comes first, since it ends in
//! microseconds and the specification gives a function reset 100 ms. Before the first one bus
//! mastering is off, so nothing here has to trust the device: a reset that does not end, or that
//! is a lie, costs time and the device, not memory.
//!
//! **Quarantine.** Without a reset the device forgets nothing, but it does no DMA: what it had
//! begun when bus mastering went off has ended long before the time is over. The next driver
//! finds it as the last one left it.

use crate::config::{ConfigSpace, answers, change_command, command, read_command, register};
use crate::function::Function;
use crate::platform::Platform;
use crate::windows;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use pci_api::{Class, Slot, VirtioKind};
use sys::RegisterFile;

const MS: u64 = 1_000_000;
/// Between two looks at a device that resets itself.
const LOOK_NS: u64 = MS / 5;
/// A virtio device that takes longer is hung.
const VIRTIO_NS: u64 = 100 * MS;
/// The unit of an NVMe controller's own limit, and the most of it. Source: NVMe 1.4, 3.1.1.
const NVME_UNIT_NS: u64 = 500 * MS;
const NVME_UNITS_MOST: u64 = 10;
/// Source: PCI Express Base Specification 4.0, section 6.6.2.
const FUNCTION_RESET_NS: u64 = 100 * MS;
/// How long a function may take to answer after that.
const ANSWER_NS: u64 = 1000 * MS;
/// A completion comes within 50 ms by default, and within 64 s at most, of which no device makes
/// use. Source: PCI Express Base Specification 4.0, section 7.5.3.16.
pub const QUARANTINE_NS: u64 = 1000 * MS;

/// Of virtio's common configuration. Source: virtio 1.2, section 4.1.4.3.
const VIRTIO_STATUS: usize = 0x14;
/// Source: NVMe 1.4, section 3.1.
const NVME: Class = Class([0x01, 0x08, 0x02]);
const NVME_CAP: usize = 0x00;
const NVME_CC: usize = 0x14;
const NVME_CSTS: usize = 0x1c;

/// How a device is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Status 0 in the common configuration.
    Virtio,
    /// The controller is disabled.
    Nvme,
    /// Function level reset.
    Function,
    /// No reset: time without bus mastering.
    Quarantine,
}

/// Where a function level reset is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionReset {
    /// In the PCI Express capability at this offset.
    Express(u16),
    /// In the Advanced Features capability at this offset.
    Advanced(u16),
}

impl FunctionReset {
    /// Reads whether the function has one, from the offsets of its capabilities.
    pub fn read(
        config: &dyn ConfigSpace,
        slot: Slot,
        express: Option<u16>,
        advanced: Option<u16>,
    ) -> Option<Self> {
        let has = |offset: u16, register: u16, bit: u32| {
            config.read(slot, offset.saturating_add(register)) & 1 << bit != 0
        };
        let express = express.filter(|at| has(*at, 4, 28)).map(Self::Express);
        express.or_else(|| advanced.filter(|at| has(*at, 0, 25)).map(Self::Advanced))
    }

    fn start(self, config: &dyn ConfigSpace, slot: Slot) {
        match self {
            Self::Express(offset) => {
                let control = config.read(slot, offset + 8) & 0xffff;
                config.write(slot, offset + 8, control | 1 << 15);
            }
            Self::Advanced(offset) => config.write(slot, offset + 4, 1),
        }
    }
}

/// The methods of a function, in the order in which they are tried.
pub fn methods(function: &Function) -> Vec<Method> {
    let common = function.virtio.iter().any(|it| it.kind == VirtioKind::Common);
    let nvme = function.class == NVME && function.memory_bar(0).is_some();
    let all = [
        (common, Method::Virtio),
        (nvme, Method::Nvme),
        (function.function_reset.is_some(), Method::Function),
        (true, Method::Quarantine),
    ];
    all.into_iter().filter_map(|(has, method)| has.then_some(method)).collect()
}

/// What a step of a reset says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another step, at this time since boot.
    Wait(u64),
    /// It is over. The last method that ended.
    Done(Method),
}

/// A reset on its way.
pub struct Reset {
    slot: Slot,
    methods: VecDeque<Method>,
    running: Option<Running>,
    saved: Saved,
}

/// A method that was started.
struct Running {
    method: Method,
    /// Its registers, if it has some.
    registers: Option<(Box<dyn RegisterFile>, usize)>,
    /// When the first look makes sense, and when it has failed.
    from_ns: u64,
    until_ns: u64,
}

impl Reset {
    /// Turns bus mastering off. The reset itself begins with the first step.
    pub fn begin(config: &dyn ConfigSpace, function: &Function) -> Self {
        stop(config, function.slot);
        Self {
            slot: function.slot,
            methods: methods(function).into(),
            running: None,
            saved: Saved::read(config, function.slot),
        }
    }

    /// Whether it only waits for the end of the quarantine.
    pub fn is_quarantine(&self) -> bool {
        self.running.as_ref().is_some_and(|it| it.method == Method::Quarantine)
    }

    /// Does what is to do now.
    pub fn step(
        &mut self,
        now_ns: u64,
        config: &dyn ConfigSpace,
        platform: &dyn Platform,
        function: &Function,
    ) -> Progress {
        loop {
            let Some(running) = &self.running else {
                let method = self.methods.pop_front().unwrap_or(Method::Quarantine);
                self.running = start(method, now_ns, config, platform, function);
                continue;
            };
            if now_ns < running.from_ns {
                return Progress::Wait(running.from_ns);
            }
            let (method, ended) = (running.method, running.has_ended(config, self.slot));
            if ended {
                self.saved.restore(config, self.slot);
                stop(config, self.slot);
                return Progress::Done(method);
            }
            if now_ns < running.until_ns {
                return Progress::Wait(now_ns.saturating_add(LOOK_NS));
            }
            self.running = None;
        }
    }
}

/// Ends DMA and messages of a function; its memory is decoded.
pub fn stop(config: &dyn ConfigSpace, slot: Slot) {
    change_command(config, slot, command::BUS_MASTER, command::MEMORY | command::LINE_OFF);
}

/// Starts a method; none when the device does not even let that happen.
fn start(
    method: Method,
    now_ns: u64,
    config: &dyn ConfigSpace,
    platform: &dyn Platform,
    function: &Function,
) -> Option<Running> {
    let running = |registers, from_ns: u64, until_ns: u64| {
        let (from_ns, until_ns) = (now_ns.saturating_add(from_ns), now_ns.saturating_add(until_ns));
        Some(Running { method, registers, from_ns, until_ns })
    };
    match method {
        Method::Virtio => {
            let common = function.virtio.iter().find(|it| it.kind == VirtioKind::Common)?;
            let status = u64::from(common.offset) + VIRTIO_STATUS as u64;
            let (registers, at) = registers(platform, function, common.bar, status)?;
            registers.write_u8(at, 0).ok()?;
            running(Some((registers, at)), 0, VIRTIO_NS)
        }
        Method::Nvme => {
            let (registers, at) = registers(platform, function, 0, NVME_CAP as u64)?;
            let units = registers.read_u64(at + NVME_CAP).ok()?.to_le_bytes()[3];
            let configuration = registers.read_u32(at + NVME_CC).ok()?;
            registers.write_u32(at + NVME_CC, configuration & !1).ok()?;
            let units = u64::from(units).clamp(1, NVME_UNITS_MOST);
            running(Some((registers, at)), 0, units * NVME_UNIT_NS)
        }
        Method::Function => {
            function.function_reset?.start(config, function.slot);
            running(None, FUNCTION_RESET_NS, FUNCTION_RESET_NS + ANSWER_NS)
        }
        Method::Quarantine => running(None, QUARANTINE_NS, QUARANTINE_NS),
    }
}

/// Maps the page of a register in a BAR: the mapping, and the offset of the register in it.
fn registers(
    platform: &dyn Platform,
    function: &Function,
    bar: u8,
    offset: u64,
) -> Option<(Box<dyn RegisterFile>, usize)> {
    let bar = function.memory_bar(bar)?;
    let place = windows::address_of(
        &[bar],
        crate::capabilities::InBar { bar: bar.number, offset, bytes: 4 },
    )?;
    let in_page = place % sys::PAGE_SIZE;
    let registers = platform.registers(place - in_page, 1).ok()?;
    Some((registers, usize::try_from(in_page).ok()?))
}

impl Running {
    fn has_ended(&self, config: &dyn ConfigSpace, slot: Slot) -> bool {
        let registers = self.registers.as_ref();
        match self.method {
            Method::Virtio => {
                registers.is_some_and(|(registers, at)| registers.read_u8(*at) == Ok(0))
            }
            Method::Nvme => registers.is_some_and(|(registers, at)| {
                registers.read_u32(at + NVME_CSTS).is_ok_and(|status| status & 1 == 0)
            }),
            Method::Function => answers(config, slot),
            Method::Quarantine => true,
        }
    }
}

/// What a function reset clears and firmware had set.
#[derive(Clone, Debug)]
struct Saved {
    registers: Vec<(u16, u32)>,
}

impl Saved {
    fn read(config: &dyn ConfigSpace, slot: Slot) -> Self {
        let bars = (0..6).map(|bar| register::BARS + 4 * bar);
        let offsets = [register::HEADER, register::LINE].into_iter().chain(bars);
        Self { registers: offsets.map(|at| (at, config.read(slot, at))).collect() }
    }

    /// Writes back what differs, with nothing decoded meanwhile.
    fn restore(&self, config: &dyn ConfigSpace, slot: Slot) {
        let lost: Vec<_> =
            self.registers.iter().filter(|(at, value)| config.read(slot, *at) != *value).collect();
        if lost.is_empty() {
            return;
        }
        let before = read_command(config, slot);
        change_command(config, slot, command::MEMORY | command::IO, 0);
        lost.into_iter().for_each(|(at, value)| config.write(slot, *at, *value));
        change_command(config, slot, 0, before);
    }
}
