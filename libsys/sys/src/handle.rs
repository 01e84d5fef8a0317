//! Handles that are owned: closed when dropped, never closed twice.

use crate::raw::{argument, handle_in, plain};
use crate::{Error, Handle, ObjectKind, Rights};
use abi::{OWN_PROCESS, Syscall};

/// A handle of any kind, closed on drop. What travels in messages.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "dropping it closes the handle"]
pub struct OwnedHandle(Handle);

impl OwnedHandle {
    /// Takes over a handle that nothing else owns. A wrong number does no harm beyond
    /// failing calls: handles carry generations, and the kernel checks each use.
    pub fn from_raw(handle: Handle) -> Self {
        Self(handle)
    }

    /// The number.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.0
    }

    /// Gives up ownership without closing.
    #[must_use = "the handle stays open"]
    pub fn into_raw(self) -> Handle {
        let handle = self.0;
        core::mem::forget(self);
        handle
    }

    /// What it names and allows.
    pub fn info(&self) -> Result<(ObjectKind, Rights), Error> {
        info(self.0)
    }

    /// A second handle with at most these rights.
    pub fn copy(&self, rights: Rights) -> Result<Self, Error> {
        copy(self.0, rights, 0)
    }
}

impl Drop for OwnedHandle {
    fn drop(&mut self) {
        if !self.0.is_none() {
            // A handle that is gone already (moved by a call that failed late) is no error.
            let _ = plain(Syscall::HandleClose, [argument(self.0), 0, 0, 0, 0, 0]);
        }
    }
}

/// A handle type for one kind of object.
pub trait Object: From<OwnedHandle> + Into<OwnedHandle> {
    /// What its handles name.
    const KIND: ObjectKind;

    /// The number of the handle; it stays owned.
    fn handle(&self) -> Handle;
}

/// What travels in messages as handles: an object, or a thing that is made of several.
pub trait Handles: Sized {
    /// How many.
    const COUNT: usize;

    /// The handles to send, in order.
    fn into_handles(self) -> impl IntoIterator<Item = OwnedHandle>;

    /// Made of the handles that came, in order; none when there are too few.
    fn from_handles(handles: &mut dyn Iterator<Item = OwnedHandle>) -> Option<Self>;
}

impl Handles for OwnedHandle {
    const COUNT: usize = 1;

    fn into_handles(self) -> impl IntoIterator<Item = OwnedHandle> {
        [self]
    }

    fn from_handles(handles: &mut dyn Iterator<Item = OwnedHandle>) -> Option<Self> {
        handles.next()
    }
}

/// What the handle names and allows.
pub(crate) fn info(handle: Handle) -> Result<(ObjectKind, Rights), Error> {
    let (kind, rights) = plain(Syscall::HandleInfo, [argument(handle), 0, 0, 0, 0, 0])?;
    let kind = ObjectKind::from_number(kind & !OWN_PROCESS);
    let rights = u16::try_from(rights).map_err(|_| Error::BadHandle)?;
    Ok((kind.ok_or(Error::WrongKind)?, Rights(rights)))
}

/// Copies a handle, with a badge unless that is 0.
pub(crate) fn copy(handle: Handle, rights: Rights, badge: u64) -> Result<OwnedHandle, Error> {
    let arguments = [argument(handle), u64::from(rights.0), badge, 0, 0, 0];
    let (value, _) = plain(Syscall::HandleCopy, arguments)?;
    handle_in(value).map(OwnedHandle)
}

/// The new handle that a creating call returned.
pub(crate) fn created(result: Result<(u64, u64), Error>) -> Result<OwnedHandle, Error> {
    handle_in(result?.0).map(OwnedHandle)
}

/// Declares the handle type of a kind of object.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::handle::object!($(#[$doc])* $name is $name);
    };
    ($(#[$doc:meta])* $name:ident is $kind:ident) => {
        $(#[$doc])*
        #[derive(Debug, PartialEq, Eq)]
        #[must_use = "dropping it closes the handle"]
        pub struct $name($crate::OwnedHandle);

        impl $name {
            /// The number of the handle; it stays owned.
            #[must_use]
            pub fn handle(&self) -> $crate::Handle {
                self.0.handle()
            }

            /// A second handle with at most these rights.
            pub fn copy(&self, rights: $crate::Rights) -> Result<Self, $crate::Error> {
                self.0.copy(rights).map(Self)
            }
        }

        impl From<$crate::OwnedHandle> for $name {
            fn from(handle: $crate::OwnedHandle) -> Self {
                Self(handle)
            }
        }

        impl From<$name> for $crate::OwnedHandle {
            fn from(object: $name) -> Self {
                object.0
            }
        }

        impl $crate::Handles for $name {
            const COUNT: usize = 1;

            fn into_handles(self) -> impl IntoIterator<Item = $crate::OwnedHandle> {
                [self.0]
            }

            fn from_handles(
                handles: &mut dyn Iterator<Item = $crate::OwnedHandle>,
            ) -> Option<Self> {
                handles.next().map(Self)
            }
        }

        impl $crate::Object for $name {
            const KIND: $crate::ObjectKind = $crate::ObjectKind::$kind;

            fn handle(&self) -> $crate::Handle {
                self.0.handle()
            }
        }
    };
}
pub(crate) use object;
