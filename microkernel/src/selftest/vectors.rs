//! Vector registers: what there is of them, and that states come and go whole.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::vector::{self, Layout, MXCSR_AT, Way, detect, layout};
use crate::arch::x86_64::cpu::vectors::VECTOR_USE;
use crate::arch::x86_64::probe::vectors::{self as probe, VectorValues};
use core_kernel::machine::{Machine, Phys};
use raw_cpuid::{CpuId, CpuIdResult};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};
use x86_64::registers::xcontrol::{XCr0, XCr0Flags};

pub(super) const CHECKS: &[Check] = &[
    ("vector-control-registers", control),
    ("vector-components-and-size-by-cpuid", size),
    ("vector-layout-without-xsave", without_xsave),
    ("vector-layout-with-avx", with_avx),
    ("vector-layout-with-avx512", with_avx512),
    ("vector-layout-leaves-out-what-does-not-fit", does_not_fit),
    ("vector-layout-of-vendors", vendors),
    ("vector-locked-use-is-caught", locked),
    ("vector-locked-registers-cannot-be-read", unreadable),
    ("exit-39-vector-state-comes-back-whole", round_trip),
    ("vector-new-state-is-clean", clean),
    ("vector-lock-empties-or-keeps", lock),
];

fn control(bench: &mut Bench<'_>) -> Outcome {
    let (cr0, cr4) = (Cr0::read(), Cr4::read());
    let set = Cr0Flags::MONITOR_COPROCESSOR | Cr0Flags::NUMERIC_ERROR | Cr0Flags::TASK_SWITCHED;
    bench.hold("CR0: MP, NE and TS", cr0.contains(set))?;
    bench.hold("CR0: EM", !cr0.contains(Cr0Flags::EMULATE_COPROCESSOR))?;
    let set = Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE;
    bench.hold("CR4: OSFXSR and OSXMMEXCPT", cr4.contains(set))?;
    let xsave = layout().way != Way::Fx;
    bench.equal("OSXSAVE", u64::from(cr4.contains(Cr4Flags::OSXSAVE)), u64::from(xsave))
}

fn size(bench: &mut Bench<'_>) -> Outcome {
    let layout = layout();
    bench.hold("a state fits into a frame", u64::from(layout.bytes) <= abi::PAGE_SIZE)?;
    if layout.way == Way::Fx {
        return bench.equal("bytes without XSAVE", u64::from(layout.bytes), 512);
    }
    bench.equal("XCR0", XCr0::read_raw(), layout.components.bits())?;
    let told =
        CpuId::new().get_extended_state_info().map(|info| info.xsave_area_size_enabled_features());
    bench.equal("bytes", u64::from(layout.bytes), told.map_or(0, u64::from))
}

/// A CPU of a vendor with these components; `zmm_end` is where the last of them ends.
#[derive(Clone, Copy)]
struct Fake {
    vendor: [u32; 3],
    components: u32,
    xsave: bool,
    optimised: bool,
    emulated: bool,
    zmm_end: u32,
}

const INTEL: [u32; 3] = [0x756e_6547, 0x4965_6e69, 0x6c65_746e];
const AMD: [u32; 3] = [0x6874_7541, 0x6974_6e65, 0x444d_4163];
/// What QEMU's emulator calls itself.
const TCG: [u32; 3] = [0x5447_4354, 0x4354_4743, 0x4743_5447];
const SSE: u32 = 0b11;
const AVX: u32 = SSE | 0b100;
const AVX512: u32 = AVX | 0b1110_0000;

impl Fake {
    const PLAIN: Self = Self {
        vendor: AMD,
        components: SSE,
        xsave: true,
        optimised: true,
        emulated: false,
        zmm_end: 2688,
    };

