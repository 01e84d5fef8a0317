//! Known weaknesses of CPUs that Postern does not defend, and which of them a CPU has.
//!
//! The table is data: a name, what a CPU must have to be free of it, and the decision. What the
//! kernel does defend is not in it. A CPU that tells nothing of itself counts as having them, and
//! so does every later model of a vendor that once had them and does not deny it.
//!
//! Source: Intel, "Affected Processors: Transient Execution Attacks" and IA32_ARCH_CAPABILITIES
//! (SDM 4, table 2-2); AMD, security bulletins 1036, 1037, 7005 and CPUID 8000_0008, 8000_0021.

/// The maker of the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Intel.
    Intel,
    /// AMD, and Hygon after it.
    Amd,
    /// Another one.
    Other,
}

/// What decides, as the CPU tells it; 0 where it tells nothing.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// Its maker.
    pub vendor: Vendor,
    /// Its family.
    pub family: u32,
    /// Its model.
    pub model: u32,
    /// CPUID 7.0, ebx.
    pub features: u32,
    /// CPUID 7.0, edx.
    pub control: u32,
    /// IA32_ARCH_CAPABILITIES.
    pub capabilities: u64,
    /// CPUID 8000_0008, ebx.
    pub amd_control: u32,
    /// CPUID 8000_0021, eax.
    pub amd_extended: u32,
}

// IA32_ARCH_CAPABILITIES.
const RDCL_NO: u64 = 1 << 0;
const IBRS_ALL: u64 = 1 << 1;
const SSB_NO: u64 = 1 << 4;
const MDS_NO: u64 = 1 << 5;
const TAA_NO: u64 = 1 << 8;
/// Three kinds of stale data behind device memory.
const MMIO_NO: u64 = 1 << 13 | 1 << 14 | 1 << 15;
const BHI_NO: u64 = 1 << 20;
const GDS_CTRL: u64 = 1 << 25;
const GDS_NO: u64 = 1 << 26;
const RFDS_NO: u64 = 1 << 27;

// CPUID 7.0: ebx, edx.
const AVX2: u32 = 1 << 5;
const RTM: u32 = 1 << 11;
const SRBDS_CTRL: u32 = 1 << 9;

// CPUID 8000_0008, ebx; 8000_0021, eax.
const AMD_SSB_NO: u32 = 1 << 26;
const AUTOMATIC_IBRS: u32 = 1 << 8;
const SRSO_NO: u32 = 1 << 29;

/// Intel's client models whose RDRAND leaks without new microcode (family 6).
const SRBDS_MODELS: [u32; 13] =
    [0x3a, 0x3c, 0x3d, 0x45, 0x46, 0x47, 0x4e, 0x5e, 0x8e, 0x9e, 0xa5, 0xa6, 0x66];
/// Skylake and similar models (family 6): other programs can train the prediction of returns.
const RETBLEED_MODELS: [u32; 8] = [0x4e, 0x5e, 0x55, 0x66, 0x8e, 0x9e, 0xa5, 0xa6];
/// Intel's small cores with a register file that leaks (family 6).
const RFDS_MODELS: [u32; 10] = [0x5c, 0x5f, 0x7a, 0x86, 0x96, 0x9c, 0x97, 0x9a, 0xb7, 0xbe];

impl Cpu {
    fn lacks(&self, capability: u64) -> bool {
        self.capabilities & capability != capability
    }

    fn is_intel_without(&self, capability: u64) -> bool {
        self.vendor == Vendor::Intel && self.lacks(capability)
    }

    fn is_intel_model(&self, models: &[u32]) -> bool {
        self.vendor == Vendor::Intel && self.family == 6 && models.contains(&self.model)
    }

    /// Whether user mode can train the kernel's branch prediction although the kernel enabled the
    /// CPU's own defence ([`Cpu::protection`]).
    fn trains_kernel(&self) -> bool {
        self.protection() == Protection::None
    }

    /// The CPU's own defence against branches that user mode trained; enabled once, at boot.
    pub fn protection(&self) -> Protection {
        match self.vendor {
            Vendor::Intel if !self.lacks(IBRS_ALL) => Protection::Enhanced,
            Vendor::Amd if self.amd_extended & AUTOMATIC_IBRS != 0 => Protection::Automatic,
            _ => Protection::None,
        }
    }
}

/// A defence of the CPU's own against branches that another privilege level trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// None that is cheap.
    None,
    /// Intel: bit 0 of IA32_SPEC_CTRL, set for good.
    Enhanced,
    /// AMD: bit 21 of EFER.
    Automatic,
}

