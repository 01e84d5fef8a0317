//! Interrupts, I/O spaces, and what all objects cost.

use crate::hosted::Hosted;
use crate::kernel::Kernel;
use crate::object::{Entry, IrqSource, ObjectRef, QuotaId, Resource, Storage};
use abi::{Handle, Rights};
use std::collections::{BTreeSet, HashMap};

const SLOTS: u16 = 1 << Handle::SLOT_BITS;

pub(super) fn check(kernel: &Kernel<Hosted>) {
    check_irqs(kernel);
    check_io_spaces(kernel);
    check_io_space_names(kernel);
    check_objects(kernel);
}

/// An interrupt has a name, and its source knows it; no source knows one that is gone.
fn check_irqs(kernel: &Kernel<Hosted>) {
    let mut messages = 0;
    for id in kernel.objects.irqs.ids() {
        let irq = &kernel.objects.irqs[id];
        assert!(irq.refs > 0, "{id:?} has no name");
        let owner = match irq.source {
            IrqSource::Line(line) => kernel.objects.lines[usize::from(line)],
            IrqSource::Message(cpu, number) => {
                messages += 1;
                kernel.objects.messages.owner(cpu, number)
            }
        };
        assert_eq!(owner, Some(id), "{:?} interrupts for another one", irq.source);
    }
    assert_eq!(kernel.objects.messages.taken(), messages, "a message of no object is taken");
    let lines = kernel.objects.lines.iter().flatten();
    assert!(lines.into_iter().all(|id| kernel.objects.irqs.get(*id).is_some()));
}

/// What an I/O space maps are consecutive frames of a living object, within its limits; a
/// function has one space, and one without a manager is ended.
fn check_io_spaces(kernel: &Kernel<Hosted>) {
    let mut functions = BTreeSet::new();
    let spaces = &kernel.objects.io_spaces;
    assert!(spaces.len() <= abi::IO_SPACES);
    for id in spaces.ids() {
        let space = &spaces[id];
        assert!(space.refs > 0 || space.count > 0, "{id:?} has no name and maps nothing");
        assert!(space.managers > 0 || space.ended, "{id:?} goes on without a manager");
        assert!(!space.holds_function() || functions.insert(space.function), "{id:?} is a second");
        assert_eq!(space.mappings().count(), usize::from(space.count));
        assert_eq!(space.mappings().map(|mapping| mapping.pages).sum::<u32>(), space.pages);
        assert!(space.pages <= space.limit);
        for mapping in space.mappings() {
            let pages = kernel.objects.memories[mapping.memory].pages;
            let place = |page| {
                kernel
                    .objects
                    .memory_page(&kernel.frames, mapping.memory, page)
                    .map(|at| at.address())
            };
            let first = (0..pages).find(|page| place(*page) == Some(mapping.address));
            let first = first.expect("the object has the frame");
            for page in 0..mapping.pages.into() {
                assert_eq!(place(first + page), Some(mapping.address + page * abi::PAGE_SIZE));
            }
        }
    }
}

/// All entries of all handle tables.
fn handles(kernel: &Kernel<Hosted>) -> impl Iterator<Item = Entry> {
    let (processes, chunks) = (&kernel.objects.processes, &kernel.objects.chunks);
    processes.ids().flat_map(move |id| {
        let table = &processes[id].handles;
        let all = core::iter::successors(table.next(chunks, 0..SLOTS), move |(handle, _)| {
            table.next(chunks, handle.slot() + 1..SLOTS)
        });
        all.map(|(_, entry)| entry)
    })
}

/// A space counts its handles, and those that manage it.
fn check_io_space_names(kernel: &Kernel<Hosted>) {
    let spaces = &kernel.objects.io_spaces;
    if spaces.is_empty() {
        return;
    }
    let mut counted: HashMap<_, _> = spaces.ids().map(|id| (id, (0, 0))).collect();
    for entry in handles(kernel) {
        if let ObjectRef::IoSpace(id) = entry.object {
            let (refs, managers) = counted.get_mut(&id).expect("a handle to a living space");
            *refs += 1;
            *managers += u32::from(entry.rights.contains(Rights::MANAGE));
        }
    }
    for (id, counted) in counted {
        assert_eq!((spaces[id].refs, spaces[id].managers), counted, "{id:?}");
    }
}

/// Objects that an account pays for itself: what it uses, less what its children may.
fn own_objects(kernel: &Kernel<Hosted>, id: QuotaId) -> u64 {
    let quotas = &kernel.objects.quotas;
    let children = quotas.ids().filter(|child| quotas[*child].parent == Some(id));
    let lent: u32 = children.map(|child| quotas[child].limit.of(Resource::Objects)).sum();
    u64::from(quotas[id].used.of(Resource::Objects) - lent)
}

/// Each object is paid for once, a process among them.
fn check_objects(kernel: &Kernel<Hosted>) {
    let charged: u64 = kernel.objects.quotas.ids().map(|id| own_objects(kernel, id)).sum();
    let fixed = kernel.objects.memories.ids().map(|id| &kernel.objects.memories[id].storage);
    let fixed = fixed.filter(|storage| matches!(storage, Storage::Fixed(_))).count() as u64;
    let info = kernel.system_info();
    assert_eq!(charged + fixed, info.objects + info.processes, "an object is not paid for once");
}
