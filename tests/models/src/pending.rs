//! Pending interrupts: none is lost, and what was done before one is seen when it is taken.

use super::atomic::{self, AtomicU32, AtomicU64, Ordering};
use core_kernel::machine::Interrupt;
use loom::sync::Arc;
use loom::thread;

#[path = "../../../microkernel/src/arch/x86_64/irq/pending/set.rs"]
mod set;

/// A CPU's set, and what another CPU wants it to see.
struct Cpu {
    pending: set::Set,
    told: AtomicU32,
}

fn empty() -> set::Set {
    set::Set::new(AtomicU64::new(0), core::array::from_fn(|_| AtomicU64::new(0)))
}

#[test]
fn no_interrupt_is_lost_and_the_last_ipi_shows_all() {
    super::explore(|| {
        let cpu = Arc::new(Cpu { pending: empty(), told: AtomicU32::new(0) });
        let target = cpu.clone();
        let sender = thread::spawn(move || {
            for told in 1..=2 {
                target.told.store(told, Ordering::Relaxed);
                set::record(&target.pending, Interrupt::Ipi);
            }
        });
        let lined = cpu.clone();
        let device = thread::spawn(move || set::record(&lined.pending, Interrupt::Line(3)));
        let (mut seen, mut lines) = (0, 0);
        let mut take = || match set::take(&cpu.pending) {
            Some(Interrupt::Ipi) => seen = cpu.told.load(Ordering::Relaxed),
            Some(Interrupt::Line(line)) => lines += u32::from(line),
            other => assert!(other.is_none(), "no timer was recorded"),
        };
        take();
        take();
        sender.join().unwrap();
        device.join().unwrap();
        take();
        take();
        assert_eq!((seen, lines), (2, 3));
        assert!(!set::any(&cpu.pending));
    });
}

/// A message comes at any moment while another one is taken: each is taken, or the set says that
/// one is there.
#[test]
fn no_message_is_lost_while_others_are_taken() {
    super::explore(|| {
        let cpu = Arc::new(Cpu { pending: empty(), told: AtomicU32::new(0) });
        set::record(&cpu.pending, Interrupt::Message(65));
        let target = cpu.clone();
        let device = thread::spawn(move || {
            target.told.store(1, Ordering::Relaxed);
            set::record(&target.pending, Interrupt::Message(2));
        });
        let mut taken = Vec::new();
        let mut take = || match set::take(&cpu.pending) {
            Some(Interrupt::Message(number)) => {
                assert!(number != 2 || cpu.told.load(Ordering::Relaxed) == 1);
                taken.push(number);
            }
            other => assert!(other.is_none(), "only messages were recorded"),
        };
        take();
        take();
        device.join().unwrap();
        for _ in 0..3 {
            take();
        }
        taken.sort_unstable();
        assert_eq!(taken, [2, 65]);
        assert!(!set::any(&cpu.pending));
    });
}
