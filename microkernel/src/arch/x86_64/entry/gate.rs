//! Between the stubs and the core: each way in calls the core, asks its one exit, and
//! follows the decision.

use super::super::boot::processors;
use super::super::cpu::{CpuBlock, running, this_cpu};
use super::super::hardware::Hardware;
use super::super::mm::{shootdown, table::Table};
use super::super::serial::say;
use super::super::{checks, debug, irq, panic, probe};
use super::frame::{Trap, UserFrame};
use super::lock::{self, Core, Hold};
use super::{leave, traps, vectors, watch};
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::{CpuId, Fault, Held, Runner, ThreadId, Way};
use x86_64::registers::control::Cr2;

/// This CPU holds the kernel.
///
/// ORDER: taken only by the functions here, with interrupts off; handlers of interrupts in
/// kernel mode and the panic path never take it.
struct Holding(Hold);

impl Holding {
    #[inline(always)]
    fn take(cpu: &CpuBlock) -> Self {
        let (hold, waited) = lock::hold(cpu);
        Self(hold).after(cpu, waited)
    }

    /// What the CPU waited for it is no thread's time.
    #[inline(always)]
    fn after(mut self, cpu: &CpuBlock, waited: u64) -> Self {
        if waited > 0 {
            self.waited(cpu.id(), waited);
        }
        self
    }
}

impl Deref for Holding {
    type Target = Core;

    fn deref(&self) -> &Core {
        &self.0
    }
}

impl DerefMut for Holding {
    fn deref_mut(&mut self) -> &mut Core {
        &mut self.0
    }
}

impl Held<Hardware> for Holding {
    fn let_interrupts_in(&mut self) {
        let cpu = this_cpu();
        // SAFETY: the kernel is held since the entry, or since the last time here; nothing
        // in the core refers to the frame between two turns.
        unsafe { leave::put_down(cpu) };
        let waited = self.0.let_go_for(cpu, irq::window);
        if waited > 0 {
            self.waited(cpu.id(), waited);
        }
    }
}

/// Who is next, when the core knows it before its exit is asked.
type Found = Option<Runner<UserFrame>>;

/// Asks the core's one exit, and follows its decision. Most ways out have nothing to do.
#[inline(always)]
fn leave(mut kernel: Holding, cpu: &'static CpuBlock, found: Found) -> ! {
    look_for_locks(&mut kernel, cpu);
    match kernel.exit_at_once(cpu.id(), found) {
        Some(runner) => {
            let kernel = go_to(kernel, cpu, runner);
            leave_by_loop(kernel, cpu)
        }
        None => leave_by_loop(kernel, cpu),
    }
}

#[inline(never)]
fn leave_by_loop(mut kernel: Holding, cpu: &'static CpuBlock) -> ! {
    loop {
        look_for_locks(&mut kernel, cpu);
        kernel = match core_kernel::exit(&mut kernel, cpu.id()) {
            Way::User(runner) => go_to(kernel, cpu, runner),
            Way::Idle => halt(kernel, cpu),
            Way::Shutdown(code) => shut_down(&kernel, code),
        }
    }
}

#[inline(always)]
fn look_for_locks(kernel: &mut Holding, cpu: &CpuBlock) {
    if let Some(place) = checks::held_lock(cpu) {
        kernel.report(format_args!("a lock is held on the way out: {place}"));
    }
}

/// Comes back only when the thread cannot go where its frame says.
///
/// ORDER: the root is loaded before the kernel is let go, so that no other CPU finds a
/// space unused that is about to be; a halted CPU uses none, and is never asked to forget.
#[inline(always)]
fn go_to(kernel: Holding, cpu: &CpuBlock, runner: Runner<UserFrame>) -> Holding {
    let Runner { frame, root, .. } = runner;
    checks::outside(cpu);
    // SAFETY: 1. The core chose the thread, and its borrow of the frame is over. 2. It
    // chooses only threads of living processes, whose root this is.
    unsafe {
        shootdown::switch_to(cpu, Table::new(root));
        leave::load(cpu, frame);
    }
    drop(kernel);
    enter_user(frame, cpu);
    refuse(frame, cpu)
}

/// Comes back when there is something to do.
fn halt(kernel: Holding, cpu: &CpuBlock) -> Holding {
    // SAFETY: the kernel is held since the entry, or was let go in `let_interrupts_in`, which
    // put the frame down; the core's borrow of it is over.
    unsafe { leave::put_down(cpu) };
    shootdown::switch_to_kernel(cpu);
    drop(kernel);
    idle(cpu)
}

/// Ends the machine. The kernel stays held: no other CPU goes on.
fn shut_down(kernel: &Holding, code: u8) -> ! {
    if code == abi::exit_code::INIT_DIED {
        tell_of_first_program(kernel);
    }
    tell_of_lock(kernel);
    tell_of_traps();
    debug::exit(crate::selftest::verdict(code))
}

