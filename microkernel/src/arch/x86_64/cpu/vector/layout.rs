//! Which vector registers programs may use, and how their state is kept in memory.
//!
//! **Units.** Offsets and sizes are bytes of the XSAVE area in its standard form: 512 bytes
//! of FXSAVE, a header of 64, then one part for each component.
//!
//! **Source.** Intel SDM 1, chapter 13 "Managing state using the XSAVE feature set"; SDM 2A,
//! CPUID leaf 0DH; AMD APM 3, CPUID leaf 8000_0008 "RstrFpErrPtrs".

use raw_cpuid::{CpuId, CpuIdReader, ExtendedStateInfo, Hypervisor};
use spin::Once;
use x86_64::registers::xcontrol::XCr0Flags;

/// Bytes of the state without extensions: what FXSAVE writes.
pub(crate) const LEGACY_BYTES: u32 = 512;
/// Bytes of that and the header of XSAVE.
const HEADER_END: u32 = 576;
/// What one frame holds.
const FRAME_BYTES: u32 = 4096;

/// Components that are used together or not at all, the most basic first.
const GROUPS: [XCr0Flags; 2] =
    [XCr0Flags::AVX, XCr0Flags::OPMASK.union(XCr0Flags::ZMM_HI256).union(XCr0Flags::HI16_ZMM)];

/// The instruction that saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// FXSAVE and FXRSTOR: x87 and SSE alone.
    Fx,
    /// XSAVE and XRSTOR.
    Standard,
    /// The same, but XSAVEOPT leaves out what did not change since the load.
    Optimised,
}

/// What there is and how it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The instruction that saves.
    pub(crate) way: Way,
    /// The components that programs may use: the value of XCR0.
    pub(crate) components: XCr0Flags,
    /// Bytes of a state.
    pub(crate) bytes: u32,
    /// Locked registers can be read: by speculation (CVE-2018-3665; no bit of CPUID tells
    /// which CPUs do that, but all that do are Intel's), or because QEMU's XSAVE and XRSTOR
    /// do not look at CR0.TS (seen in 7.2), which is also tried. So they are emptied.
    pub(crate) wipe: bool,
    /// A load leaves the x87 error pointers of the thread before (CVE-2006-1056).
    pub(crate) pointers_stay: bool,
}

static LAYOUT: Once<Layout> = Once::new();

/// The layout of the boot CPU; the others must have the same.
pub(crate) fn layout() -> &'static Layout {
    LAYOUT.call_once(|| detect(&CpuId::new()))
}

/// What the boot CPU found; the first word counts.
pub(super) fn set(found: impl FnOnce() -> Layout) {
    LAYOUT.call_once(found);
}

/// From what CPUID says.
pub(crate) fn detect<R: CpuIdReader>(cpuid: &CpuId<R>) -> Layout {
    let vendor = cpuid.get_vendor_info();
    let is = |name: &str| vendor.as_ref().is_some_and(|vendor| vendor.as_str() == name);
    let amd = is("AuthenticAMD") || is("HygonGenuine");
    let mends = cpuid
        .get_processor_capacity_feature_info()
        .is_some_and(|info| info.has_restore_fp_error_ptrs());
    let basic = Layout {
        way: Way::Fx,
        components: XCr0Flags::X87.union(XCr0Flags::SSE),
        bytes: LEGACY_BYTES,
        wipe: is("GenuineIntel"),
        pointers_stay: amd && !mends,
    };
    let has_xsave = cpuid.get_feature_info().is_some_and(|info| info.has_xsave());
    match cpuid.get_extended_state_info().filter(|_| has_xsave) {
        Some(info) => {
            let way = if info.has_xsaveopt() { Way::Optimised } else { Way::Standard };
            let wipe = basic.wipe || emulated(cpuid);
            with_components(Layout { way, wipe, bytes: HEADER_END, ..basic }, &info)
        }
        None => basic,
    }
}

/// Whether QEMU plays the CPU.
fn emulated<R: CpuIdReader>(cpuid: &CpuId<R>) -> bool {
    cpuid.get_hypervisor_info().is_some_and(|info| info.identify() == Hypervisor::QEMU)
}

/// Adds the groups that the CPU has and that fit into one frame.
fn with_components<R: CpuIdReader>(mut layout: Layout, info: &ExtendedStateInfo<R>) -> Layout {
    for group in GROUPS {
        let (mut found, mut end) = (XCr0Flags::empty(), 0);
        for part in info.iter().filter(|part| group.bits() & 1 << part.subleaf != 0) {
            found |= XCr0Flags::from_bits_truncate(1 << part.subleaf);
            end = part.offset().saturating_add(part.size()).max(end);
        }
        if found != group || end > FRAME_BYTES {
            break;
        }
        layout.components |= group;
        layout.bytes = layout.bytes.max(end);
    }
    layout
}
