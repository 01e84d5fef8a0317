//! Loans: memory that is shown to another process until this one wants it back.

use crate::handle::{copy, created};
use crate::raw::{argument, plain};
use crate::{Error, Handle, Memory, OwnedHandle, Protection, Rights};
use abi::Syscall;

/// Pages of a memory object that are lent to another process. Dropping it takes them back:
/// when that returns, no process can reach them through the loan any more. A borrower that has
/// them mapped reads a page of zeros of its own in their place, and does not fault.
///
/// The lender's handle stays where it is: no other process can take the loan back.
///
/// ```
/// use sys::{Error, Loan, Memory, Protection};
/// let memory = Memory::create(4)?;
/// let loan = Loan::of(&memory, 1, 2, Protection::Read)?;
/// // What the borrower gets in a message:
/// let borrowed = Memory::from(loan.handle_to_send()?);
/// let mapping = borrowed.map_own(Protection::Read)?;
/// assert_eq!(mapping.len(), 2 * 4096);
/// drop(mapping);
/// drop(loan);
/// assert!(matches!(borrowed.map_own(Protection::Read), Err(Error::PeerDied)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it takes the pages back"]
pub struct Loan(OwnedHandle);

impl Loan {
    /// Lends these pages, to be mapped at most so and once at a time. The handle of the memory
    /// must have the rights for that, and may travel. Costs this process a page and an object.
    pub fn of(
        memory: &Memory,
        first: u64,
        pages: u64,
        protection: Protection,
    ) -> Result<Self, Error> {
        let arguments = [argument(memory.handle()), first, pages, protection as u64, 0, 0];
        created(plain(Syscall::MemoryLend, arguments)).map(Self)
    }

    /// Takes the pages back, and tells when the kernel refuses that: to a process that gave up
    /// its right to close handles ([`filter_own`](crate::trace::filter_own)).
    pub(crate) fn end(self) -> Result<(), Error> {
        let handle = self.0.into_raw();
        plain(Syscall::HandleClose, [argument(handle), 0, 0, 0, 0, 0]).map(|_| ())
    }

    /// The number of the lender's handle; it stays owned.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.0.handle()
    }

    /// A handle for the borrower: a [`Memory`] there. It cannot end the loan, and can be copied.
    pub fn handle_to_send(&self) -> Result<OwnedHandle, Error> {
        copy(self.handle(), Rights::ALL, 0)
    }
}