/// A weakness that Postern does not defend.
#[derive(Debug)]
pub struct Weakness {
    /// How it is known.
    pub name: &'static str,
    /// What frees a CPU of it.
    pub needs: &'static str,
    /// Whether a CPU has it.
    pub has: fn(&Cpu) -> bool,
}

/// All of them.
pub const TABLE: [Weakness; 14] = [
    Weakness {
        name: "Meltdown (CVE-2017-5754): programs read the kernel's memory",
        needs: "RDCL_NO, or a CPU of AMD",
        has: |cpu| cpu.vendor != Vendor::Amd && cpu.lacks(RDCL_NO),
    },
    Weakness {
        name: "Spectre v1 (CVE-2017-5753): beyond call numbers and slots nothing is masked",
        needs: "no CPU is known to be free of it",
        has: |_| true,
    },
    Weakness {
        name: "Spectre v2 (CVE-2017-5715): programs steer the kernel's branches",
        needs: "enhanced or automatic IBRS",
        has: Cpu::trains_kernel,
    },
    Weakness {
        name: "Spectre v2 between programs: predictions stay when the CPU changes programs",
        needs: "no CPU is known to be free of it",
        has: |_| true,
    },
    Weakness {
        name: "speculative store bypass, Spectre v4 (CVE-2018-3639)",
        needs: "SSB_NO",
        has: |cpu| match cpu.vendor {
            Vendor::Amd => cpu.amd_control & AMD_SSB_NO == 0,
            Vendor::Intel | Vendor::Other => cpu.lacks(SSB_NO),
        },
    },
    Weakness {
        name: "L1TF (CVE-2018-3620): entries that map nothing name frame 0, and no more is done",
        needs: "RDCL_NO, or a CPU of AMD",
        has: |cpu| cpu.is_intel_without(RDCL_NO),
    },
    Weakness {
        name: "MDS (CVE-2018-12126 and others): buffers of the CPU keep what others read",
        needs: "MDS_NO, or a CPU of AMD",
        has: |cpu| cpu.is_intel_without(MDS_NO),
    },
    Weakness {
        name: "TAA (CVE-2019-11135): the same by transactions",
        needs: "TAA_NO, or no RTM",
        has: |cpu| cpu.is_intel_without(TAA_NO) && cpu.features & RTM != 0,
    },
    Weakness {
        name: "SRBDS (CVE-2020-0543): random numbers of other cores",
        needs: "microcode with SRBDS_CTRL",
        has: |cpu| cpu.is_intel_model(&SRBDS_MODELS) && cpu.control & SRBDS_CTRL == 0,
    },
    Weakness {
        name: "MMIO stale data (CVE-2022-21123 and others)",
        needs: "SBDR_SSDP_NO, FBSDP_NO and PSDP_NO, or a CPU of AMD",
        has: |cpu| cpu.is_intel_without(MMIO_NO),
    },
    Weakness {
        name: "RETBLEED (CVE-2022-29900, CVE-2022-29901): returns are steered as branches are",
        needs: "Intel: enhanced IBRS; AMD: family 19h or later",
        has: |cpu| match cpu.vendor {
            Vendor::Amd => (0x15..=0x18).contains(&cpu.family),
            _ => cpu.is_intel_model(&RETBLEED_MODELS) && cpu.lacks(IBRS_ALL),
        },
    },
    Weakness {
        name: "BHI and SRSO (CVE-2022-0001, CVE-2023-20569): branches in spite of IBRS",
        needs: "Intel: BHI_NO; AMD: SRSO_NO",
        has: |cpu| match cpu.vendor {
            Vendor::Amd => (0x17..=0x19).contains(&cpu.family) && cpu.amd_extended & SRSO_NO == 0,
            _ => cpu.is_intel_without(BHI_NO),
        },
    },
    Weakness {
        name: "GDS, Downfall (CVE-2022-40982): vector registers of others",
        needs: "GDS_NO, or microcode with GDS_CTRL",
        has: |cpu| {
            let either = cpu.capabilities & (GDS_NO | GDS_CTRL) != 0;
            cpu.vendor == Vendor::Intel && !either && cpu.features & AVX2 != 0
        },
    },
    Weakness {
        name: "RFDS (CVE-2023-28746): registers of others",
        needs: "RFDS_NO, or a CPU without small cores",
        has: |cpu| cpu.is_intel_model(&RFDS_MODELS) && cpu.lacks(RFDS_NO),
    },
];

