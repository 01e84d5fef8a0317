//! System call numbers.

macro_rules! syscalls {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// The number of a system call, in `rax`.
        ///
        /// Arguments are listed in the order of the argument registers
        /// (see the crate's table); results after the arrow are value 0 and value 1.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u64)]
        pub enum Syscall { $($(#[$doc])* $name = $number,)* }

        impl Syscall {
            /// All calls, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// All numbers are below this.
            pub const END: u64 = 128;

            /// The call with this number.
            pub fn from_number(number: u64) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The call's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

syscalls! {
    /// `(endpoint, label, words, envelope) -> label, words`: sends and waits for the reply.
    /// Labels from [`KERNEL_LABELS`](crate::KERNEL_LABELS) on are refused.
    Call = 1,
    /// `(endpoint, label, words, envelope)`: waits until a receiver has taken it; no reply.
    Send = 2,
    /// `(endpoint, _, _, envelope) -> badge, label, words, token`: waits for a message.
    /// With a bound notification it also returns for that: label
    /// [`NOTIFIED_LABEL`](crate::NOTIFIED_LABEL), the bits in place of the badge.
    Recv = 3,
    /// `(token, label, words, envelope)`: answers a call; never waits.
    Reply = 4,
    /// `(token, label | endpoint << 32, words, envelope) -> as Recv`: answers one call and
    /// waits for the next message. Token 0 only receives.
    ReplyRecv = 5,
    /// `(token) -> 1 or 0`: whether the caller of this call still waits for its answer.
    ReplyWaits = 6,
    /// `(notification, bits)`: the bits are signalled whenever a caller whose call this
    /// process has received stops waiting before it was answered: killed, out of time,
    /// interrupted. One notification per process; handle 0 ends it.
    CallsWatch = 7,

    /// `(handle)`.
    HandleClose = 10,
    /// `(handle, rights, badge) -> handle`: a copy with no more rights; a badge other than 0
    /// needs [`Rights::MINT`](crate::Rights::MINT) and an unbadged original.
    HandleCopy = 11,
    /// `(process, handle, rights, badge) -> handle in that process`: copies a handle into a
    /// process the caller manages.
    HandleGive = 12,
    /// `(handle) -> kind, rights`. The kind of the caller's own process has the bit
    /// [`OWN_PROCESS`](crate::OWN_PROCESS), too.
    HandleInfo = 13,

    /// `() -> handle`.
    EndpointCreate = 20,
    /// `() -> handle`.
    NotificationCreate = 21,
    /// `(notification, bits)`.
    Signal = 22,
    /// `(notification, deadline_ns) -> bits`: takes all bits; deadline 0 polls.
    Wait = 23,
    /// `(notification)`: a `Recv` of the calling thread also returns for its bits. Handle 0 unbinds.
    Bind = 24,
    /// `(notification, entry, stack_top, mask, stack_bytes, stack_bits)`: bits of the
    /// notification divert the calling thread to `entry`, on its current stack; or, for the
    /// `stack_bits` (0: all), on the stack with this top and size, unless it is 0 or the thread
    /// is on it already. Handle 0 unregisters. Bits set in the mask stay pending.
    UpcallRegister = 25,
    /// `(mask) -> old mask`.
    UpcallMask = 26,
    /// `(frame)`: leaves an upcall with the registers of that [`SavedFrame`](crate::SavedFrame),
    /// and the mask it holds.
    UpcallReturn = 27,
    /// `(notification, bits) -> watch handle, holder handle`: the bits are signalled once,
    /// when the last holder handle is closed, also by the death of its process. Every handle
    /// with [`Rights::SIGNAL`](crate::Rights::SIGNAL) is a holder; they can be copied and
    /// travel. The watch handle only asks.
    LifelineCreate = 28,
    /// `(watch) -> 1 or 0`: whether the lifeline still has a holder.
    LifelineHeld = 29,

    /// `(pages, process, flags) -> handle`: zeroed memory, charged to that process; 0 is the
    /// caller's. Flags: [`MEMORY_CONTIGUOUS`](crate::MEMORY_CONTIGUOUS).
    MemoryCreate = 30,
    /// `(resource, physical address, pages) -> handle`: device memory.
    MemoryDevice = 31,
    /// `(memory) -> pages, 1 when it is device memory`.
    MemoryInfo = 32,
    /// `(process, memory, address, first page, pages, protection)`: process 0 is the caller's.
    /// Nothing is mapped below [`USER_START`](crate::USER_START): `BadAddress`.
    /// A handle to the caller's own process is refused (`BadArgument`) here and wherever a
    /// process's memory or threads are changed or looked at.
    Map = 33,
    /// `(process, address, pages)`: whole mappings or parts of them.
    Unmap = 34,
    /// `(process, address, pages, protection)`: only within what the mapping was made with.
    Protect = 35,
    /// `(memory, first page, pages, protection) -> handle`: a loan: a memory object that shows
    /// these pages of another one, to be mapped at most so, once at a time (`BadState` beyond
    /// that, and for a loan of a loan). The handle is the lender's: it alone has
    /// [`Rights::MANAGE`](crate::Rights::MANAGE), its copies travel, it cannot be moved. Closing
    /// it, also by its process's death, takes the loan back: a borrower then reads a page of
    /// its own in place of all of them and never faults; later maps fail with `PeerDied`. Costs
    /// the lender that page and an object as long as a handle names the loan. The memory's
    /// handle must have the rights for the protection, and `TRANSFER`.
    MemoryLend = 36,

    /// `(process, address, buffer, length, write)`: reads (write 0) or writes (1) memory of a
    /// process that the caller manages, up to 4096 bytes; also pages that the process itself
    /// may only read, if they were mapped with the right to write and are no device's.
    ProcessMemory = 37,
    /// `(process, first slot, address, capacity) -> records, next slot`: what handles the
    /// process has, as [`HandleRecord`](crate::HandleRecord)s, up to 32 in a call, which looks
    /// at 256 slots; next slot 0: there are no more.
    ProcessHandles = 38,
    /// `(process, index) -> handle`: a handle to its thread with this place in the list of
    /// its threads; `BadArgument` behind the last.
    ProcessThread = 39,
    /// `(name, name length, quota, notification, bits) -> handle`: a new process with a name,
    /// a [`Quota`](crate::Quota) taken out of the caller's, and bits to signal at its death
    /// (notification 0: none). It is filtered and recorded as the caller is, and dies with the
    /// caller, or when no handle names it any more. `QuotaExceeded` also below 32 creators.
    ProcessCreate = 40,
    /// `(process, endpoint, badge)`: where faults of its threads are sent as calls. Badge 0 is
    /// the handle's; another one needs `MINT`.
    ProcessFaults = 41,
    /// `(process, status)`: process 0 is the caller's: this is `exit`.
    ProcessKill = 42,
    /// `(process, address of a ProcessInfo)`: process 0 is the caller's.
    ProcessInfo = 43,
    /// `(process)`: no thread of it runs until it is resumed.
    ProcessSuspend = 44,
    /// `(process)`.
    ProcessResume = 45,
    /// `(kind, address, length)`: reports a fault of the caller's own (a panic) to its handler
    /// with up to 256 bytes of text, then kills it unless the handler resumes it.
    FaultRaise = 46,

    /// `(process, endpoint, badge, flags)`: stops of its threads go there as calls (see
    /// [`TraceFlags`](crate::TraceFlags)); endpoint 0 with flags `POINT` and `AUDIT` only, or
    /// none: nothing watches. The badge has 32 bits; the endpoint's handle needs `MINT`. A
    /// process that is recorded itself cannot take its records from others.
    ProcessTrace = 47,
    /// `(process, allowed calls 0 to 63, allowed calls 64 to 127)`: others are refused with
    /// `NoRight`, also in processes that it makes from then on. No more than the caller may do
    /// itself is allowed; process 0 is the caller's own.
    ProcessFilter = 48,
    /// `(process, endpoint, badge)`: all its calls go there, none to the kernel: the endpoint
    /// of a personality server, whose handle needs `MINT`. Endpoint 0 ends it.
    ProcessDispatch = 49,

    /// `(process, entry, stack, argument, priority, mode) -> handle`: created stopped, with the
    /// argument in `rdi` and the thread pointer (see `ThreadPointer`) at the stack's address, so
    /// that the word there can name the thread from its first instruction on. The mode is a
    /// [`ThreadMode`](crate::ThreadMode).
    ThreadCreate = 50,
    /// `(thread)`: starts it or ends a suspend.
    ThreadResume = 51,
    /// `(thread)`: handle 0 is the caller.
    ThreadSuspend = 52,
    /// `(thread)`: handle 0 is the caller: this is a thread's exit.
    ThreadKill = 53,
    /// `(thread, priority)`: at most the priority limit of the caller's process.
    ThreadPriority = 54,
    /// `()`: lets others of the same priority run.
    Yield = 55,
    /// `(deadline_ns)`.
    Sleep = 56,
    /// `(thread, address of a SavedFrame, write)`: reads (write 0) or writes (1) the registers
    /// of a thread that is stopped: suspended, never started, or waiting for the answer to a
    /// fault or stop. What user mode must not choose is repaired. Not written before a call that a
    /// tracer is shown is made.
    ThreadRegisters = 57,
    /// `(thread, address of a DebugRegisters, write)`: as `ThreadRegisters`.
    ThreadDebug = 58,
    /// `(thread, mask) -> old mask`: the CPUs it may run on, one bit each; handle 0 is the
    /// caller. Mask 0 only asks. At least one must exist.
    ThreadAffinity = 59,

    /// `(notification, bits) -> handle`.
    TimerCreate = 60,
    /// `(timer, deadline_ns)`: signals the bits once at the deadline; `FOREVER` disarms.
    TimerArm = 61,
    /// `() -> nanoseconds since boot`.
    Clock = 62,
    /// `(thread, address)`: sets the thread pointer, the base of segment fs, of the caller
    /// (handle 0) or of a thread that is stopped as for `ThreadRegisters`. The address is below
    /// [`USER_END`](crate::USER_END); the kernel does not use what is there.
    ThreadPointer = 63,
    /// `(thread, may) -> whether it could`: whether the thread may read the CPU's time-stamp
    /// counter; if not, doing so is a `Protection` fault. Handle 0 is the caller.
    ThreadClock = 64,

    /// `(resource, budget_ns, period_ns, priority, flags) -> handle`: a scheduling context:
    /// so much time in each period, and how urgent (at most the limit of the caller's
    /// process); see [`ContextFlags`](crate::ContextFlags). Both times are at least
    /// [`BUDGET_LEAST_NS`](crate::BUDGET_LEAST_NS), the period at most
    /// [`PERIOD_MOST_NS`](crate::PERIOD_MOST_NS).
    ContextCreate = 65,
    /// `(context, budget_ns, period_ns, priority, flags)`: changes it; a new period begins now,
    /// with the whole budget.
    ContextConfigure = 66,
    /// `(context, thread, bind)`: 1: from now on the thread runs on it; 0: it does not any more.
    /// `BadState` where one of the two has another partner, or the thread is passive or waits for
    /// one that is. Thread 0 is the caller. A binding keeps the context alive.
    ContextBind = 67,
    /// `(context) -> nanoseconds used, how often its budget was spent`.
    ContextInfo = 68,
    /// `(thread, passive) -> whether it was`: a passive thread serves each caller on the time
    /// of that caller and as urgently as it, from the receipt of its call to the answer.
    /// `BadState` while it serves a caller so, or has a context of its own. Thread 0 is the
    /// caller.
    ThreadPassive = 69,

    /// `(resource, line, notification, bits) -> handle`: a device interrupt as a notification.
    IrqCreate = 70,
    /// `(irq)`: the line may interrupt again.
    IrqAck = 71,
    /// `(resource, first port, ports) -> handle`.
    PortCreate = 72,
    /// `(port range, offset, width in bytes) -> value`.
    PortRead = 73,
    /// `(port range, offset, width in bytes, value)`.
    PortWrite = 74,
    /// `(port range, offset, address, length)`: each byte in turn to one port.
    PortWriteBytes = 75,
    /// `(port range)`: the caller's process may use these ports by instructions from now on,
    /// for good; needs the rights to read and write. At most four ranges.
    PortAllow = 76,
    /// `(irq) -> interrupts, interrupts since the last acknowledgement`.
    IrqInfo = 77,
    /// `(resource, cpu, notification, bits) -> handle, address | data << 32`: a message-signalled
    /// interrupt as a notification: a device that writes these 32 bits of data to that address
    /// interrupts that CPU. Message and vector are the handle's until the last one is closed.
    MsiCreate = 78,

    /// `(address, length)`: up to 1,024 bytes of the caller's defmt stream into the system log;
    /// `QuotaExceeded` when it has written too much of late (see [`LOG_RATE`](crate::LOG_RATE)).
    LogWrite = 80,
    /// `(address of a SystemInfo)`.
    SystemInfo = 81,
    /// `(resource, code)`: ends the machine; QEMU leaves with `code << 1 | 1`.
    Shutdown = 82,
    /// `(resource, first, address, capacity) -> records, next`: copies at most `capacity`
    /// [`TraceRecord`](crate::TraceRecord)s from number `first` on, or from the oldest that
    /// is still there; `next` is the number behind the last.
    TraceRead = 83,
    /// `(cpu, address of a CpuInfo)`.
    CpuInfo = 84,
    /// `(resource, slot) -> handle, next slot`: a handle with all rights to the first living
    /// process in this slot of the kernel's table or behind it, the caller's own left out; 0:
    /// none in the 64 slots that one call looks at. Next slot 0: there are no more.
    ProcessFind = 85,

    /// `(resource, function, page limit, flags) -> handle, mappings`: what a PCI function reaches
    /// of memory: the number of the function is bus << 8 | device << 3 | function. The
    /// [`IoSpaceFlags`](crate::IoSpaceFlags) must have `TRUSTED` where no IOMMU is in use
    /// (`NoRight`). `BadState` while the function has a space with a handle that may `MANAGE` it.
    /// A space without such a handle that has mappings is adopted: mappings is then not 0, and
    /// nothing can be done with it but `IoSpaceClear`.
    IoSpaceCreate = 86,
    /// `(io space, memory, first page, pages, direction) -> device address, pages mapped`: lets the
    /// function reach pages of RAM, or of a loan of RAM: as many from the first one on as have
    /// consecutive device addresses, at least one. The frames stay, charged as they are, until
    /// `IoUnmap` or `IoSpaceClear`, also when no handle names the memory any more or the loan is
    /// taken back. The direction is a [`Direction`](crate::Direction).
    IoMap = 87,
    /// `(io space, device address, pages)`: ends one mapping, with the values that `IoMap`
    /// returned. The caller promises that the function does not use it any more.
    IoUnmap = 88,
    /// `(io space) -> mappings left`: ends the space and one of its mappings; to be called again
    /// until none is left. From the first call on nothing is mapped or unmapped in it
    /// (`BadState`). The caller promises that the function is no bus master and was reset.
    IoSpaceClear = 89,

    /// `(resource, first, address, capacity) -> bytes, next`: copies at most `capacity` bytes of the
    /// system log, 1,024 at most, from byte number `first` since the boot on, or from the oldest
    /// that is still there; `next` is the number behind the last. The resource needs `READ` alone.
    LogRead = 90,
}
