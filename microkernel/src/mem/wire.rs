//! ABI structures to and from bytes, without trusting anybody's padding.

use abi::{
    CompatCall, CpuInfo, DebugRegisters, Envelope, Gift, HandleRecord, ProcessInfo, Quota,
    SavedFrame, SystemInfo, TraceRecord,
};

fn word(bytes: &[u8], index: usize) -> u64 {
    bytes
        .get(index * 8..index * 8 + 8)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

fn half(bytes: &[u8], index: usize) -> u32 {
    bytes
        .get(index * 4..index * 4 + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

fn quarter(bytes: &[u8], index: usize) -> u16 {
    bytes
        .get(index * 2..index * 2 + 2)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u16::from_le_bytes)
}

fn put_words<const N: usize>(bytes: &mut [u8; N], start: usize, words: &[u64]) {
    for (index, word) in words.iter().enumerate() {
        bytes[start + index * 8..start + index * 8 + 8].copy_from_slice(&word.to_le_bytes());
    }
}

fn put_halves<const N: usize>(bytes: &mut [u8; N], start: usize, halves: &[u32]) {
    for (index, half) in halves.iter().enumerate() {
        bytes[start + index * 4..start + index * 4 + 4].copy_from_slice(&half.to_le_bytes());
    }
}

/// An envelope as its sender wrote it; the kernel's own fields start empty.
pub(crate) fn envelope_from(bytes: &[u8; Envelope::SIZE]) -> Envelope {
    Envelope {
        send_address: word(bytes, 0),
        send_len: word(bytes, 1),
        receive_address: word(bytes, 2),
        receive_capacity: word(bytes, 3),
        deadline_ns: word(bytes, 4),
        gifts: core::array::from_fn(|index| Gift {
            handle: half(bytes, 10 + 2 * index),
            rights: quarter(bytes, 22 + 4 * index),
            moved: quarter(bytes, 23 + 4 * index),
        }),
        ..Envelope::EMPTY
    }
}

/// An envelope as its sender lays it down.
#[cfg(any(test, feature = "hosted"))]
pub(crate) fn envelope_bytes(envelope: &Envelope) -> [u8; Envelope::SIZE] {
    let mut bytes = [0xee; Envelope::SIZE];
    let e = envelope;
    let words = [e.send_address, e.send_len, e.receive_address, e.receive_capacity, e.deadline_ns];
    put_words(&mut bytes, 0, &words);
    for (index, gift) in e.gifts.iter().enumerate() {
        let place = 40 + 8 * index;
        bytes[place..place + 4].copy_from_slice(&gift.handle.to_le_bytes());
        bytes[place + 4..place + 6].copy_from_slice(&gift.rights.to_le_bytes());
        bytes[place + 6..place + 8].copy_from_slice(&gift.moved.to_le_bytes());
    }
    bytes
}

/// Takes over what the kernel wrote: length and handles.
#[cfg(any(test, feature = "hosted"))]
pub(crate) fn read_receipt(envelope: &mut Envelope, receipt: &[u8]) {
    envelope.received_len = word(receipt, 0);
    envelope.taken = core::array::from_fn(|index| half(receipt, 2 + index));
}

/// The values of a 32-bit call as its caller wrote them.
pub(crate) fn compat_from(bytes: &[u8; CompatCall::SIZE]) -> CompatCall {
    let at = |index| word(bytes, index);
    CompatCall {
        values: [at(0), at(1)],
        words: core::array::from_fn(|index| at(2 + index)),
        envelope: at(2 + abi::WORDS),
    }
}

/// The results of a 32-bit call as its caller reads them.
pub(crate) fn compat_bytes(call: &CompatCall) -> [u8; CompatCall::SIZE] {
    let mut bytes = [0; CompatCall::SIZE];
    put_words(&mut bytes, 0, &call.values);
    put_words(&mut bytes, 16, &call.words);
    put_words(&mut bytes, 16 + 8 * abi::WORDS, &[call.envelope]);
    bytes
}

const _: () = assert!(core::mem::offset_of!(CompatCall, words) == 16);
const _: () = assert!(core::mem::offset_of!(CompatCall, envelope) == 16 + 8 * abi::WORDS);

/// A quota as its asker wrote it.
pub(crate) fn quota_from(bytes: &[u8; size_of::<Quota>()]) -> Quota {
    Quota {
        pages: half(bytes, 0),
        handles: half(bytes, 1),
        threads: half(bytes, 2),
        objects: half(bytes, 3),
        max_priority: half(bytes, 4),
        reserved: half(bytes, 5),
    }
}

/// A `HandleRecord` as user programs read it.
pub(crate) fn handle_record_bytes(record: &HandleRecord) -> [u8; size_of::<HandleRecord>()] {
    let mut bytes = [0; size_of::<HandleRecord>()];
    put_halves(&mut bytes, 0, &[record.handle, record.kind, record.rights, record.reserved]);
    put_words(&mut bytes, 16, &[record.badge, record.object]);
    bytes
}

fn quota_halves(quota: &Quota) -> [u32; 6] {
    [quota.pages, quota.handles, quota.threads, quota.objects, quota.max_priority, quota.reserved]
}

/// A `ProcessInfo` as user programs read it.
pub(crate) fn process_info_bytes(info: &ProcessInfo) -> [u8; size_of::<ProcessInfo>()] {
    let mut bytes = [0; size_of::<ProcessInfo>()];
    put_halves(&mut bytes, 0, &[info.pid, info.state]);
    put_words(&mut bytes, 8, &[info.status, info.user_ns, info.kernel_ns]);
    put_halves(&mut bytes, 32, &quota_halves(&info.used));
    put_halves(&mut bytes, 56, &quota_halves(&info.limit));
    bytes[80..80 + abi::NAME_LEN].copy_from_slice(&info.name);
    put_words(&mut bytes, 96, &[info.fault, info.receives]);
    put_halves(&mut bytes, 112, &[info.receiving, info.reserved]);
    bytes
}

const _: () = assert!(size_of::<ProcessInfo>() == 120);
const _: () = assert!(core::mem::offset_of!(ProcessInfo, fault) == 96);
const _: () = assert!(core::mem::offset_of!(ProcessInfo, limit) == 56);

/// A `TraceRecord` as user programs read it.
pub(crate) fn trace_record_bytes(record: &TraceRecord) -> [u8; size_of::<TraceRecord>()] {
    let mut bytes = [0; size_of::<TraceRecord>()];
    put_words(&mut bytes, 0, &[record.time_ns]);
    put_halves(&mut bytes, 8, &[record.pid, record.thread]);
    put_words(&mut bytes, 16, &[record.number, record.stage, record.status]);
    bytes
}

/// Debug registers as user programs read them.
pub(crate) fn debug_registers_bytes(
    registers: &DebugRegisters,
) -> [u8; size_of::<DebugRegisters>()] {
    let mut bytes = [0; size_of::<DebugRegisters>()];
    put_words(&mut bytes, 0, &registers.address);
    put_words(&mut bytes, 32, &[registers.control]);
    bytes
}

/// Debug registers as a program wrote them.
pub(crate) fn debug_registers_from(bytes: &[u8; size_of::<DebugRegisters>()]) -> DebugRegisters {
    DebugRegisters {
        address: core::array::from_fn(|index| word(bytes, index)),
        control: word(bytes, 4),
    }
}

/// A `CpuInfo` as user programs read it.
pub(crate) fn cpu_info_bytes(info: &CpuInfo) -> [u8; size_of::<CpuInfo>()] {
    let mut bytes = [0; size_of::<CpuInfo>()];
    put_words(&mut bytes, 0, &[info.user_ns, info.kernel_ns, info.idle_ns, info.interrupts]);
    put_words(&mut bytes, 32, &info.turns);
    bytes
}

/// A `SystemInfo` as user programs read it.
pub(crate) fn system_info_bytes(info: &SystemInfo) -> [u8; size_of::<SystemInfo>()] {
    let mut bytes = [0; size_of::<SystemInfo>()];
    let head = [
        info.uptime_ns,
        info.idle_ns,
        info.frames_total,
        info.frames_free,
        info.processes,
        info.living,
        info.threads,
        info.handles,
        info.objects,
        info.cpus,
        info.syscalls,
        info.switches,
        info.timer_interrupts,
        info.log_bytes,
        info.exits,
        info.most_turns,
        info.entries,
        info.violations,
        info.longest_turn_ns,
        info.vector_loads,
        info.vector_saves,
        info.vector_kept,
    ];
    put_words(&mut bytes, 0, &head);
    put_words(&mut bytes, head.len() * 8, &info.irqs);
    bytes
}

const _: () = assert!(size_of::<SystemInfo>() == (22 + abi::IRQ_LINES) * 8);

/// Registers as an upcall handler reads them.
pub(crate) fn saved_frame_bytes(frame: &SavedFrame) -> [u8; size_of::<SavedFrame>()] {
    let f = frame;
    let words = [
        f.rax, f.rbx, f.rcx, f.rdx, f.rsi, f.rdi, f.rbp, f.rsp, f.r8, f.r9, f.r10, f.r11, f.r12,
        f.r13, f.r14, f.r15, f.rip, f.rflags, f.mask, f.bits,
    ];
    let mut bytes = [0; size_of::<SavedFrame>()];
    put_words(&mut bytes, 0, &words);
    bytes
}

/// Registers as an upcall handler left them.
pub(crate) fn saved_frame_from(bytes: &[u8; size_of::<SavedFrame>()]) -> SavedFrame {
    let at = |index| word(bytes, index);
    SavedFrame {
        rax: at(0),
        rbx: at(1),
        rcx: at(2),
        rdx: at(3),
        rsi: at(4),
        rdi: at(5),
        rbp: at(6),
        rsp: at(7),
        r8: at(8),
        r9: at(9),
        r10: at(10),
        r11: at(11),
        r12: at(12),
        r13: at(13),
        r14: at(14),
        r15: at(15),
        rip: at(16),
        rflags: at(17),
        mask: at(18),
        bits: at(19),
    }
}

const _: () = assert!(size_of::<SavedFrame>() == 20 * 8);

#[cfg(test)]
mod tests {
    use super::{envelope_from, saved_frame_bytes, saved_frame_from};
    use abi::{Gift, SavedFrame};

    #[test]
    fn an_envelope_is_read_field_by_field() {
        let bytes = core::array::from_fn(|index| u8::try_from(index).unwrap());
        let envelope = envelope_from(&bytes);
        assert_eq!(envelope.send_address, 0x0706_0504_0302_0100);
        assert_eq!(envelope.deadline_ns, 0x2726_2524_2322_2120);
        let gift = Gift { handle: 0x3332_3130, rights: 0x3534, moved: 0x3736 };
        assert_eq!(envelope.gifts[1], gift);
        assert_eq!(envelope.received_len, 0, "what the kernel writes is not taken from users");
    }

    #[test]
    fn a_saved_frame_survives_the_way_out_and_back() {
        let frame = SavedFrame { rip: 7, bits: 9, mask: 3, rsp: 1, ..SavedFrame::default() };
        assert_eq!(saved_frame_from(&saved_frame_bytes(&frame)), frame);
    }
}
