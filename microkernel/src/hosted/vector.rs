//! Vector registers of hosted CPUs: a few bytes, so that leaks and wrong owners are seen.

use super::Hosted;
use crate::machine::{Machine, Phys};

/// Bytes of all vector registers of a CPU.
pub const VECTOR_BYTES: usize = 32;
/// What they hold before their first use: not zero, so that it has to be made.
pub const VECTOR_CLEAN: [u8; VECTOR_BYTES] = [0xc1; VECTOR_BYTES];

/// The vector registers of one CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VectorUnit {
    /// What is in them.
    pub registers: [u8; VECTOR_BYTES],
    /// User programs may use them.
    pub unlocked: bool,
}

impl Default for VectorUnit {
    /// As they are after a reset: anything may be in them.
    fn default() -> Self {
        Self { registers: [0xee; VECTOR_BYTES], unlocked: false }
    }
}

impl Hosted {
    /// The vector registers of the CPU that the core runs on.
    pub fn vector_unit(&mut self) -> &mut VectorUnit {
        let cpu = self.this_cpu();
        self.vectors.entry(cpu.0).or_default()
    }

    pub(super) fn prepare_vector(&mut self, state: Phys) {
        let mut found = [0; VECTOR_BYTES];
        self.read(state, &mut found);
        assert_eq!(found, [0; VECTOR_BYTES], "the frame is zeroed");
        self.write(state, &VECTOR_CLEAN);
    }

    pub(super) fn load_vector(&mut self, state: Phys) {
        let mut registers = [0; VECTOR_BYTES];
        self.read(state, &mut registers);
        *self.vector_unit() = VectorUnit { registers, unlocked: true };
    }

    pub(super) fn save_vector(&mut self, state: Phys) {
        let registers = self.vector_unit().registers;
        self.write(state, &registers);
    }

    pub(super) fn lock_vector(&mut self) -> bool {
        let keeps = self.vector_keeps;
        let unit = self.vector_unit();
        unit.unlocked = false;
        if !keeps {
            unit.registers = VECTOR_CLEAN;
        }
        keeps
    }
}
