//! What speculation in this CPU gives away: reads what decides, switches on what the CPU has, and
//! tells the rest.

use super::features::is_emulated;
use super::msr::read_msr;
use core_kernel::logic::weakness::{Cpu, Protection, Vendor, undefended};
use raw_cpuid::{CpuId, CpuIdReader, CpuIdReaderNative, CpuIdResult};
use x86_64::registers::control::Efer;
use x86_64::registers::model_specific::Msr;

const MSR_SPECULATION: Msr = Msr::new(0x48);
const MSR_CAPABILITIES: Msr = Msr::new(0x10a);
/// Of IA32_SPEC_CTRL: branches that less privileged code trained do not count.
const RESTRICTED: u64 = 1;
/// Of EFER: the same, on AMD's CPUs.
const AUTOMATIC: u64 = 1 << 21;

/// Of CPUID 7.0, edx: there are the two registers.
const HAS_SPECULATION: u32 = 1 << 26;
const HAS_CAPABILITIES: u32 = 1 << 29;

fn this_one() -> Cpu {
    let cpuid = CpuId::new();
    let reader = CpuIdReaderNative;
    let leaf = |leaf, last: Option<u32>| {
        let there = last.is_some_and(|last| leaf <= last);
        let nothing = CpuIdResult { eax: 0, ebx: 0, ecx: 0, edx: 0 };
        if there { reader.cpuid2(leaf, 0) } else { nothing }
    };
    let (basic, extended) = (reader.cpuid1(0).eax, reader.cpuid1(0x8000_0000).eax);
    let features = leaf(7, Some(basic));
    let has_capabilities = features.edx & HAS_CAPABILITIES != 0;
    let vendor = cpuid.get_vendor_info();
    let (family, model) = cpuid
        .get_feature_info()
        .map_or((0, 0), |info| (u32::from(info.family_id()), u32::from(info.model_id())));
    Cpu {
        vendor: match vendor.as_ref().map(|vendor| vendor.as_str()) {
            Some("GenuineIntel") => Vendor::Intel,
            Some("AuthenticAMD" | "HygonGenuine") => Vendor::Amd,
            _ => Vendor::Other,
        },
        family,
        model,
        features: features.ebx,
        control: features.edx,
        capabilities: if has_capabilities { read_msr(MSR_CAPABILITIES) } else { 0 },
        amd_control: leaf(0x8000_0008, Some(extended)).ebx,
        amd_extended: leaf(0x8000_0021, Some(extended)).eax,
    }
}

/// Switches on what this CPU has against branches that user mode trained.
pub(crate) fn protect() {
    let cpu = this_one();
    match cpu.protection() {
        Protection::Enhanced if cpu.control & HAS_SPECULATION != 0 => {
            // SAFETY: the register is there and has the bit, as CPUID and its capabilities say.
            unsafe { Msr::new(0x48).write(read_msr(MSR_SPECULATION) | RESTRICTED) }
        }
        Protection::Automatic => {
            // SAFETY: CPUID has the bit; it changes only what is predicted.
            unsafe { Efer::write_raw(Efer::read_raw() | AUTOMATIC) }
        }
        _ => {}
    }
}

/// Names each known weakness of the boot CPU that nothing here defends.
pub(crate) fn tell() {
    if is_emulated() {
        return defmt::info!(
            "speculation: an emulator runs this CPU; its host has weaknesses or not"
        );
    }
    for weakness in undefended(&this_one()) {
        defmt::warn!(
            "speculation: not defended: {=str} (needs: {=str})",
            weakness.name,
            weakness.needs
        );
    }
}