    fn cpuid(self, leaf: u32, part: u32) -> CpuIdResult {
        let [b, d, c] = self.vendor;
        // Offset and size of each component, as Intel's CPUs have them.
        let [offset, size] = match part {
            2 => [576, 256],
            5 => [1088, 64],
            6 => [1152, 512],
            7 => [1664, self.zmm_end - 1664],
            _ => [0, 0],
        };
        let result = |eax, ebx, ecx, edx| CpuIdResult { eax, ebx, ecx, edx };
        match (leaf, part) {
            (0, _) => result(0xd, b, c, d),
            (1, _) => {
                let flags = u32::from(self.xsave) << 26 | u32::from(self.emulated) << 31;
                result(0, 0, flags, 0)
            }
            (0x4000_0000, _) => result(0x4000_0000, TCG[0], TCG[1], TCG[2]),
            (0xd, 0) => result(self.components, 0, 0, 0),
            (0xd, 1) => result(u32::from(self.optimised), 0, 0, 0),
            (0xd, _) => result(size, offset, 0, 0),
            _ => result(0, 0, 0, 0),
        }
    }

    fn layout(self) -> Layout {
        detect(&CpuId::with_cpuid_reader(move |leaf, part| self.cpuid(leaf, part)))
    }
}

fn same(bench: &mut Bench<'_>, fake: Fake, way: Way, components: u32, bytes: u32) -> Outcome {
    let found = fake.layout();
    bench.hold("the way to save", found.way == way)?;
    bench.equal("components", found.components.bits(), u64::from(components))?;
    bench.equal("bytes", u64::from(found.bytes), u64::from(bytes))
}

fn without_xsave(bench: &mut Bench<'_>) -> Outcome {
    same(bench, Fake { xsave: false, components: AVX, ..Fake::PLAIN }, Way::Fx, SSE, 512)?;
    same(bench, Fake { optimised: false, ..Fake::PLAIN }, Way::Standard, SSE, 576)
}

fn with_avx(bench: &mut Bench<'_>) -> Outcome {
    // Bounds registers and protection keys are offered and not used.
    let fake = Fake { components: AVX | 0b10_0001_1000, ..Fake::PLAIN };
    same(bench, fake, Way::Optimised, AVX, 832)
}

fn with_avx512(bench: &mut Bench<'_>) -> Outcome {
    same(bench, Fake { components: AVX512, ..Fake::PLAIN }, Way::Optimised, AVX512, 2688)?;
    // One of its three parts is missing: all are.
    let fake = Fake { components: AVX512 & !0b10_0000, ..Fake::PLAIN };
    same(bench, fake, Way::Optimised, AVX, 832)
}

fn does_not_fit(bench: &mut Bench<'_>) -> Outcome {
    let fake = Fake { components: AVX512, zmm_end: 4097, ..Fake::PLAIN };
    same(bench, fake, Way::Optimised, AVX, 832)
}

fn vendors(bench: &mut Bench<'_>) -> Outcome {
    let intel = Fake { vendor: INTEL, ..Fake::PLAIN }.layout();
    bench.hold("Intel's are emptied", intel.wipe && !intel.pointers_stay)?;
    let amd = Fake::PLAIN.layout();
    bench.hold("AMD's pointers are overwritten", !amd.wipe && amd.pointers_stay)?;
    let tcg = Fake { emulated: true, ..Fake::PLAIN };
    bench.hold("QEMU's are emptied", tcg.layout().wipe)?;
    bench.hold("but not without XSAVE", !Fake { xsave: false, ..tcg }.layout().wipe)
}

fn locked(bench: &mut Bench<'_>) -> Outcome {
    let caught = probe::touch().map(|caught| caught.vector);
    bench.equal("a use of locked registers", caught.unwrap_or(0), u64::from(VECTOR_USE))?;
    vector::unlock();
    let caught = probe::touch();
    bench.machine.vector_lock();
    bench.hold("a use of unlocked registers", caught.is_none())?;
    bench.hold("locked again", probe::touch().is_some())
}

/// A machine whose XSAVE reads locked registers must empty them.
fn unreadable(bench: &mut Bench<'_>) -> Outcome {
    if layout().way == Way::Fx {
        return bench.hold("FXSAVE is enough", true);
    }
    let frame = bench.boot.frames.take(1);
    let caught = probe::save(frame).map_or(0, |caught| caught.vector);
    bench.hold("they can be read and are not empty", caught == 7 || layout().wipe)
}

