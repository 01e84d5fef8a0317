//! Random numbers of the CPU.

/// A number from the CPU's random number generator: none without one, when it has none ready,
/// and on the host. Fit to seed a generator together with other sources, not to be one.
///
/// Source: Intel SDM 1, 7.3.17 "Random Number Generator Instructions"; ten attempts by 7.3.17.1.
#[must_use]
pub fn hardware_random() -> Option<u64> {
    imp::number()
}

#[cfg(target_os = "none")]
mod imp {
    use core::arch::asm;
    #[cfg(target_arch = "x86")]
    use core::arch::x86::__cpuid;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::__cpuid;

    const LEAF_FEATURES: u32 = 1;
    const RDRAND: u32 = 1 << 30;
    const ATTEMPTS: usize = 10;

    pub(super) fn number() -> Option<u64> {
        if __cpuid(LEAF_FEATURES).ecx & RDRAND == 0 {
            return None;
        }
        words(|| (0..ATTEMPTS).find_map(|_| word()))
    }

    /// A word of the CPU, if it has one ready.
    fn word() -> Option<usize> {
        let (word, ready): (usize, u8);
        // SAFETY: CPUID says that there is the instruction; it changes flags and registers only.
        unsafe {
            asm!("rdrand {}", "setc {}", out(reg) word, out(reg_byte) ready, options(nomem, nostack));
        }
        (ready == 1).then_some(word)
    }

    #[cfg(target_pointer_width = "64")]
    fn words(mut next: impl FnMut() -> Option<usize>) -> Option<u64> {
        next().map(|word| word as u64)
    }

    #[cfg(target_pointer_width = "32")]
    fn words(mut next: impl FnMut() -> Option<usize>) -> Option<u64> {
        Some(next()? as u64 | (next()? as u64) << 32)
    }
}

#[cfg(not(target_os = "none"))]
mod imp {
    pub(super) fn number() -> Option<u64> {
        None
    }
}
