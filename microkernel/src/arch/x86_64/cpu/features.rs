//! What the CPU has, and switching on what protects.

use super::super::debug::fail;
use raw_cpuid::{CpuId, CpuIdReader, Hypervisor};
use spin::Once;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};

/// What the CPU has of the things that the kernel would use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Features {
    /// Pages without execution.
    pub(crate) no_execute: bool,
    /// No execution of user pages in kernel mode.
    pub(crate) smep: bool,
    /// No access to user pages in kernel mode.
    pub(crate) smap: bool,
    /// No peeking at descriptor tables in user mode.
    pub(crate) umip: bool,
    /// fs and gs base by instructions.
    pub(crate) fsgsbase: bool,
    /// Kernel translations that survive a switch of spaces.
    pub(crate) global_pages: bool,
    /// A timer that is set to a time stamp.
    pub(crate) deadline_timer: bool,
    /// Reports of broken hardware.
    pub(crate) machine_check: bool,
    /// Time stamps come at one rate, whatever the CPU's speed.
    pub(crate) tsc_invariant: bool,
    /// Time stamps per second, where the CPU or its hypervisor says so.
    pub(crate) tsc_hz: Option<u64>,
}

static FEATURES: Once<Features> = Once::new();

/// The features of the boot CPU; the others must have the same.
pub(crate) fn features() -> &'static Features {
    FEATURES.call_once(|| detect(CpuId::new()))
}

fn detect<R: CpuIdReader>(cpuid: CpuId<R>) -> Features {
    let basic = cpuid.get_feature_info();
    let extended = cpuid.get_extended_feature_info();
    let processor = cpuid.get_extended_processor_and_feature_identifiers();
    let has = |test: fn(&raw_cpuid::ExtendedFeatures) -> bool| extended.as_ref().is_some_and(test);
    Features {
        no_execute: processor.as_ref().is_some_and(|found| found.has_execute_disable()),
        smep: has(|found| found.has_smep()),
        smap: has(|found| found.has_smap()),
        umip: has(|found| found.has_umip()),
        fsgsbase: has(|found| found.has_fsgsbase()),
        global_pages: basic.as_ref().is_some_and(|found| found.has_pge()),
        deadline_timer: basic.as_ref().is_some_and(|found| found.has_tsc_deadline()),
        machine_check: basic.as_ref().is_some_and(|found| found.has_mce() && found.has_mca()),
        tsc_invariant: tsc_invariant(&cpuid),
        tsc_hz: tsc_hz(&cpuid),
    }
}

/// The emulator's is, though it does not tell.
fn tsc_invariant<R: CpuIdReader>(cpuid: &CpuId<R>) -> bool {
    let told = cpuid.get_advanced_power_mgmt_info().is_some_and(|info| info.has_invariant_tsc());
    told || emulated(cpuid)
}

fn emulated<R: CpuIdReader>(cpuid: &CpuId<R>) -> bool {
    cpuid.get_hypervisor_info().is_some_and(|info| info.identify() == Hypervisor::QEMU)
}

/// Whether QEMU's emulator plays the CPU, and tells it.
pub(crate) fn is_emulated() -> bool {
    emulated(&CpuId::new())
}

/// What the hypervisor tells, in kHz (leaf 0x4000_0010); what the CPU tells of the crystal behind
/// its counter (0x15); the CPU's own rate where that is also the counter's (0x16), in MHz.
fn tsc_hz<R: CpuIdReader>(cpuid: &CpuId<R>) -> Option<u64> {
    let hypervisor = cpuid.get_hypervisor_info().and_then(|info| info.tsc_frequency());
    let by_crystal = || cpuid.get_tsc_info().and_then(|info| info.tsc_frequency());
    // Without the crystal's rate the manual derives it from the base rate, which is the counter's.
    let by_base = || {
        cpuid.get_tsc_info().filter(|info| info.numerator() > 0)?;
        let base = cpuid.get_processor_frequency_info()?.processor_base_frequency();
        Some(u64::from(base) * 1_000_000)
    };
    let told = hypervisor.map(|khz| u64::from(khz) * 1000).filter(|hz| *hz > 0);
    told.or_else(|| by_crystal().filter(|hz| *hz > 0)).or_else(by_base).filter(|hz| *hz > 0)
}

/// Pages without execution must be on before tables that use them.
pub(crate) fn enable_no_execute() {
    if !features().no_execute {
        fail(format_args!("the CPU has no NX; try `-cpu max`"));
    }
    // SAFETY: setting NXE only gives a meaning to a bit that was reserved.
    unsafe { Efer::update(|flags| flags.insert(EferFlags::NO_EXECUTE_ENABLE)) };
}

/// Whether user mode may not read the time-stamp counter; the kernel always may.
pub(crate) fn hide_clock(hidden: bool) {
    // SAFETY: the bit changes nothing for kernel mode.
    unsafe { Cr4::update(|flags| flags.set(Cr4Flags::TIMESTAMP_DISABLE, hidden)) };
}

/// Everything else that protects; vector registers are `vector::enable`'s.
pub(crate) fn enable_protection() {
    let features = features();
    let wanted = [
        (features.smep, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION),
        (features.smap, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION),
        (features.umip, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION),
        (features.fsgsbase, Cr4Flags::FSGSBASE),
        (features.global_pages, Cr4Flags::PAGE_GLOBAL),
        (features.machine_check, Cr4Flags::MACHINE_CHECK_EXCEPTION),
    ];
    // SAFETY: 1. Only bits that CPUID offers are set. 2. The kernel never uses user pages.
    // 3. WP takes nothing that the kernel writes.
    unsafe {
        Cr4::update(|flags| {
            flags.remove(Cr4Flags::PERFORMANCE_MONITOR_COUNTER);
            for (has, flag) in wanted {
                flags.set(flag, has);
            }
        });
        Cr0::update(|flags| flags.insert(Cr0Flags::WRITE_PROTECT));
    }
}