/// Why the machine ends: on the serial port too, where a person looks.
fn tell_of_first_program(kernel: &Holding) {
    let status = kernel.first_program_status().unwrap_or(abi::KILLED);
    defmt::error!("the first program died with status {=u64}: nobody is left to restart", status);
    say!("kernel: the first program died with status {status}; the log tells more");
}

/// What the one lock cost. Tests read both lines.
fn tell_of_lock(kernel: &Holding) {
    let waits = kernel.0.waits();
    if waits > 0 {
        defmt::debug!("kernel lock: waited for {=u64} times", waits);
    }
    if let Some(longest) = kernel.longest_hold() {
        let cause = defmt::Display2Format(&longest);
        defmt::info!("kernel lock: held {=u64} ns at most, by {}", longest.ns, cause);
    }
}

/// What came at any moment.
fn tell_of_traps() {
    let count = |counter: fn(&CpuBlock) -> u64| running().map(counter).sum::<u64>();
    defmt::debug!(
        "in the kernel: {=u64} non-maskable interrupts, {=u64} debug exceptions, {=u64} machine checks",
        count(|cpu| cpu.nmis.load(Relaxed)),
        count(|cpu| cpu.debugs.load(Relaxed)),
        count(|cpu| cpu.machine_checks.load(Relaxed))
    );
}

/// Hands the machine over to the core. Never comes back.
pub(crate) fn run(kernel: Core) -> ! {
    lock::publish(kernel);
    processors::let_go();
    join(this_cpu())
}

/// A CPU's first way into the core.
pub(crate) fn join(cpu: &'static CpuBlock) -> ! {
    watch::arm(cpu);
    leave(Holding::take(cpu), cpu, None)
}

/// From `syscall_entry`: the call that is not a message, or is none.
pub(super) extern "C" fn syscall_arrived() -> ! {
    let cpu = this_cpu();
    entered(cpu, |kernel, me| {
        kernel.other_call(me);
        None
    })
}

/// From `syscall_entry`: `Call`.
pub(super) extern "C" fn call_arrived() -> ! {
    message_arrived(|kernel, cpu, me| kernel.call_at_once(cpu, me))
}

/// From `syscall_entry`: `ReplyRecv`.
pub(super) extern "C" fn reply_receive_arrived() -> ! {
    message_arrived(|kernel, cpu, me| kernel.answer_at_once(cpu, me))
}

/// Where nothing but the message has to be looked at there is one short way.
#[inline(always)]
fn message_arrived(at_once: impl FnOnce(&mut Core, CpuId, ThreadId) -> Found) -> ! {
    let cpu = this_cpu();
    let (mut kernel, current) = come_in(cpu);
    match current.and_then(|me| at_once(&mut kernel, cpu.id(), me)) {
        // The CPU is asked for again, and so is the thread: to keep them takes registers that
        // the short way needs.
        Some(runner) => leave(kernel, this_cpu(), Some(runner)),
        None => any_message(kernel),
    }
}

/// The ways of messages that carry more.
#[inline(never)]
fn any_message(mut kernel: Holding) -> ! {
    let cpu = this_cpu();
    let Some(me) = kernel.current(cpu.id()) else { leave(kernel, cpu, None) };
    let found = kernel.bytes_at_once(cpu.id(), me);
    if found.is_none() {
        kernel.other_call(me);
    }
    leave(kernel, cpu, found)
}

/// From the entries of 32-bit code. Only SYSENTER can come out of a 64-bit thread.
pub(super) extern "C" fn compat_arrived() -> ! {
    let kind = abi::FaultKind::IllegalInstruction;
    compat_call(this_cpu(), &Fault { kind, code: 0, address: 0 })
}

/// A call of 32-bit code; of a thread that may not, it is a fault.
fn compat_call(cpu: &'static CpuBlock, otherwise: &Fault) -> ! {
    // SAFETY: the frame is the running thread's, filled by the stub; the core, on whatever
    // CPU, does not touch the frame of a thread that is current here.
    if unsafe { (*cpu.user_frame()).accepts_compat() } {
        entered(cpu, |kernel, me| kernel.compat_syscall(cpu.id(), me))
    }
    faulted(cpu, otherwise)
}

/// From `interrupt_entry`, in user mode.
pub(super) extern "C" fn interrupt_arrived() -> ! {
    let cpu = this_cpu();
    // The address must be read before anything else can fault.
    let address = Cr2::read_raw();
    // SAFETY: the stub just filled the running thread's frame, which only this CPU uses now. A
    // reference to the whole thread that another CPU has does not exclude this one, see
    // `UserFrame`.
    let trap = unsafe { &mut (*cpu.user_frame()).trap };
    if trap.vector == u64::from(vectors::COMPAT_CALL) {
        compat_call(cpu, &vectors::forbidden_gate(vectors::COMPAT_CALL))
    }
    if trap.vector >= u64::from(vectors::FIRST_INTERRUPT) {
        irq::record(trap.vector, cpu);
        entered(cpu, |_, _| None)
    }
    if trap.vector == u64::from(vectors::VECTOR_USE) {
        entered(cpu, |kernel, _| {
            kernel.vector_used(cpu.id());
            None
        })
    }
    let fault = traps::fault(trap, address, cpu);
    faulted(cpu, &fault)
}

