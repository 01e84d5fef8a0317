//! Handles that are owned: closed when dropped, never closed twice.

use crate::raw::{argument, handle_in, plain};
use crate::{Error, Handle, ObjectKind, Rights};
use abi::{OWN_PROCESS, Syscall};
use core::marker::PhantomData;

/// A handle of any kind, closed on drop. What travels in messages.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "dropping it closes the handle"]
pub struct OwnedHandle(Handle);

impl OwnedHandle {
    /// A handle that names nothing: calls with it fail with [`Error::BadHandle`].
    pub const NONE: Self = Self(Handle::NONE);

    /// Takes over the handle with this number.
    ///
    /// # Safety
    /// Nothing else owns it, and whatever once owned it gave it up for this. Types rest on
    /// being alone with their handles: [`Pages`](crate::Pages) hands out slices because no
    /// other owner of its memory can map or lend it. Programs get their handles typed: from
    /// calls, messages, [`start`](crate::start) and, in tests, `host`.
    ///
    /// A number is not a handle, so safe code does not get far with one:
    ///
    /// ```compile_fail,E0133
    /// for number in 1..u32::MAX {
    ///     let _ = sys::OwnedHandle::from_raw(sys::Handle(number));
    /// }
    /// ```
    ///
    /// nor can it give one away:
    ///
    /// ```compile_fail,E0308
    /// # let process = sys::Process::create("other", &sys::Quota::default(), None)?;
    /// process.give_handle(sys::Handle(1), sys::Rights::ALL, 0)?;
    /// # Ok::<(), sys::Error>(())
    /// ```
    pub unsafe fn from_raw(handle: Handle) -> Self {
        Self(handle)
    }

    /// The handle, for as long as it stays owned here.
    #[must_use]
    pub fn as_handle(&self) -> BorrowedHandle<'_> {
        BorrowedHandle(self.0, PhantomData)
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

/// A handle that something else owns and keeps open meanwhile: what is copied and given to
/// processes. Like a reference it cannot be made of a number.
///
/// ```compile_fail,E0423
/// let forged = sys::BorrowedHandle(sys::Handle(1), core::marker::PhantomData);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BorrowedHandle<'a>(Handle, PhantomData<&'a OwnedHandle>);

impl BorrowedHandle<'_> {
    /// The number.
    #[must_use]
    pub fn handle(self) -> Handle {
        self.0
    }

    /// A second handle with at most these rights.
    pub fn copy(self, rights: Rights) -> Result<OwnedHandle, Error> {
        copy(self.0, rights, 0)
    }
}

/// A handle type for one kind of object.
pub trait Object: From<OwnedHandle> + Into<OwnedHandle> {
    /// What its handles name.
    const KIND: ObjectKind;

    /// The handle, for as long as it stays owned here.
    fn as_handle(&self) -> BorrowedHandle<'_>;
}

/// What travels in messages as handles: an object, or a thing that is made of several.
pub trait Handles: Sized {
    /// The number of handles.
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
    Ok((kind.ok_or(Error::WrongKind)?, Rights::from_bits_retain(rights)))
}

/// Copies a handle, with a badge unless that is 0.
pub(crate) fn copy(handle: Handle, rights: Rights, badge: u64) -> Result<OwnedHandle, Error> {
    let arguments = [argument(handle), u64::from(rights.bits()), badge, 0, 0, 0];
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

            /// The handle, for as long as it stays owned here.
            #[must_use]
            pub fn as_handle(&self) -> $crate::BorrowedHandle<'_> {
                self.0.as_handle()
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

            fn as_handle(&self) -> $crate::BorrowedHandle<'_> {
                self.0.as_handle()
            }
        }
    };
}
pub(crate) use object;