const VALUES: VectorValues =
    VectorValues { low: [0x1111_2222, 0x3333], high: [0x4444, 0x5555], x87: 0x6666 };

/// The first 576 + 256 bytes of a state.
type State = [u8; 832];

fn read(bench: &Bench<'_>, frame: Phys) -> State {
    let mut state = [0; 832];
    bench.machine.read(frame, &mut state);
    state
}

fn has_avx() -> bool {
    layout().components.contains(XCr0Flags::AVX)
}

/// A frame with a clean state, and one with [`VALUES`], which are in the registers too.
fn frames(bench: &mut Bench<'_>) -> [Phys; 2] {
    let [clean, filled] = [bench.boot.frames.take(1), bench.boot.frames.take(1)];
    for frame in [clean, filled] {
        bench.machine.zero(frame, 1);
        bench.machine.vector_prepare(frame);
    }
    bench.machine.vector_load(clean);
    probe::fill(&VALUES, has_avx());
    bench.machine.vector_save(filled);
    [clean, filled]
}

fn round_trip(bench: &mut Bench<'_>) -> Outcome {
    let [clean, filled] = frames(bench);
    let wanted = read(bench, filled);
    let low: [u8; 8] = VALUES.low[0].to_le_bytes();
    bench.hold("xmm1 is in the state", wanted[176..184] == low)?;
    if has_avx() {
        bench.hold("xmm0 is in the state", wanted[160..168] == low)?;
        bench.hold("ymm0 is in the state", wanted[576..584] == VALUES.high[0].to_le_bytes())?;
    }
    bench.hold("st0 is in the state", wanted[32..42] != [0; 10])?;
    bench.machine.vector_load(clean);
    bench.machine.vector_load(filled);
    let again = bench.boot.frames.take(1);
    bench.machine.zero(again, 1);
    bench.machine.vector_save(again);
    bench.machine.vector_lock();
    bench.hold("the state came back changed", read(bench, again) == wanted)
}

fn clean(bench: &mut Bench<'_>) -> Outcome {
    let [clean, filled] = frames(bench);
    bench.machine.vector_load(clean);
    bench.machine.vector_save(filled);
    bench.machine.vector_lock();
    let found = read(bench, filled);
    bench.equal("x87 control", u64::from(u16::from_le_bytes([found[0], found[1]])), 0x37f)?;
    let mxcsr = &found[MXCSR_AT..MXCSR_AT + 2];
    bench.hold("MXCSR", mxcsr == 0x1f80_u16.to_le_bytes())?;
    bench.equal("x87 registers in use", u64::from(found[4]), 0)?;
    // XSAVE says in its header what is as after a reset, and need not write that.
    let used = if layout().way == Way::Fx { 0b11 } else { found[512] };
    let part = |component: u8, bytes: &[u8]| {
        used & 1 << component == 0 || bytes.iter().all(|byte| *byte == 0)
    };
    bench.hold("x87 registers", part(0, &found[32..160]))?;
    bench.hold("lower halves", part(1, &found[160..416]))?;
    bench.hold("upper halves", part(2, &found[576..832]))
}

fn lock(bench: &mut Bench<'_>) -> Outcome {
    let [_, filled] = frames(bench);
    let wanted = read(bench, filled);
    let keeps = bench.machine.vector_lock();
    bench.equal("kept", u64::from(keeps), u64::from(!layout().wipe))?;
    vector::unlock();
    let after = bench.boot.frames.take(1);
    bench.machine.zero(after, 1);
    bench.machine.vector_save(after);
    bench.machine.vector_lock();
    let found = read(bench, after);
    bench.equal("they hold what they held", u64::from(found == wanted), u64::from(keeps))?;
    let held = found.windows(8).any(|bytes| bytes == VALUES.low[0].to_le_bytes());
    bench.equal("the values are there", u64::from(held), u64::from(keeps))
}
