//! The names of kernel objects, and what a handle names.

use crate::arena::Id;
use abi::ObjectKind;

macro_rules! ids {
    ($($(#[$doc:meta])* $kind:ident => $id:ident;)*) => {$(
        #[doc(hidden)]
        #[derive(Debug)]
        pub enum $kind {}
        $(#[$doc])*
        pub type $id = Id<$kind>;
    )*};
}

ids! {
    /// Names an [`Endpoint`](super::Endpoint).
    EndpointKind => EndpointId;
    /// Names a [`Notification`](super::Notification).
    NotificationKind => NotificationId;
    /// Names a [`MemoryObject`](super::MemoryObject).
    MemoryKind => MemoryId;
    /// Names a [`Process`](super::Process).
    ProcessKind => ProcessId;
    /// Names a [`Thread`](super::Thread).
    ThreadKind => ThreadId;
    /// Names a [`Timer`](super::Timer).
    TimerKind => TimerId;
    /// Names a [`Lifeline`](super::Lifeline).
    LifelineKind => LifelineId;
    /// Names an [`Irq`](super::Irq).
    IrqKind => IrqId;
    /// Names an [`IoSpace`](super::IoSpace).
    IoSpaceKind => IoSpaceId;
    /// Names a [`PortRange`](super::PortRange).
    PortKind => PortId;
    /// Names a [`SchedContext`](super::SchedContext).
    SchedContextKind => SchedContextId;
    /// Names a [`Quota`](super::Quota).
    QuotaKind => QuotaId;
    /// Names a [`Region`](super::Region).
    RegionKind => RegionId;
    /// Names a [`Chunk`](super::Chunk) of a handle table.
    ChunkKind => ChunkId;
}

/// What a handle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant names the object of that name")]
pub enum ObjectRef {
    Endpoint(EndpointId),
    Notification(NotificationId),
    Memory(MemoryId),
    Process(ProcessId),
    Thread(ThreadId),
    Timer(TimerId),
    Lifeline(LifelineId),
    Irq(IrqId),
    IoSpace(IoSpaceId),
    Port(PortId),
    SchedContext(SchedContextId),
    Resource,
}

/// What may be the name of an object of one kind: an id, or nothing for the resource.
pub(crate) trait Named: Sized {
    /// The name, if the object is of this kind.
    fn of(object: ObjectRef) -> Option<Self>;
}

macro_rules! named {
    ($($kind:ident => $id:ident;)*) => {
        $(impl Named for $id {
            #[inline(always)]
            fn of(object: ObjectRef) -> Option<Self> {
                if let ObjectRef::$kind(id) = object { Some(id) } else { None }
            }
        })*

        impl ObjectRef {
            /// Its kind, as user programs see it.
            pub fn kind(self) -> ObjectKind {
                match self {
                    $(Self::$kind(_) => ObjectKind::$kind,)*
                    Self::Resource => ObjectKind::Resource,
                }
            }

            fn parts(self) -> (u32, u32) {
                match self {
                    $(Self::$kind(id) => id.parts(),)*
                    Self::Resource => (0, 0),
                }
            }
        }
    };
}

named! {
    Endpoint => EndpointId;
    Notification => NotificationId;
    Memory => MemoryId;
    Process => ProcessId;
    Thread => ThreadId;
    Timer => TimerId;
    Lifeline => LifelineId;
    Irq => IrqId;
    IoSpace => IoSpaceId;
    Port => PortId;
    SchedContext => SchedContextId;
}

impl Named for () {
    fn of(object: ObjectRef) -> Option<Self> {
        (object == ObjectRef::Resource).then_some(())
    }
}

impl ObjectRef {
    /// A number that no other object has, also later. Shape: kind in the upper 8 bits, then 32
    /// for the generation, of which only the odd ones are objects', and 24 for the slot: there
    /// is memory and quota for far fewer objects of one kind.
    pub fn number(self) -> u64 {
        let (index, generation) = self.parts();
        u64::from(index & 0xff_ffff) | u64::from(generation) << 24 | (self.kind() as u64) << 56
    }
}

#[cfg(test)]
mod tests {
    use super::{EndpointKind, ObjectRef};
    use crate::arena::{Arena, Slot};
    use crate::object::Endpoint;

    #[test]
    fn an_object_has_a_number_that_none_had_before_it() {
        let mut endpoints: Arena<EndpointKind, Endpoint> =
            Arena::new((0..2).map(Slot::empty).collect());
        let first = endpoints.insert(Endpoint::default()).unwrap();
        let other = endpoints.insert(Endpoint::default()).unwrap();
        endpoints.discard(first);
        let second = endpoints.insert(Endpoint::default()).unwrap();
        let last = endpoints.last_generation(second);
        let mut numbers = [first, other, second, last].map(|id| ObjectRef::Endpoint(id).number());
        numbers.sort_unstable();
        assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:x?}");
        assert!(numbers.iter().all(|number| number >> 56 == 1), "the kind is in front");
    }
}