/// The thread did something wrong.
fn faulted(cpu: &'static CpuBlock, fault: &Fault) -> ! {
    entered(cpu, |kernel, me| {
        if cpu.splits.load(Relaxed) && shootdown::is_mapped_again(cpu, fault) {
            return None;
        }
        let found = kernel.fault_at_once(cpu.id(), me, fault);
        if found.is_none() {
            kernel.fault(cpu.id(), fault);
        }
        found
    })
}

/// The way of every entry from user mode but those of messages.
#[inline(always)]
fn entered(cpu: &'static CpuBlock, act: impl FnOnce(&mut Core, ThreadId) -> Found) -> ! {
    let (mut kernel, current) = come_in(cpu);
    let found = current.and_then(|me| act(&mut kernel, me));
    leave(kernel, cpu, found)
}

/// The beginning of every entry from user mode: the kernel, and the thread that comes.
#[inline(always)]
fn come_in(cpu: &CpuBlock) -> (Holding, Option<ThreadId>) {
    // SAFETY: the frame is the running thread's, filled by the stub; the core, on whatever
    // CPU, does not touch the frame of a thread that is current here.
    let wrong = checks::at_entry(cpu, || unsafe { &(*cpu.user_frame()).trap });
    let mut kernel = Holding::take(cpu);
    let current = kernel.enter(cpu.id());
    checks::inside(cpu);
    if let Some(wrong) = wrong {
        kernel.report(format_args!("entry: {wrong}"));
    }
    if let Some(fault) = traps::left_over(cpu) {
        kernel.fault(cpu.id(), &fault);
    }
    (kernel, current)
}

/// Comes back only when IRET would fault.
// The one door: out of line, so that there is one of it (a system test looks).
#[inline(never)]
fn enter_user(frame: *mut UserFrame, cpu: &CpuBlock) {
    // SAFETY: the frame of the thread that was just chosen; it lives in the core's arena,
    // and the core, on whatever CPU, does not touch it while the thread is current here.
    if unsafe { (*frame).fits_sysret() } {
        // SAFETY: 1. The core decided so, with interrupts off, and the lock was released only
        // for this. 2. As above. 3. Checked.
        unsafe { leave::leave_fast(frame) }
    }
    enter_slowly(frame, cpu);
}

/// The way by IRET.
#[inline(never)]
fn enter_slowly(frame: *mut UserFrame, cpu: &CpuBlock) {
    // SAFETY: as in `enter_user`.
    if unsafe { (*frame).trap.canonical() } {
        // SAFETY: as in `enter_user`.
        unsafe { leave::leave(cpu, frame) }
    }
}

/// A bad place to go on is a fault of the thread: as if it had tried and failed.
#[cold]
fn refuse(frame: *const UserFrame, cpu: &CpuBlock) -> Holding {
    // SAFETY: as in `enter_user`.
    let address = unsafe { (*frame).trap.rip };
    let fault = Fault { kind: abi::FaultKind::Protection, code: 0, address };
    let mut kernel = Holding::take(cpu);
    kernel.enter(cpu.id());
    checks::inside(cpu);
    kernel.fault(cpu.id(), &fault);
    kernel
}

/// Halts until an interrupt has been recorded.
///
/// ORDER: interrupts are on for exactly one instruction after `sti`, the halt itself, so
/// an interrupt between the last look and the halt wakes it.
fn idle(cpu: &CpuBlock) -> Holding {
    while !cpu.pending.any() {
        x86_64::instructions::interrupts::enable_and_hlt();
        x86_64::instructions::interrupts::disable();
    }
    let mut kernel = Holding::take(cpu);
    kernel.wake(cpu.id());
    kernel
}

/// From `interrupt_entry`, in kernel mode: interrupts are recorded, everything else is a
/// bug of the kernel, but for the self-tests' probes.
pub(super) extern "C" fn interrupt_in_kernel(trap: &mut Trap) {
    if trap.vector >= u64::from(vectors::FIRST_INTERRUPT) {
        irq::record(trap.vector, this_cpu());
    } else if !probe::recover(trap) {
        panic::exception(trap)
    }
}

/// From `paranoid_entry`: gs must not be used here.
pub(super) extern "C" fn paranoid_arrived(trap: &mut Trap, cpu: &CpuBlock) {
    match trap.vector.to_le_bytes()[0] {
        vectors::NMI => traps::unwatched(|| nmi(trap, cpu)),
        vectors::DEBUG => traps::debug_in_kernel(trap, cpu),
        vectors::MACHINE_CHECK => traps::machine_check_in_kernel(trap, cpu),
        _ => panic::exception(trap),
    }
}

fn nmi(trap: &Trap, cpu: &CpuBlock) {
    panic::stop_if_wanted();
    cpu.nmis.fetch_add(1, Relaxed);
    let here = core::ptr::from_ref(trap).expose_provenance() as u64;
    cpu.nmi_stack.store(here, Relaxed);
}
