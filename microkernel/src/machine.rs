//! What the core asks of a machine: the whole border between deciding and acting.
//!
//! `arch/x86_64` implements it on hardware, `hosted` in memory for the tests. The
//! core never names a register, an MSR, a vector or a page-table bit.
//!
//! Trust: a machine believes the core. `forbid(unsafe_code)` promises that the core's own objects
//! stay whole: no index, id or list is followed unchecked, and a wrong one is a panic. It does not
//! promise that memory is safe whatever the core does: the core decides which frame belongs to
//! what, and a frame in two hands is one page of two programs. Types keep the books from the simple
//! mistakes: a [`Phys`] is made in few named places, a frame of a table, a loan or a vector state
//! has one owner ([`OwnedFrame`]), and the allocator looks into its books before it takes a table's
//! frame back. The rest is code that memory safety rests on: `mem/`, the core's calls of `map`,
//! `replace`, `zero`, `write` and `copy`, and `arch`.
//!
//! Units: physical addresses are [`Phys`], user addresses plain `u64`, times
//! nanoseconds since boot. All of it is called with interrupts off, by the CPU that holds
//! the kernel.

use crate::arena::{Fixed, Growing};
use abi::{CompatCall, DebugRegisters, Protection, SavedFrame, ThreadMode, WORDS};
use core::ops::DerefMut;

/// The address of a frame or of a byte in physical memory.
///
/// Few places make one: the frame allocator from its frame numbers, [`Phys::new`] from what
/// firmware or a program with the right to device memory names, and the machine from the entries of
/// its page tables ([`Phys::from_entry`]). All others move on from one they were given
/// ([`Phys::plus`]).
///
/// ```compile_fail,E0423
/// let anywhere = core_kernel::machine::Phys(4096);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phys(u64);

impl Phys {
    /// Bits of a physical address. Source: Intel SDM 3A, 4.1.4 "MAXPHYADDR".
    const BITS: u32 = 52;

    /// The address 0.
    pub const ZERO: Self = Self(0);

    /// An address that firmware or a program named. `None`: no machine has it.
    pub const fn new(address: u64) -> Option<Self> {
        if address >> Self::BITS == 0 { Some(Self(address)) } else { None }
    }

    /// The address in an entry of a page table, or in another word of the hardware: all bits that
    /// an address can have.
    #[inline(always)]
    pub const fn from_entry(word: u64) -> Self {
        Self(word & ((1 << Self::BITS) - 1))
    }

    /// The first byte of a frame of the allocator.
    pub(crate) const fn of_frame(number: u32) -> Self {
        Self(number as u64 * abi::PAGE_SIZE)
    }

    /// As a number.
    #[inline(always)]
    pub const fn address(self) -> u64 {
        self.0
    }

    /// The number of its frame.
    pub const fn frame(self) -> u64 {
        self.0 / abi::PAGE_SIZE
    }

    /// The address this number of bytes further on, in the same block of memory.
    #[inline(always)]
    pub const fn plus(self, bytes: u64) -> Self {
        Self(self.0 + bytes)
    }
}

/// A frame of the allocator, with its one owner: it cannot be copied, is given to the machine as a
/// table, and comes back to be freed.
///
/// Only the allocator makes one, from a block that it has just taken; and a machine that gives a
/// table's frame back gives its address, which the allocator checks against its books.
///
/// ```compile_fail,E0382
/// fn twice(frame: core_kernel::machine::OwnedFrame) {
///     let (one, other) = (frame, frame);
/// }
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
#[cfg_attr(any(test, feature = "hosted"), derive(Clone))]
#[must_use = "the frame would be lost"]
pub struct OwnedFrame(Phys);

impl OwnedFrame {
    /// Where it lies.
    pub fn phys(&self) -> Phys {
        self.0
    }

    /// The owner of a frame that the allocator has just taken.
    pub(crate) fn taken(frame: Phys) -> Self {
        Self(frame)
    }

