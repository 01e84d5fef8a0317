//! Descriptors, files, directories.

use super::super::answer::{Result, code, count, descriptor, number};
use super::super::descriptors::{self, Open};
use super::super::lock::Mutex;
use super::super::{files, foreign, stdio};
use alloc::string::String;
use alloc::sync::Arc;
use files::OpenFile;
use moto_rt::fs::{DirEntry, FileAttr, MAX_FILENAME_LEN};
use moto_rt::{Error, ErrorCode, RtFd};

/// The path of a call.
///
/// # Safety
/// The library passes a text.
unsafe fn path(at: *const u8, len: usize) -> Result<String> {
    // SAFETY: the caller's duty.
    unsafe { foreign::text(at, len) }.map(files::path)
}

/// Does something with a path.
///
/// # Safety
/// The library passes a text.
unsafe fn on_path<T>(at: *const u8, len: usize, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    // SAFETY: the caller's duty.
    work(&unsafe { path(at, len) }?)
}

/// Does something with a file.
fn on_file<T>(fd: RtFd, work: impl FnOnce(&OpenFile) -> Result<T>) -> Result<T> {
    match &*descriptors::get(fd)? {
        Open::File(file) => work(file),
        _ => Err(Error::InvalidArgument),
    }
}

pub(in super::super) extern "C" fn is_terminal(fd: RtFd) -> i32 {
    let (input, output) = stdio::are_terminals();
    i32::from(match descriptors::get(fd).as_deref() {
        Ok(Open::Input) => input,
        Ok(Open::Output) => output,
        Ok(Open::Errors) => true,
        _ => false,
    })
}

pub(in super::super) unsafe extern "C" fn open(at: *const u8, len: usize, options: u32) -> RtFd {
    // SAFETY: the library passes a text.
    let opened = unsafe { on_path(at, len, |path| files::open(path, options)) };
    descriptor(opened.and_then(|file| descriptors::add(Arc::new(Open::File(file)))))
}

pub(in super::super) extern "C" fn close(fd: RtFd) -> ErrorCode {
    code(descriptors::close(fd))
}

pub(in super::super) extern "C" fn duplicate(fd: RtFd) -> RtFd {
    descriptor(descriptors::get(fd).and_then(descriptors::add))
}

pub(in super::super) unsafe extern "C" fn get_file_attr(
    fd: RtFd,
    into: *mut FileAttr,
) -> ErrorCode {
    code(on_file(fd, OpenFile::attributes).map(|attributes| {
        // SAFETY: the library passes a reference.
        unsafe { foreign::put(into, attributes) };
    }))
}

pub(in super::super) extern "C" fn fsync(fd: RtFd) -> ErrorCode {
    code(on_file(fd, OpenFile::sync))
}

pub(in super::super) extern "C" fn truncate(fd: RtFd, len: u64) -> ErrorCode {
    code(on_file(fd, |file| file.set_len(len)))
}

pub(in super::super) unsafe extern "C" fn read(fd: RtFd, into: *mut u8, len: usize) -> i64 {
    // SAFETY: the library passes a slice.
    let into = unsafe { foreign::bytes_mut(into, len) };
    count(descriptors::get(fd).and_then(|open| open.read(into)))
}

/// Reads into several places: as much as the first one takes that is not empty.
pub(in super::super) unsafe extern "C" fn read_vectored(
    fd: RtFd,
    list: *const [usize; 2],
    len: usize,
) -> i64 {
    // SAFETY: the library passes a list of addresses and lengths of slices.
    let list = unsafe { core::slice::from_raw_parts(list, len) };
    let [at, len] = list.iter().find(|[_, len]| *len > 0).copied().unwrap_or_default();
    // SAFETY: as above.
    unsafe { read(fd, core::ptr::with_exposed_provenance_mut(at), len) }
}

pub(in super::super) unsafe extern "C" fn write(fd: RtFd, from: *const u8, len: usize) -> i64 {
    // SAFETY: the library passes a slice.
    let from = unsafe { foreign::bytes(from, len) };
    count(descriptors::get(fd).and_then(|open| open.write(from)))
}

/// Writes from several places: as much as there is in the first one that is not empty.
pub(in super::super) unsafe extern "C" fn write_vectored(
    fd: RtFd,
    list: *const [usize; 2],
    len: usize,
) -> i64 {
    // SAFETY: the library passes a list of addresses and lengths of slices.
    let list = unsafe { core::slice::from_raw_parts(list, len) };
    let [at, len] = list.iter().find(|[_, len]| *len > 0).copied().unwrap_or_default();
    // SAFETY: as above.
    unsafe { write(fd, core::ptr::with_exposed_provenance(at), len) }
}

/// Nothing is kept back here.
pub(in super::super) extern "C" fn flush(fd: RtFd) -> ErrorCode {
    code(descriptors::get(fd).map(drop))
}

pub(in super::super) extern "C" fn seek(fd: RtFd, offset: i64, whence: u8) -> i64 {
    number(on_file(fd, |file| file.seek(offset, whence)))
}

