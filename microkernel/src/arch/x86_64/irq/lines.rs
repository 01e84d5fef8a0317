//! Device lines: the I/O interrupt controller's inputs, by the numbers that drivers use.
//!
//! A line number below 16 is the ISA line, wherever ACPI says it leads; others are inputs.
//!
//! A level line is masked while the driver works. An edge line is not: an edge that comes
//! while its input is masked is lost in the controller, and a UART that keeps its line high
//! never makes another. So an edge that comes before the driver's acknowledgement is noted
//! and recorded again at the acknowledgement; only a second one masks the input, when
//! nothing more can be lost.
//!
//! Source: Intel 82093AA, section 3.2.4 "IOREDTBL".

use super::super::checks::Lock;
use super::super::cpu::vectors;
use super::super::registers::Registers;
use super::pending::INTERRUPTS;
use core_kernel::machine::Interrupt;
use heapless::Vec;

const SELECT: u16 = 0x00;
const WINDOW: u16 = 0x10;
const VERSION: u32 = 1;
const FIRST_ENTRY: u32 = 0x10;
const MASKED: u32 = 1 << 16;
const LEVEL: u32 = 1 << 15;
const ACTIVE_LOW: u32 = 1 << 13;

const FLAG_POLARITY: u16 = 3;
const FLAG_POLARITY_LOW: u16 = 3;
const FLAG_TRIGGER: u16 = 3 << 2;
const FLAG_TRIGGER_LEVEL: u16 = 3 << 2;
/// ISA lines; what comes after is PCI: level, active low.
const ISA_LINES: u8 = 16;
/// As many as the system information counts.
const LINES: usize = abi::IRQ_LINES;

/// An ISA line that is not what it was on an ISA bus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Override {
    /// The ISA line.
    pub(crate) line: u8,
    /// The controller input.
    pub(crate) input: u32,
    /// Polarity and trigger, as in the ACPI table.
    pub(crate) flags: u16,
}

/// One I/O interrupt controller.
#[derive(Clone, Copy)]
struct Controller {
    registers: Registers,
    first_input: u32,
    inputs: u32,
}

impl Controller {
    fn read(self, register: u32) -> u32 {
        self.registers.write(SELECT, register);
        self.registers.read(WINDOW)
    }

    fn write(self, register: u32, value: u32) {
        self.registers.write(SELECT, register);
        self.registers.write(WINDOW, value);
    }

    fn set_entry(self, input: u32, low: u32, high: u32) {
        let register = FIRST_ENTRY + 2 * (input - self.first_input);
        self.write(register, low | MASKED);
        self.write(register + 1, high);
        self.write(register, low);
    }

    fn entry(self, input: u32) -> u32 {
        self.read(FIRST_ENTRY + 2 * (input - self.first_input))
    }

    fn has(self, input: u32) -> bool {
        (self.first_input..self.first_input + self.inputs).contains(&input)
    }
}

/// What is known of a line.
#[derive(Clone, Copy, Default)]
struct Line {
    input: u32,
    /// Trigger and polarity.
    wiring: u32,
    /// The driver has not acknowledged yet, or there is no driver.
    waiting: bool,
    /// An edge came meanwhile.
    again: bool,
}

struct Lines {
    controllers: Vec<Controller, 4>,
    lines: [Line; LINES],
    target: u32,
}

/// ORDER: taken with interrupts off only, and nothing is locked inside, so a handler never
/// finds it taken by the code that it interrupted.
static LINES_OF_MACHINE: Lock<Lines> =
    Lock::new(Lines { controllers: Vec::new(), lines: [Line::EMPTY; LINES], target: 0 });

impl Line {
    const EMPTY: Self = Self { input: 0, wiring: 0, waiting: true, again: false };

    fn of(number: u8, overrides: &[Override]) -> Self {
        let found = overrides.iter().find(|entry| entry.line == number);
        let flags = found.map_or(0, |entry| entry.flags);
        let input = found.map_or(u32::from(number), |entry| entry.input);
        let pci = number >= ISA_LINES;
        let low = pci || flags & FLAG_POLARITY == FLAG_POLARITY_LOW;
        let level = pci || flags & FLAG_TRIGGER == FLAG_TRIGGER_LEVEL;
        let wiring = if low { ACTIVE_LOW } else { 0 } | if level { LEVEL } else { 0 };
        Self { input, wiring, ..Self::EMPTY }
    }

    fn level(self) -> bool {
        self.wiring & LEVEL != 0
    }
}

impl Lines {
    fn controller(&self, input: u32) -> Option<Controller> {
        self.controllers.iter().copied().find(|controller| controller.has(input))
    }

    fn set_mask(&self, number: u8, masked: bool) {
        let line = self.lines[usize::from(number)];
        let vector = u32::from(vectors::FIRST_LINE + number);
        let mask = if masked { MASKED } else { 0 };
        if let Some(controller) = self.controller(line.input) {
            controller.set_entry(line.input, line.wiring | vector | mask, self.target << 24);
        }
    }
}

/// Takes the controllers into use, each with the number of its first input. Every input is masked;
/// interrupts go to the CPU with the local controller `target`.
pub(super) fn init(controllers: &[(Registers, u32)], overrides: &[Override], target: u32) {
    let mut all = LINES_OF_MACHINE.lock();
    all.target = target;
    for (registers, first_input) in controllers.iter().copied() {
        let mut controller = Controller { registers, first_input, inputs: 0 };
        controller.inputs = (controller.read(VERSION) >> 16 & 0xff) + 1;
        for input in first_input..first_input + controller.inputs {
            controller.set_entry(input, MASKED, 0);
        }
        // A fifth controller's lines stay unknown.
        let _ = all.controllers.push(controller);
    }
    for number in 0..abi::IRQ_LINES.to_le_bytes()[0] {
        all.lines[usize::from(number)] = Line::of(number, overrides);
    }
}

/// Whether there is such a line.
pub(crate) fn exists(number: u8) -> bool {
    let all = LINES_OF_MACHINE.lock();
    all.lines.get(usize::from(number)).is_some_and(|line| all.controller(line.input).is_some())
}

/// Whether the controller keeps the line from interrupting.
pub(crate) fn is_masked(number: u8) -> bool {
    let all = LINES_OF_MACHINE.lock();
    let line = all.lines[usize::from(number)];
    all.controller(line.input).is_none_or(|controller| controller.entry(line.input) & MASKED != 0)
}

/// The line has interrupted. Returns the interrupt, if the driver waits for one.
pub(super) fn arrived(number: u8) -> Option<Interrupt> {
    let mut all = LINES_OF_MACHINE.lock();
    let line = &mut all.lines[usize::from(number)];
    let (waiting, again) = (line.waiting, line.again);
    line.again = waiting;
    line.waiting = true;
    if line.level() || again {
        all.set_mask(number, true);
    }
    (!waiting).then_some(Interrupt::Line(number))
}

/// The driver is ready for the line's next interrupt.
pub(crate) fn unmask(number: u8) {
    let mut all = LINES_OF_MACHINE.lock();
    let line = &mut all.lines[usize::from(number)];
    let again = core::mem::take(&mut line.again);
    line.waiting = again;
    all.set_mask(number, false);
    if again {
        INTERRUPTS.here().pending.record(Interrupt::Line(number));
    }
}

/// The line is not used any more.
pub(crate) fn mask(number: u8) {
    let mut all = LINES_OF_MACHINE.lock();
    let line = &mut all.lines[usize::from(number)];
    (line.waiting, line.again) = (true, false);
    all.set_mask(number, true);
}