    /// A frame of the memory that the boot hands out, before there is an allocator.
    pub fn of_boot(memory: &mut impl BootMemory) -> Self {
        Self(memory.frame())
    }

    /// Gives the ownership up: the frame is a part of a table from now on.
    pub fn into_table(self) -> Phys {
        self.0
    }
}

/// Gives memory at boot; none of it is given back.
pub trait BootMemory {
    /// A slice, its elements made from their index.
    fn slice<T: 'static>(&mut self, len: usize, make: fn(usize) -> T) -> Fixed<T>;
    /// A zeroed frame.
    fn frame(&mut self) -> Phys;
}

/// Which CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct CpuId(pub u16);

/// How the kernel itself wants to use user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read it.
    Read,
    /// Write it.
    Write,
}

/// The size of one mapping in the page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageSize {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Large,
}

impl PageSize {
    /// Its frames of 4 KiB.
    pub const fn frames(self) -> u64 {
        match self {
            Self::Small => 1,
            Self::Large => 512,
        }
    }

    /// Its bytes.
    pub const fn bytes(self) -> u64 {
        self.frames() * abi::PAGE_SIZE
    }
}

/// Pages of one size to be mapped, side by side in user space and in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pages {
    /// Where, in user space; a multiple of the size.
    pub address: u64,
    /// What; a multiple of the size.
    pub frame: Phys,
    /// How large each is.
    pub size: PageSize,
    /// How many, at least one.
    pub count: u64,
    /// How.
    pub protection: Protection,
    /// Whether it is a device: not cached, no user memory for the kernel.
    pub device: bool,
}

/// What [`Machine::map`] has mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mapped {
    /// Pages, at least one.
    pub count: u64,
    /// The frame of the empty table that a large page replaced: CPUs may still have it cached, so
    /// it is reused only after [`Machine::flush`].
    pub replaced: Option<Phys>,
}

/// Entries side by side in one page table, each for a page of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entries {
    /// The size of each page.
    pub size: PageSize,
    /// How many, at least one.
    pub count: u64,
}

impl Entries {
    /// What is gone past where no page table is.
    pub const UNMAPPED: Self = Self { size: PageSize::Small, count: 1 };

    /// The bytes that they stand for.
    pub const fn bytes(self) -> u64 {
        self.size.bytes() * self.count
    }
}

/// A page-table frame was needed and there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoFrame;

/// The most frames that [`Machine::extend`] asks for: one to be filled, and tables above it.
pub const GROWTH: u32 = 4;

/// An interrupt that was recorded and waits for the exit loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interrupt {
    /// The deadline timer.
    Timer,
    /// A device line; the machine has masked it until [`Machine::unmask_line`].
    Line(u8),
    /// A message of a device (MSI), by its number on this CPU; see [`Machine::message`].
    Message(u8),
    /// Another CPU set a work flag of this one.
    Ipi,
}

/// What a device writes, 32 bits, to interrupt a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Where.
    pub address: u32,
    /// What.
    pub data: u32,
}

/// Where the configuration space of PCI is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ecam {
    /// Of bus 0, also when that is not there; each bus has 1 MiB.
    pub base: Phys,
    /// The first bus that is there.
    pub first_bus: u8,
    /// The last one.
    pub last_bus: u8,
}

/// Width of a port access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortWidth {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits.
    Long,
}