pub(in super::super) unsafe extern "C" fn mkdir(at: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, |path| files::with(|names| names.make_directory(path))) })
}

pub(in super::super) unsafe extern "C" fn unlink(at: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, |path| files::with(|names| names.remove(path))) })
}

pub(in super::super) unsafe extern "C" fn rmdir(at: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, |path| files::with(|names| names.remove_directory(path))) })
}

pub(in super::super) unsafe extern "C" fn rmdir_all(at: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, files::remove_all) })
}

pub(in super::super) unsafe extern "C" fn rename(
    from: *const u8,
    from_len: usize,
    to: *const u8,
    to_len: usize,
) -> ErrorCode {
    // SAFETY: the library passes two texts.
    let paths = unsafe { path(from, from_len).and_then(|from| Ok((from, path(to, to_len)?))) };
    code(paths.and_then(|(from, to)| files::with(|names| names.rename(&from, &to))))
}

pub(in super::super) unsafe extern "C" fn copy(
    from: *const u8,
    from_len: usize,
    to: *const u8,
    to_len: usize,
) -> i64 {
    // SAFETY: the library passes two texts.
    let paths = unsafe { path(from, from_len).and_then(|from| Ok((from, path(to, to_len)?))) };
    number(paths.and_then(|(from, to)| files::copy(&from, &to)))
}

pub(in super::super) unsafe extern "C" fn set_perm(
    at: *const u8,
    len: usize,
    to: u64,
) -> ErrorCode {
    let mode = files::mode(to);
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, |path| files::with(|names| names.set_mode(path, mode))) })
}

pub(in super::super) extern "C" fn set_file_perm(fd: RtFd, to: u64) -> ErrorCode {
    let path = on_file(fd, OpenFile::path);
    code(path.and_then(|path| files::with(|names| names.set_mode(&path, files::mode(to)))))
}

pub(in super::super) unsafe extern "C" fn stat(
    at: *const u8,
    len: usize,
    into: *mut FileAttr,
) -> ErrorCode {
    // SAFETY: the library passes a text.
    let found = unsafe { on_path(at, len, |path| files::with(|names| names.metadata(path))) };
    code(found.map(|metadata| {
        // SAFETY: the library passes a reference.
        unsafe { foreign::put(into, files::attributes(&metadata)) };
    }))
}

/// The absolute path of what is there. Links stay as they are.
pub(in super::super) unsafe extern "C" fn canonicalize(
    at: *const u8,
    len: usize,
    buffer: *mut u8,
    buffer_len: *mut usize,
) -> ErrorCode {
    let whole = |path: &str| {
        files::with(|names| {
            names.metadata(path)?;
            names.whole(path)
        })
    };
    // SAFETY: the library passes a text.
    let found = unsafe { on_path(at, len, whole) };
    // SAFETY: and a buffer for a path, and a place for its length.
    code(found.and_then(|path| unsafe { foreign::put_path(&path, buffer, buffer_len) }))
}

pub(in super::super) unsafe extern "C" fn opendir(at: *const u8, len: usize) -> RtFd {
    // SAFETY: the library passes a text.
    let listing = unsafe { on_path(at, len, files::list) };
    let open = listing.map(|listing| Arc::new(Open::Directory(Mutex::new(listing))));
    descriptor(open.and_then(descriptors::add))
}

/// `NotFound` behind the last entry.
pub(in super::super) unsafe extern "C" fn readdir(fd: RtFd, into: *mut DirEntry) -> ErrorCode {
    let next = descriptors::get(fd).and_then(|open| match &*open {
        Open::Directory(listing) => listing.lock().next().ok_or(Error::NotFound),
        _ => Err(Error::InvalidArgument),
    });
    code(next.and_then(|(name, attr)| {
        let mut fname = [0; MAX_FILENAME_LEN];
        let place = fname.get_mut(..name.len()).ok_or(Error::InvalidFilename)?;
        place.copy_from_slice(name.as_bytes());
        let fname_size = u16::try_from(name.len()).map_err(|_| Error::InvalidFilename)?;
        let version = DirEntry::VERSION;
        // SAFETY: the library passes a reference.
        unsafe { foreign::put(into, DirEntry { version, _reserved: 0, attr, fname_size, fname }) };
        Ok(())
    }))
}

pub(in super::super) unsafe extern "C" fn getcwd(buffer: *mut u8, len: *mut usize) -> ErrorCode {
    let current = files::with(|names| Ok(String::from(names.current())));
    // SAFETY: the library passes a buffer for a path, and a place for its length.
    code(current.and_then(|path| unsafe { foreign::put_path(&path, buffer, len) }))
}

pub(in super::super) unsafe extern "C" fn chdir(at: *const u8, len: usize) -> ErrorCode {
    // SAFETY: the library passes a text.
    code(unsafe { on_path(at, len, |path| files::with(|names| names.change(path))) })
}
