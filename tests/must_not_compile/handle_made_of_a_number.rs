//! Refused with: E0133
//!
//! A number is not a handle: twenty safe lines that tried all numbers mapped the private pages
//! of another owner and changed them under a `&[u8]`.

use sys::{Handle, Memory, OwnedHandle, Pages, Protection};

fn main() -> Result<(), sys::Error> {
    let pages = Pages::create(1)?;
    let bytes: &[u8] = &pages;
    let before = bytes[0];
    for number in 1..1 << 20 {
        let memory = Memory::from(OwnedHandle::from_raw(Handle(number)));
        if let Ok(mapping) = memory.map_own(Protection::ReadWrite) {
            mapping.write_at(0, &[before ^ 0xaa])?;
        }
    }
    assert_eq!(bytes[0], before);
    Ok(())
}