/// The saved user registers of a thread. The entry stubs fill them.
///
/// Order: those of a thread that is current on a CPU are that CPU's, and the core on another one does
/// not touch them.
pub trait Frame: Clone + Default {
    /// Registers of a thread that starts at `entry` with one argument, a thread pointer equal to
    /// its stack pointer where that is in user space, and everything else 0.
    /// Must be safe for user mode whatever the values are. The mode stays, whatever happens
    /// to the registers later.
    fn start(mode: ThreadMode, entry: u64, stack: u64, argument: u64) -> Self;
    /// The number of the system call.
    fn syscall_number(&self) -> u64;
    /// Argument 0 to 5 of the system call.
    fn argument(&self, index: usize) -> u64;
    /// Another number and other arguments in their place.
    fn set_call(&mut self, number: u64, arguments: [u64; 6]);
    /// The address of the envelope, 0 for none.
    fn envelope(&self) -> u64;
    /// The message words.
    fn words(&self) -> &[u64; WORDS];
    /// The message words, to be written.
    fn words_mut(&mut self) -> &mut [u64; WORDS];
    /// The status of the call.
    fn set_status(&mut self, status: u64);
    /// Value 0 and value 1 of the call.
    fn set_values(&mut self, value0: u64, value1: u64);
    /// The reply token of a received message.
    fn set_token(&mut self, token: u64);
    /// Where the thread goes on.
    fn instruction_pointer(&self) -> u64;
    /// Makes the thread go on somewhere else; a bad address becomes a fault in user mode.
    fn set_instruction_pointer(&mut self, address: u64);
    /// Its stack pointer.
    fn stack_pointer(&self) -> u64;
    /// Enters an upcall handler: two arguments, a stack pointer, the rest as it is.
    fn divert(&mut self, entry: u64, stack: u64, argument0: u64, argument1: u64);
    /// All registers, as the handler sees them (mask and bits are filled by the caller).
    fn save(&self) -> SavedFrame;
    /// All registers back. Flags and selectors that user mode must not choose are repaired.
    fn restore(&mut self, saved: &SavedFrame);

    // -- calls of 32-bit code: values in memory instead of registers --------------

    /// The address that the thread gave for its [`CompatCall`].
    fn compat_block(&self) -> u64;
    /// Begins a call of 32-bit code: from now on the values above are those of the block;
    /// the thread's own registers are kept, and are what `save` and `restore` mean.
    fn begin_compat(&mut self, call: &CompatCall);
    /// The values as they are now; `None` when no such call is in progress.
    fn compat_results(&self) -> Option<CompatCall>;
    /// Ends the call, if there is one: the thread's own registers are back, with the status.
    fn end_compat(&mut self);
}

/// The thread pointer of a new thread with this stack pointer: 0 where the stack is outside user
/// space, which the thread's first use of it will show.
pub const fn thread_pointer_at(stack: u64) -> u64 {
    if stack < abi::USER_END { stack } else { 0 }
}

/// A machine on which the core runs.
pub trait Machine: Sized {
    /// Saved user registers.
    type Frame: Frame + 'static;
    /// The one handle to the saved registers of a thread. They lie in memory of their own, to which
    /// no object of the core leads but this: while a thread runs, the entries of its CPU fill them,
    /// and another CPU may work on the thread itself.
    type FrameHandle: DerefMut<Target = Self::Frame> + Default + 'static;
    /// The root of one address space's translation.
    type PageTable: 'static;
    /// Messages of each CPU: their numbers are below this.
    const MESSAGES: u8;

    // -- memory ---------------------------------------------------------------

    /// An empty user half over the kernel's half, in one zeroed frame.
    fn new_page_table(&mut self, root: OwnedFrame) -> Self::PageTable;

    /// Where the root lies: it tells spaces apart.
    fn root(&self, table: &Self::PageTable) -> Phys;

    /// The root's frame, when [`Machine::free_tables`] is done.
    fn free_root(&mut self, table: Self::PageTable) -> Phys;

