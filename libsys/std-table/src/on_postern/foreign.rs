//! Pointers of the standard library, as slices, texts and places.
//!
//! All functions here rest on one promise of the library, whose functions pass on what they got as
//! references: `&[u8]` and `&str` as a pointer and a length, `&mut T` as a pointer to one `T`.

use moto_rt::Error;

/// The bytes that a call reads.
///
/// # Safety
/// They are initialised and no other thread writes them during the call; 0 bytes may be anywhere.
pub(super) unsafe fn bytes<'a>(at: *const u8, len: usize) -> &'a [u8] {
    match len {
        0 => &[],
        // SAFETY: the caller's duty.
        _ => unsafe { core::slice::from_raw_parts(at, len) },
    }
}

/// The bytes that a call fills.
///
/// # Safety
/// They are initialised and only this call uses them; 0 bytes may be anywhere.
pub(super) unsafe fn bytes_mut<'a>(at: *mut u8, len: usize) -> &'a mut [u8] {
    match len {
        0 => &mut [],
        // SAFETY: the caller's duty.
        _ => unsafe { core::slice::from_raw_parts_mut(at, len) },
    }
}

/// The text that a call reads.
///
/// # Errors
/// [`Error::InvalidArgument`] for what is not UTF-8.
///
/// # Safety
/// As for [`bytes`].
pub(super) unsafe fn text<'a>(at: *const u8, len: usize) -> Result<&'a str, Error> {
    // SAFETY: the caller's duty.
    let bytes = unsafe { bytes(at, len) };
    core::str::from_utf8(bytes).map_err(|_| Error::InvalidArgument)
}

/// Writes a result to the place for it.
///
/// # Safety
/// The place is one `T` that only this call uses.
pub(super) unsafe fn put<T: Copy>(place: *mut T, value: T) {
    // SAFETY: the caller's duty.
    unsafe { place.write(value) };
}

/// Copies a path into the buffer for one, and its length to the place for that.
///
/// # Safety
/// The buffer has `MAX_PATH_LEN` bytes; both are only this call's.
pub(super) unsafe fn put_path(path: &str, buffer: *mut u8, len: *mut usize) -> Result<(), Error> {
    let room = moto_rt::fs::MAX_PATH_LEN;
    // SAFETY: the caller's duty.
    let buffer = unsafe { bytes_mut(buffer, room) };
    let place = buffer.get_mut(..path.len()).ok_or(Error::InvalidFilename)?;
    place.copy_from_slice(path.as_bytes());
    // SAFETY: the caller's duty.
    unsafe { put(len, path.len()) };
    Ok(())
}
