//! CPUs and interrupt controllers, from the ACPI tables.

use super::super::cpu::block::CPUS;
use super::super::debug::fail;
use super::super::irq::lines::Override;
use super::super::{index, mm::physmap};
use super::facts::Facts;
use acpi::hpet::HpetInfo;
use acpi::madt::{Madt, MadtEntry};
use acpi::mcfg::Mcfg;
use acpi::{AcpiHandler, AcpiTable, AcpiTables, PhysicalMapping};
use core::ptr::NonNull;
use core_kernel::machine::{Ecam, Phys};
use heapless::Vec;

/// An I/O interrupt controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IoApicFact {
    /// Its registers.
    pub(crate) address: Phys,
    /// The number of its first input.
    pub(crate) first_input: u32,
}

/// What the tables tell.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    /// The local interrupt controllers' registers.
    pub(crate) lapic: Phys,
    /// The I/O interrupt controllers.
    pub(crate) ioapics: Vec<IoApicFact, 4>,
    /// Differences from the ISA bus.
    pub(crate) overrides: Vec<Override, 16>,
    /// The registers of the high precision event timer, if there is one.
    pub(crate) hpet: Option<Phys>,
    /// Where the configuration space of PCI is, if it is in memory.
    pub(crate) ecam: Option<Ecam>,
    /// Controller numbers of the CPUs that can be used, up to the most that the kernel runs on.
    pub(crate) cpus: Vec<u32, CPUS>,
    /// The number of CPUs in the tables.
    pub(crate) cpus_found: usize,
}

impl Platform {
    /// Reads the tables.
    pub(crate) fn find(facts: &Facts) -> Self {
        let Some(rsdp) = facts.rsdp else { fail(format_args!("the boot gave no ACPI tables")) };
        // SAFETY: the loader found the tables there; the boot page tables map them.
        let tables = unsafe { AcpiTables::from_rsdp(Mapped, index(rsdp.address())) };
        let found = tables.and_then(|tables| {
            let madt = tables.find_table::<Madt>()?;
            Ok((madt, hpet(&tables), ecam(&tables)))
        });
        match found {
            Ok((madt, hpet, ecam)) => Self { hpet, ecam, ..Self::read(&madt) },
            Err(error) => fail(format_args!("the ACPI tables are unusable: {error:?}")),
        }
    }

    /// Pages of registers that the kernel itself uses.
    pub(crate) fn registers(&self) -> impl Iterator<Item = Phys> + '_ {
        let ioapics = self.ioapics.iter().map(|ioapic| ioapic.address);
        core::iter::once(self.lapic).chain(ioapics).chain(self.hpet)
    }

    fn read(madt: &PhysicalMapping<Mapped, Madt>) -> Self {
        let mut platform = Self {
            lapic: Phys::from_entry(u64::from(madt.get().local_apic_address)),
            ioapics: Vec::new(),
            overrides: Vec::new(),
            hpet: None,
            ecam: None,
            cpus: Vec::new(),
            cpus_found: 0,
        };
        for entry in madt.get().entries() {
            platform.add(&entry);
        }
        platform
    }

    /// Notes one entry. Full lists only leave devices or CPUs unused.
    fn add(&mut self, entry: &MadtEntry<'_>) {
        match entry {
            MadtEntry::LocalApic(cpu) if cpu.flags & 1 != 0 => {
                self.add_cpu(u32::from(cpu.apic_id));
            }
            MadtEntry::LocalX2Apic(cpu) if cpu.flags & 1 != 0 => {
                self.add_cpu(cpu.x2apic_id);
            }
            MadtEntry::IoApic(ioapic) => {
                let _ = self.ioapics.push(IoApicFact {
                    address: Phys::from_entry(u64::from(ioapic.io_apic_address)),
                    first_input: ioapic.global_system_interrupt_base,
                });
            }
            MadtEntry::InterruptSourceOverride(entry) => {
                let _ = self.overrides.push(Override {
                    line: entry.irq,
                    input: entry.global_system_interrupt,
                    flags: entry.flags,
                });
            }
            MadtEntry::LocalApicAddressOverride(entry) => {
                self.lapic = Phys::from_entry(entry.local_apic_address);
            }
            _ => {}
        }
    }

    fn add_cpu(&mut self, id: u32) {
        self.cpus_found += 1;
        // Beyond the most that the kernel runs on: the boot log tells both numbers.
        let _ = self.cpus.push(id);
    }
}

/// Where the registers of the high precision event timer are.
fn hpet(tables: &AcpiTables<Mapped>) -> Option<Phys> {
    let address = HpetInfo::new(tables).ok()?.base_address as u64;
    Phys::new(address).filter(|_| address != 0)
}

/// The configuration space of PCI: the first range of segment 0. The address in the table is that
/// of bus 0, whatever the first bus is. Source: PCI Firmware Specification 3.2, 4.1.2.
fn ecam(tables: &AcpiTables<Mapped>) -> Option<Ecam> {
    const BUS_BYTES: u64 = 1 << 20;
    let table = tables.find_table::<Mcfg>().ok()?;
    let table = table.get();
    let is_whole = index(table.header().length.into()) >= size_of::<Mcfg>();
    let entries = if is_whole { table.entries() } else { &[] };
    let entry = entries.iter().find(|entry| entry.pci_segment_group == 0)?;
    let base = Phys::new(entry.base_address)?;
    let (first_bus, last_bus) = (entry.bus_number_start, entry.bus_number_end);
    let is_sound = base != Phys::ZERO && base.address().is_multiple_of(BUS_BYTES);
    (is_sound && first_bus <= last_bus).then_some(Ecam { base, first_bus, last_bus })
}

/// ACPI tables as the boot page tables map them.
#[derive(Clone, Copy, Debug)]
struct Mapped;

impl AcpiHandler for Mapped {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        let pointer = physmap::pointer(Phys::from_entry(address as u64)).cast();
        // SAFETY: the physmap of the boot maps it, for reading, as long as boot lasts; it
        // is never null.
        unsafe { PhysicalMapping::new(address, NonNull::new_unchecked(pointer), size, size, *self) }
    }

    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}
}