    /// Maps the first of these pages, and those behind it that have their entries in the same
    /// table. `tables` gives zeroed frames for tables; those are the table's from then on, even
    /// when a later one is missing.
    ///
    /// # Errors
    /// [`NoFrame`]: nothing was mapped. The caller guarantees that nothing is mapped there.
    fn map(
        &mut self,
        table: &mut Self::PageTable,
        pages: &Pages,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<Mapped, NoFrame>;

    /// Unmaps the large page at this address, or the small ones from there on that have their
    /// entries in the same table, at most this many: the entries that it went past. Translations
    /// may still be cached until [`Machine::flush`].
    fn unmap(&mut self, table: &mut Self::PageTable, address: u64, most: u64) -> Entries;

    /// Splits the 2 MiB page around this address into 4 KiB pages, if there is one. No CPU has
    /// translations of both sizes at any time, and no program notices.
    ///
    /// # Errors
    /// [`NoFrame`]: nothing changed.
    fn split(
        &mut self,
        table: &mut Self::PageTable,
        address: u64,
        tables: &mut dyn FnMut(&mut Self) -> Option<OwnedFrame>,
    ) -> Result<(), NoFrame>;

    /// Changes the protection of pages, and goes past the same entries as [`Machine::unmap`].
    fn protect(
        &mut self,
        table: &mut Self::PageTable,
        address: u64,
        most: u64,
        protection: Protection,
    ) -> Entries;

    /// Makes small pages show one other frame, and goes past the same entries as
    /// [`Machine::unmap`]. None is ever missing meanwhile; the old frames may still be cached until
    /// [`Machine::flush`].
    fn replace(
        &mut self,
        table: &mut Self::PageTable,
        address: u64,
        most: u64,
        frame: Phys,
    ) -> Entries;

    /// Where the byte at this user address lies, if a user program may access it so.
    fn translate(&self, table: &Self::PageTable, address: u64, access: Access) -> Option<Phys>;

    /// Flushes the TLB entries of this table.
    fn flush(&mut self, table: &Self::PageTable);

    /// Takes at most `budget` table frames (not the root) out of an unmapped, unused table
    /// and hands them to `free`. True when none is left.
    fn free_tables(
        &mut self,
        table: &mut Self::PageTable,
        budget: usize,
        free: &mut dyn FnMut(Phys),
    ) -> bool;

    /// Makes sure that no CPU has this table loaded any more; it is about to be freed.
    fn retire(&mut self, table: &Self::PageTable);

    /// An empty slice that can be made longer. There are few: those of the kernel's objects.
    fn reserve<T: 'static>(&mut self) -> Growing<T>;

    /// Makes such a slice longer by at least one element, each made from its index; none moves.
    /// `frames` gives zeroed frames, at most [`GROWTH`]; those are the slice's from then on, even
    /// when a later one is missing.
    ///
    /// # Errors
    /// [`NoFrame`]: the slice is as it was.
    fn extend<T: 'static>(
        &mut self,
        slice: &mut Growing<T>,
        make: fn(usize) -> T,
        frames: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<(), NoFrame>;

    /// Memory for the saved registers of one more thread, for good. `frames` gives zeroed frames, at
    /// most one.
    ///
    /// # Errors
    /// [`NoFrame`]: a frame was needed and there was none.
    fn new_frame(
        &mut self,
        frames: &mut dyn FnMut(&mut Self) -> Option<Phys>,
    ) -> Result<Self::FrameHandle, NoFrame>;

    /// Fills frames with zeros.
    fn zero(&mut self, first: Phys, frames: u64);
    /// Reads physical memory that the kernel manages.
    fn read(&self, from: Phys, into: &mut [u8]);
    /// Writes physical memory that the kernel manages.
    fn write(&mut self, to: Phys, bytes: &[u8]);
    /// Copies between two places of physical memory. They may overlap: a program may send to
    /// itself.
    fn copy(&mut self, from: Phys, to: Phys, len: usize);

    // -- CPU, time and interrupts ----------------------------------------------

    /// The CPU that this code runs on.
    fn this_cpu(&self) -> CpuId;
    /// Time since boot.
    fn now_ns(&self) -> u64;
    /// A clock that is cheap to read, for booking time: it counts ticks since some moment.
    fn ticks(&self) -> u64;
    /// Converts ticks to nanoseconds.
    fn ns_of(&self, ticks: u64) -> u64;
    /// Converts nanoseconds to ticks.
    fn ticks_of(&self, ns: u64) -> u64;
    /// The next timer interrupt of this CPU; `None`: none.
    fn set_timer(&mut self, deadline_ns: Option<u64>);
    /// Whether [`Machine::take_interrupt`] would return one.
    fn interrupt_pending(&self) -> bool;
    /// The oldest interrupt recorded on this CPU.
    fn take_interrupt(&mut self) -> Option<Interrupt>;
    /// Whether interrupts are off, as the core expects whenever it runs.
    fn interrupts_off(&self) -> bool;
    /// Turns interrupts off, where they should have been.
    fn turn_interrupts_off(&mut self);
    /// Lets user mode use these ports by instructions; until now it was let those held.
    fn allow_ports(&mut self, held: &PortSpans, wanted: &PortSpans);
    /// Whether user mode on this CPU may not read the time-stamp counter.
    fn hide_clock(&mut self, hidden: bool);
    /// Sets the thread pointer of the thread with this frame: of the current one of this CPU, or
    /// of one that no CPU runs. The address is in user space.
    fn set_thread_pointer(&mut self, frame: &mut Self::Frame, address: u64);
    /// Fills this CPU's debug registers; all zero: they watch for nothing.
    fn load_debug_registers(&mut self, registers: &DebugRegisters);
    /// Interrupts the other CPU, so that it looks at its work flags.
    fn send_ipi(&mut self, cpu: CpuId);
    /// Whether the machine has this device line.
    fn has_line(&self, line: u8) -> bool;
    /// Lets the device line interrupt (again).
    fn unmask_line(&mut self, line: u8);
    /// Keeps the device line from interrupting.
    fn mask_line(&mut self, line: u8);
    /// What a device writes to interrupt this CPU as [`Interrupt::Message`] with this number, if
    /// devices reach the CPU.
    fn message(&self, cpu: CpuId, number: u8) -> Option<Message>;

    // -- vector registers, floating point among them; of the CPU that this code runs on ---

    /// Makes a zeroed frame the state of a thread that never used the registers.
    fn vector_prepare(&mut self, state: Phys);
    /// Fills the registers, and unlocks them: user programs may use them.
    fn vector_load(&mut self, state: Phys);
    /// Unlocks the registers as they are.
    fn vector_unlock(&mut self);
    /// Writes the registers to memory. They stay as they are.
    fn vector_save(&mut self, state: Phys);
    /// From now on a use of the registers enters the core at `vector_used`. False when they
    /// were emptied for that, true when they are still as they were.
    fn vector_lock(&mut self) -> bool;

    // -- devices ---------------------------------------------------------------

    /// Whether this physical range may become a device memory object: no RAM, nothing of the kernel's.
    fn is_device_memory(&self, first: Phys, frames: u64) -> bool;
    /// Where the configuration space of PCI is, if it is in memory.
    fn ecam(&self) -> Option<Ecam>;
    /// Reads a port.
    fn port_read(&mut self, port: u16, width: PortWidth) -> u32;
    /// Writes a port.
    fn port_write(&mut self, port: u16, width: PortWidth, value: u32);
    /// Appends to the system log.
    fn log(&mut self, bytes: &[u8]);
    /// Copies the log from byte number `first` since the boot on, or from the oldest that is left:
    /// the number of bytes, and the number behind the last.
    fn read_log(&self, first: u64, into: &mut [u8]) -> (usize, u64);
}

/// Ranges of ports that one process may use by instructions.
pub const PORT_SPANS: usize = 4;

/// Ports without a handle: the first, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PortSpan {
    /// The first port.
    pub first: u16,
    /// How many; 0 for an unused place.
    pub count: u32,
}

/// The ports that a process may use by instructions.
pub type PortSpans = [PortSpan; PORT_SPANS];
