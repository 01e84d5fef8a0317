//! The functions of WASI, by their names.

mod io;
mod listing;
mod paths;
mod process;
mod stat;
mod time;

use crate::State;
use crate::error::Errno;
use crate::memory::Memory;
use wasmi::{Caller, Error, Extern, Linker};

const MODULE: &str = "wasi_snapshot_preview1";

/// What a function comes to: nothing, or its error.
type Done = Result<(), Errno>;

/// Calls a function with the program's memory.
fn on(
    caller: &mut Caller<'_, State>,
    work: impl FnOnce(&mut State, &mut Memory<'_>) -> Done,
) -> u32 {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Errno::FAULT.0.into();
    };
    let (bytes, state) = memory.data_and_store_mut(caller);
    work(state, &mut Memory(bytes)).err().map_or(0, |error| error.0.into())
}

/// Names of functions, types of their arguments, and the functions here; `!` for one that is not there.
macro_rules! functions {
    ($linker:ident: $($name:ident($($argument:ident: $type:ty),*) $how:tt $($function:path)?;)*) => {
        $(functions!(@one $linker $name ($($argument: $type),*) $how $($function)?);)*
    };
    (@one $linker:ident $name:ident ($($argument:ident: $type:ty),*) = $function:path) => {
        $linker.func_wrap(MODULE, stringify!($name),
            |mut caller: Caller<'_, State>, $($argument: $type),*| -> u32 {
                on(&mut caller, |state, memory| $function(state, memory, $($argument),*))
            })?;
    };
    (@one $linker:ident $name:ident ($($argument:ident: $type:ty),*) !) => {
        $linker.func_wrap(MODULE, stringify!($name), |$($argument: $type),*| -> u32 {
            $(let _ = $argument;)*
            Errno::NOSYS.0.into()
        })?;
    };
}

/// Gives a program all functions.
pub(crate) fn link(linker: &mut Linker<State>) -> Result<(), Error> {
    functions! { linker:
        args_get(list: u32, text: u32) = process::args_get;
        args_sizes_get(count: u32, bytes: u32) = process::args_sizes_get;
        environ_get(list: u32, text: u32) = process::environ_get;
        environ_sizes_get(count: u32, bytes: u32) = process::environ_sizes_get;
        random_get(at: u32, len: u32) = process::random_get;
        sched_yield() = process::sched_yield;
        clock_res_get(id: u32, at: u32) = time::clock_res_get;
        clock_time_get(id: u32, precision: u64, at: u32) = time::clock_time_get;
        poll_oneoff(from: u32, to: u32, count: u32, found: u32) = time::poll_oneoff;
        fd_advise(fd: u32, at: u64, len: u64, advice: u32) = io::fd_advise;
        fd_allocate(fd: u32, at: u64, len: u64) !;
        fd_close(fd: u32) = io::fd_close;
        fd_datasync(fd: u32) = io::fd_sync;
        fd_fdstat_get(fd: u32, at: u32) = stat::fd_fdstat_get;
        fd_fdstat_set_flags(fd: u32, flags: u32) = io::fd_fdstat_set_flags;
        fd_fdstat_set_rights(fd: u32, base: u64, inherited: u64) !;
        fd_filestat_get(fd: u32, at: u32) = stat::fd_filestat_get;
        fd_filestat_set_size(fd: u32, size: u64) = io::fd_filestat_set_size;
        fd_filestat_set_times(fd: u32, read: u64, written: u64, flags: u32) !;
        fd_pread(fd: u32, list: u32, count: u32, at: u64, done: u32) = io::fd_pread;
        fd_prestat_dir_name(fd: u32, at: u32, len: u32) = io::fd_prestat_dir_name;
        fd_prestat_get(fd: u32, at: u32) = io::fd_prestat_get;
        fd_pwrite(fd: u32, list: u32, count: u32, at: u64, done: u32) = io::fd_pwrite;
        fd_read(fd: u32, list: u32, count: u32, done: u32) = io::fd_read;
        fd_readdir(fd: u32, at: u32, len: u32, cookie: u64, done: u32) = listing::fd_readdir;
        fd_renumber(from: u32, to: u32) = io::fd_renumber;
        fd_seek(fd: u32, by: i64, whence: u32, at: u32) = io::fd_seek;
        fd_sync(fd: u32) = io::fd_sync;
        fd_tell(fd: u32, at: u32) = io::fd_tell;
        fd_write(fd: u32, list: u32, count: u32, done: u32) = io::fd_write;
        path_create_directory(fd: u32, path: u32, len: u32) = paths::create_directory;
        path_filestat_get(fd: u32, flags: u32, path: u32, len: u32, at: u32) = paths::filestat_get;
        path_filestat_set_times(fd: u32, flags: u32, path: u32, len: u32, read: u64, written: u64,
            which: u32) !;
        path_link(fd: u32, flags: u32, path: u32, len: u32, to_fd: u32, to: u32, to_len: u32) !;
        path_open(fd: u32, flags: u32, path: u32, len: u32, how: u32, rights: u64, inherited: u64,
            fd_flags: u32, at: u32) = paths::open;
        path_readlink(fd: u32, path: u32, len: u32, at: u32, room: u32, done: u32) !;
        path_remove_directory(fd: u32, path: u32, len: u32) = paths::remove_directory;
        path_rename(fd: u32, path: u32, len: u32, to_fd: u32, to: u32, to_len: u32) = paths::rename;
        path_symlink(path: u32, len: u32, fd: u32, to: u32, to_len: u32) !;
        path_unlink_file(fd: u32, path: u32, len: u32) = paths::unlink_file;
        proc_raise(signal: u32) !;
        sock_accept(fd: u32, flags: u32, at: u32) !;
        sock_recv(fd: u32, list: u32, count: u32, flags: u32, done: u32, found: u32) !;
        sock_send(fd: u32, list: u32, count: u32, flags: u32, done: u32) !;
        sock_shutdown(fd: u32, how: u32) !;
    }
    let exit = |status: u32| -> Result<(), Error> { Err(Error::i32_exit(status.cast_signed())) };
    linker.func_wrap(MODULE, "proc_exit", exit)?;
    Ok(())
}
