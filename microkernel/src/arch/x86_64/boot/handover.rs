//! From the boot's page tables and stack to the kernel's own.

use super::super::cpu::tables::Stacks;
use super::super::debug::fail;
use super::super::index;
use super::super::irq::Controllers;
use super::super::mm::boot_frames::BootFrames;
use super::super::mm::{physmap, space::KernelSpace};
use super::super::registers::Registers;
use super::acpi::Platform;
use super::facts::Facts;
use super::stacks;
use core::arch::naked_asm;
use core_kernel::CpuId;
use core_kernel::machine::Phys;
use spin::Mutex;

/// All that was prepared while the boot's page tables were in use.
pub(crate) struct Boot {
    /// The machine.
    pub(crate) facts: Facts,
    /// Its interrupt controllers.
    pub(crate) platform: Platform,
    /// Its memory, as far as it is free.
    pub(crate) frames: BootFrames,
    /// The kernel's half.
    pub(crate) space: KernelSpace,
    /// Interrupt controllers as mapped there.
    pub(crate) controllers: Controllers,
    /// The high precision event timer, if there is one.
    pub(crate) hpet: Option<Registers>,
    /// Stacks as mapped there.
    pub(crate) stacks: Stacks,
    /// A page below 1 MiB, where other CPUs start.
    pub(crate) start_page: Option<Phys>,
}

/// Where the boot goes on, and with what.
struct Prepared {
    running: fn(Boot) -> !,
    boot: Boot,
}

static PREPARED: Mutex<Option<Prepared>> = Mutex::new(None);

impl Boot {
    /// Prepares everything.
    pub(crate) fn prepare(mut facts: Facts) -> Self {
        let platform = Platform::find(&facts);
        let start_page = if platform.cpus.len() > 1 { facts.take_start_page() } else { None };
        let mut frames = BootFrames::new(facts.free.clone());
        let mut space = KernelSpace::build(&facts.ram, facts.sealed, &mut frames);
        let mut map = |address| {
            let mapped = space.map_device(address, &mut frames);
            // SAFETY: just mapped for good, and ACPI says that it is such a device.
            unsafe { Registers::new(mapped) }
        };
        let ioapics = platform.ioapics.iter();
        let io = ioapics.map(|ioapic| (map(ioapic.address), ioapic.first_input)).collect();
        let controllers = Controllers { local: map(platform.lapic), io };
        let hpet = platform.hpet.map(map);
        let stacks = stacks::map(CpuId(0), &mut space, &mut frames);
        Self { facts, platform, frames, space, controllers, hpet, stacks, start_page }
    }

    /// Goes on in `running`, on the kernel's own page tables and stack.
    pub(crate) fn hand_over(self, running: fn(Self) -> !) -> ! {
        let (root, stack) = (self.space.root().frame().address(), self.stacks.kernel);
        *PREPARED.lock() = Some(Prepared { running, boot: self });
        // SAFETY: 1. The root maps the kernel image at the same addresses as now, so the
        // next instruction is there. 2. The stack is mapped and unused. 3. Nothing on the
        // old stack is used again.
        unsafe { switch(root, stack) }
    }

    /// The boot archive.
    pub(crate) fn archive(&self) -> Option<&'static [u8]> {
        let (first, bytes) = self.facts.archive?;
        // SAFETY: the archive is RAM that is in the physmap and was never free, so nothing
        // writes to it; its frames stay the archive's for good.
        Some(unsafe { core::slice::from_raw_parts(physmap::pointer(first), index(bytes)) })
    }

    /// Where the archive's frames are.
    pub(crate) fn archive_frames(&self) -> Option<(Phys, u64, u64)> {
        let (first, bytes) = self.facts.archive?;
        Some((first, bytes.div_ceil(abi::PAGE_SIZE), bytes))
    }
}

/// # Safety
/// See [`Boot::hand_over`].
#[unsafe(naked)]
unsafe extern "C" fn switch(_root: u64, _stack: u64) -> ! {
    naked_asm!(
        "mov cr3, rdi",
        "mov rsp, rsi",
        // The end of every backtrace.
        "xor ebp, ebp",
        "call {arrived}",
        "ud2",
        arrived = sym arrived,
    )
}

extern "C" fn arrived() -> ! {
    let prepared = PREPARED.lock().take();
    match prepared {
        Some(Prepared { running, boot }) => running(boot),
        None => fail(core::format_args!("nothing was prepared")),
    }
}