/// Those that this CPU has.
pub fn undefended(cpu: &Cpu) -> impl Iterator<Item = &'static Weakness> {
    static ALL: [Weakness; 14] = TABLE;
    let cpu = *cpu;
    ALL.iter().filter(move |weakness| (weakness.has)(&cpu))
}

#[cfg(test)]
mod tests {
    use super::{Cpu, Protection, TABLE, Vendor, undefended};

    const SILENT: Cpu = Cpu {
        vendor: Vendor::Intel,
        family: 6,
        model: 0x3c,
        features: u32::MAX,
        control: 0,
        capabilities: 0,
        amd_control: 0,
        amd_extended: 0,
    };

    /// The first words of the names.
    fn names(cpu: &Cpu) -> Vec<&'static str> {
        let word = |name: &'static str| name.split([' ', ',', ':']).next().unwrap_or(name);
        undefended(cpu).map(|weakness| word(weakness.name)).collect()
    }

    #[test]
    fn the_threat_model_has_the_same_table() {
        let document = include_str!("../../THREAT_MODEL.md");
        let rows = document.lines().skip_while(|line| *line != "| weakness | needs |").skip(2);
        let table = TABLE.iter().map(|it| format!("| {} | {} |", it.name, it.needs));
        assert!(rows.eq(table), "copy the names and needs of `TABLE` into the document");
    }

    #[test]
    fn an_old_cpu_of_intels_has_nearly_all() {
        let wanted = [
            "Meltdown",
            "Spectre",
            "Spectre",
            "Spectre",
            "speculative",
            "L1TF",
            "MDS",
            "TAA",
            "SRBDS",
            "MMIO",
            "BHI",
            "GDS",
        ];
        assert_eq!(names(&SILENT), wanted);
        let skylake = Cpu { model: 0x5e, ..SILENT };
        assert!(names(&skylake).contains(&"RETBLEED"));
        assert!(names(&Cpu { model: 0x9a, ..SILENT }).contains(&"RFDS"));
    }

    #[test]
    fn a_cpu_that_denies_all_has_those_that_all_have() {
        let cpu = Cpu { capabilities: u64::MAX, control: u32::MAX, ..SILENT };
        assert_eq!(names(&cpu), ["Spectre", "Spectre"]);
        assert_eq!(cpu.protection(), Protection::Enhanced);
        let amd = Cpu {
            vendor: Vendor::Amd,
            family: 0x1a,
            amd_control: u32::MAX,
            amd_extended: u32::MAX,
            ..SILENT
        };
        assert_eq!(names(&amd), ["Spectre", "Spectre"]);
        assert_eq!(amd.protection(), Protection::Automatic);
    }

    #[test]
    fn each_bit_that_frees_a_cpu_frees_it_of_its_own() {
        let free = |capabilities| names(&Cpu { capabilities, ..SILENT });
        let all = names(&SILENT);
        for (bit, gone) in [
            (0, &["Meltdown", "L1TF"][..]),
            (4, &["speculative"]),
            (5, &["MDS"]),
            (8, &["TAA"]),
            (20, &["BHI"]),
            (25, &["GDS"]),
            (26, &["GDS"]),
        ] {
            let left = free(1 << bit);
            let lost: Vec<_> = all.iter().filter(|name| !left.contains(name)).copied().collect();
            assert_eq!(lost, gone, "bit {bit}");
        }
        assert_eq!(free(1 << 1).len(), all.len() - 1, "enhanced IBRS");
        assert_eq!(free(0b111 << 13).len(), all.len() - 1, "all three kinds");
        assert_eq!(free(0b011 << 13).len(), all.len(), "two of them");
    }

    #[test]
    fn amds_are_no_intels() {
        let zen2 = Cpu { vendor: Vendor::Amd, family: 0x17, model: 0x31, ..SILENT };
        let wanted = ["Spectre", "Spectre", "Spectre", "speculative", "RETBLEED", "BHI"];
        assert_eq!(names(&zen2), wanted);
        let other = Cpu { vendor: Vendor::Other, family: 6, ..SILENT };
        assert_eq!(names(&other), ["Meltdown", "Spectre", "Spectre", "Spectre", "speculative"]);
    }

    #[test]
    fn each_says_what_frees_of_it() {
        assert!(TABLE.iter().all(|weakness| !weakness.needs.is_empty()));
    }
}
