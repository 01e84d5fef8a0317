//! Control registers, tables and per-CPU data.

use super::bench::{Bench, Check, Outcome};
use crate::arch::x86_64::cpu::features::features;
use crate::arch::x86_64::cpu::syscall_registers::{CLEARED_FLAGS, MSR_STAR, star};
use crate::arch::x86_64::cpu::tables::{
    self, INTERRUPT_STACKS, InterruptStack, KERNEL_CODE, KERNEL_DATA,
};
use crate::arch::x86_64::cpu::vectors;
use crate::arch::x86_64::cpu::{block, idt, msr::read_msr, this_cpu};
use crate::arch::x86_64::entry::stubs::{stub_address, syscall_entry};
use core::sync::atomic::Ordering::Relaxed;
use core_kernel::CpuId;
use x86_64::instructions::segmentation::{CS, SS, Segment};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::{GsBase, KernelGsBase, LStar, Msr, SFMask};

pub(super) const CHECKS: &[Check] = &[
    ("cpu-write-protect", |bench| control(bench, Cr0Flags::WRITE_PROTECT)),
    ("cpu-no-execute", no_execute),
    ("cpu-smep", |bench| {
        feature(bench, features().smep, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION)
    }),
    ("cpu-smap", |bench| {
        feature(bench, features().smap, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION)
    }),
    ("cpu-umip", |bench| {
        feature(bench, features().umip, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION)
    }),
    ("cpu-fsgsbase", |bench| feature(bench, features().fsgsbase, Cr4Flags::FSGSBASE)),
    ("exit-25-interrupts-off-in-kernel-code", interrupts_off),
    ("cpu-segments", segments),
    ("cpu-block-by-gs", block_by_gs),
    ("exit-37-user-gs-is-not-the-kernels", user_gs),
    ("cpu-syscall-selectors", star_value),
    ("cpu-syscall-entry", syscall_target),
    ("exit-27-syscall-clears-flags", flag_mask),
    ("exit-35-36-interrupt-stacks-distinct", stacks_distinct),
    ("cpu-gates-present", gates_present),
    ("cpu-gates-lead-to-their-stubs", gates_lead),
    ("cpu-gates-user-may-raise", gates_privilege),
    ("exit-35-36-gates-own-stacks", gates_stacks),
];

fn control(bench: &mut Bench<'_>, flag: Cr0Flags) -> Outcome {
    bench.hold("the bit is not set in CR0", Cr0::read().contains(flag))
}

fn feature(bench: &mut Bench<'_>, has: bool, flag: Cr4Flags) -> Outcome {
    bench.equal("CR4 against CPUID", u64::from(Cr4::read().contains(flag)), u64::from(has))
}

fn no_execute(bench: &mut Bench<'_>) -> Outcome {
    bench.hold("EFER.NXE is clear", Efer::read().contains(EferFlags::NO_EXECUTE_ENABLE))
}

fn interrupts_off(bench: &mut Bench<'_>) -> Outcome {
    let on = x86_64::instructions::interrupts::are_enabled();
    bench.equal("interrupt flag in kernel code", u64::from(on), 0)
}

fn segments(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("cs", u64::from(CS::get_reg().0), u64::from(KERNEL_CODE.0))?;
    bench.equal("ss", u64::from(SS::get_reg().0), u64::from(KERNEL_DATA.0))
}

fn block_by_gs(bench: &mut Bench<'_>) -> Outcome {
    let expected = block(CpuId(0)).address();
    bench.equal("address by gs", this_cpu().address(), expected)?;
    bench.equal("self pointer", this_cpu().this.load(Relaxed), expected)?;
    bench.equal("gs base", GsBase::read().as_u64(), expected)
}

fn user_gs(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("gs base of user mode", KernelGsBase::read().as_u64(), 0)
}

fn star_value(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("STAR", read_msr(Msr::new(MSR_STAR)), star())
}

fn syscall_target(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("LSTAR", LStar::read().as_u64(), syscall_entry as *const () as u64)
}

fn flag_mask(bench: &mut Bench<'_>) -> Outcome {
    bench.equal("FMASK", SFMask::read().bits(), CLEARED_FLAGS.bits())
}

fn stacks_distinct(bench: &mut Bench<'_>) -> Outcome {
    let stacks = bench.boot.stacks;
    let mut all = [stacks.kernel; 1 + INTERRUPT_STACKS];
    all[1..].copy_from_slice(&stacks.interrupt);
    all.sort_unstable();
    let apart = all.windows(2).all(|pair| pair[0] < pair[1]);
    bench.hold("two stacks are one", apart)?;
    for (stack, top) in InterruptStack::ALL.into_iter().zip(stacks.interrupt) {
        let found = tables::interrupt_stack(this_cpu(), stack);
        bench.equal("stack in the task state segment", found, top)?;
    }
    Ok(())
}

fn gates_present(bench: &mut Bench<'_>) -> Outcome {
    let missing = (0..=u8::MAX).filter(|vector| !idt::gate(*vector).present()).count();
    bench.equal("empty gates", missing as u64, 0)
}

fn gates_lead(bench: &mut Bench<'_>) -> Outcome {
    let wrong = |vector: &u8| idt::gate(*vector).address() != stub_address(*vector);
    let wrong = (0..=u8::MAX).filter(wrong).count();
    bench.equal("gates that lead elsewhere", wrong as u64, 0)
}

fn gates_privilege(bench: &mut Bench<'_>) -> Outcome {
    for vector in 0..=u8::MAX {
        let may = vectors::USER_MAY_RAISE.contains(&vector);
        let wanted = if may { 3 } else { 0 };
        bench.equal("privilege of a gate", idt::gate(vector).privilege(), wanted)?;
    }
    Ok(())
}

fn gates_stacks(bench: &mut Bench<'_>) -> Outcome {
    let own = [vectors::NMI, vectors::DOUBLE_FAULT, vectors::MACHINE_CHECK, vectors::DEBUG];
    for vector in 0..=u8::MAX {
        let has = idt::gate(vector).stack() != 0;
        bench.equal("own stack", u64::from(has), u64::from(own.contains(&vector)))?;
    }
    let mut stacks = own.map(|vector| idt::gate(vector).stack());
    stacks.sort_unstable();
    bench.hold("shared stack", stacks.windows(2).all(|pair| pair[0] != pair[1]))
}
