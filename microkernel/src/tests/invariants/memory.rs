//! Frames, regions and loans.

use super::long_operations;
use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::machine::{Access, Machine};
use crate::object::{
    Loan, MemoryId, ObjectRef, Operation, ProcessId, QuotaId, Region, Resource, Storage,
    checked_regions,
};
use std::collections::BTreeSet;

/// Frames that are neither free nor of a memory object: tables, blank pages of loans, vector
/// states, what is behind the arenas.
fn other_frames(kernel: &Kernel<Hosted>) -> u64 {
    let tables = kernel
        .objects
        .processes
        .ids()
        .filter_map(|id| kernel.objects.processes[id].space.table.as_ref());
    let loans = kernel.objects.memories.ids().map(|id| &kernel.objects.memories[id].storage);
    let loans = loans.filter(|storage| matches!(storage, Storage::Loan(_))).count();
    let vectors = kernel
        .objects
        .threads
        .ids()
        .filter(|id| kernel.objects.threads[*id].registers.vector.is_some())
        .count();
    let tables: u64 = tables.map(|table| table.frames()).sum();
    tables + (loans + vectors) as u64 + kernel.machine.grown
}

/// Every frame is free or has one owner, and regions are balanced trees, sorted and apart.
pub(super) fn check_memory(kernel: &Kernel<Hosted>) {
    let mut used = 0;
    for id in kernel.objects.memories.ids() {
        let object = &kernel.objects.memories[id];
        if matches!(object.storage, Storage::Frames(_)) {
            used += object.pages;
        }
    }
    let charged: u64 = kernel.objects.quotas.ids().map(|id| own_pages(kernel, id)).sum();
    let taken = kernel.frames.total() - kernel.frames.available();
    assert_eq!(charged, taken, "frames in use are paid for");
    assert_eq!(used + other_frames(kernel), taken, "a frame is lost or has two owners");
    let mut seen = BTreeSet::new();
    for process in kernel.objects.processes.ids() {
        for id in checked_regions(
            &kernel.objects.processes[process].space.regions,
            &kernel.objects.regions,
        ) {
            assert!(kernel.objects.regions[id].pages > 0, "{id:?} is empty");
            assert!(seen.insert(id.index()));
        }
    }
    assert_eq!(seen.len(), kernel.objects.regions.len(), "no region is lost");
}

/// A loan is mapped in one space, shows its parent's pages or blanks, and is revoked
/// by a thread or a reaper once its lender's handle is closed.
pub(super) fn check_loans(kernel: &Kernel<Hosted>) {
    let taken_back: Vec<MemoryId> = long_operations(kernel)
        .filter_map(|operation| match operation {
            Operation::Revoke { loan, .. } => Some(loan),
            _ => None,
        })
        .collect();
    for id in kernel.objects.memories.ids() {
        let Storage::Loan(loan) = &kernel.objects.memories[id].storage else { continue };
        assert_eq!(loan.regions > 0, loan.space.is_some(), "{id:?}");
        let works = taken_back.iter().filter(|taken| **taken == id).count();
        let expected = usize::from(loan.revoked && loan.parent.is_some());
        assert!(works == expected || works == 1, "{id:?} is taken back by {works}");
        assert!(loan.revoked || works == 0);
        let mut found = 0;
        for process in kernel.objects.processes.ids() {
            for region in checked_regions(
                &kernel.objects.processes[process].space.regions,
                &kernel.objects.regions,
            ) {
                let region = &kernel.objects.regions[region];
                if region.memory == id {
                    assert_eq!(loan.space, Some(process), "{id:?} is mapped in two spaces");
                    let end = loan.address + kernel.objects.memories[id].pages * abi::PAGE_SIZE;
                    let inside = region.start >= loan.address && region.end() <= end;
                    assert!(inside, "{id:?} is not looked for at {:#x}", region.start);
                    check_loan_pages(kernel, process, region, loan);
                    found += 1;
                }
            }
        }
        assert_eq!(found, loan.regions, "{id:?} is mapped elsewhere");
        check_lender(kernel, id, loan);
    }
}

/// What is mapped of a loan is the parent's page, or the blank one.
fn check_loan_pages(kernel: &Kernel<Hosted>, process: ProcessId, region: &Region, loan: &Loan) {
    let Some(table) = &kernel.objects.processes[process].space.table else { return };
    for page in 0..region.pages {
        let address = region.start + page * abi::PAGE_SIZE;
        let Some(seen) = kernel.machine.translate(table, address, Access::Read) else { continue };
        let lent = loan.parent.and_then(|parent| {
            kernel.objects.memory_page(
                &kernel.frames,
                parent,
                loan.first + region.first_page + page,
            )
        });
        let lent = lent == Some(seen);
        assert!(lent || (loan.revoked && seen == loan.blank.phys()), "{address:#x} shows {seen:?}");
    }
}

/// A loan has one lender's handle until it is revoked, and none from then on.
fn check_lender(kernel: &Kernel<Hosted>, id: MemoryId, loan: &Loan) {
    let mut lenders = 0;
    for process in kernel.objects.processes.ids() {
        let mut slot = 0;
        while let Some((handle, entry)) =
            kernel.objects.processes[process].handles.next(&kernel.objects.chunks, slot..u16::MAX)
        {
            lenders += usize::from(
                entry.object == ObjectRef::Memory(id) && kernel.objects.is_lender(&entry),
            );
            slot = handle.slot() + 1;
        }
    }
    assert_eq!(lenders, usize::from(!loan.revoked), "{id:?}");
}

/// Pages that an account pays for itself: what it uses, less what its children may.
fn own_pages(kernel: &Kernel<Hosted>, id: QuotaId) -> u64 {
    let children = kernel
        .objects
        .quotas
        .ids()
        .filter(|child| kernel.objects.quotas[*child].parent == Some(id));
    let lent: u32 =
        children.map(|child| kernel.objects.quotas[child].limit.of(Resource::Pages)).sum();
    u64::from(kernel.objects.quotas[id].used.of(Resource::Pages) - lent)
}
