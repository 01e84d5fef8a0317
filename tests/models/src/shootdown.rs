//! Requests to flush the TLB: a page is given away only when no CPU uses it any more. The target
//! gets them while it waits for the kernel lock, or by an interrupt.

use super::atomic::{self, AtomicBool, AtomicU32, AtomicU64, Ordering};
use super::kernel_turn as turn;
use loom::sync::Arc;
use loom::thread;

#[path = "../../../microkernel/src/arch/x86_64/mm/shootdown/request.rs"]
mod request;

const FLUSH: u64 = 0x1000;
/// What the page's old owner writes, and its new one.
const OLD: u32 = 7;
const NEW: u32 = 9;

struct Machine {
    taken: AtomicBool,
    waiting: AtomicU64,
    request: AtomicU64,
    /// The page table: which page it shows.
    table: AtomicU32,
    /// What is in page 1.
    page: AtomicU32,
}

/// The target CPU, with what its TLB says.
struct Target {
    machine: Arc<Machine>,
    tlb: u32,
}

impl Target {
    fn serve(&mut self) {
        let machine = self.machine.clone();
        request::serve(&machine.request, |what| {
            assert_eq!(what, FLUSH);
            self.touch();
            self.tlb = machine.table.load(Ordering::Relaxed);
        });
    }

    /// What the CPU may do until it has flushed.
    fn touch(&self) {
        if self.tlb == 1 {
            self.machine.page.store(OLD, Ordering::Relaxed);
        }
    }
}

fn explore(target: fn(Target)) {
    super::explore(move || {
        let machine = Arc::new(Machine {
            taken: AtomicBool::new(true),
            waiting: AtomicU64::new(0),
            request: AtomicU64::new(0),
            table: AtomicU32::new(1),
            page: AtomicU32::new(OLD),
        });
        let other = Target { machine: machine.clone(), tlb: 1 };
        let cpu = thread::spawn(move || target(other));
        // The CPU that holds the kernel unmaps the page.
        machine.table.store(2, Ordering::Relaxed);
        request::post(&machine.request, FLUSH);
        while !request::is_answered(&machine.request) {
            thread::yield_now();
        }
        machine.page.store(NEW, Ordering::Relaxed);
        turn::release(&machine.taken);
        cpu.join().unwrap();
        assert_eq!(machine.page.load(Ordering::Relaxed), NEW, "no use after it was given away");
    });
}

#[test]
fn a_cpu_that_waits_for_the_kernel_flushes_before_the_page_goes() {
    explore(|mut target| {
        target.touch();
        let machine = target.machine.clone();
        if !turn::try_acquire(&machine.taken) {
            turn::wait(&machine.taken, &machine.waiting, || {
                target.serve();
                target.touch();
                thread::yield_now();
            });
        }
        target.touch();
        assert_eq!(target.tlb, 2, "it was asked while it waited");
        turn::release(&machine.taken);
    });
}

#[test]
fn a_cpu_that_is_interrupted_flushes_before_the_page_goes() {
    explore(|mut target| {
        while target.tlb == 1 {
            target.touch();
            // The interrupt comes some time.
            thread::yield_now();
            target.serve();
        }
        target.touch();
    });
}
