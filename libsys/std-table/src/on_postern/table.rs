//! The table itself: an address for each of its entries.

use super::entries::{children, files, memory, net, poll, processes, threads, times};
use super::stdio::complain;
use crate::UNSET;
use core::mem::offset_of;
use moto_rt::{RT_VDSO_VTABLE_VADDR, RtVdsoVtable};
use sys::{Error, Pages};

/// The bytes of an entry.
const ENTRY: usize = size_of::<u64>();

/// Entries with their functions, `= value` for a number, or nothing: then the entry names itself.
macro_rules! table {
    ($($entry:ident $(: $function:path)? $(= $value:expr)?;)*) => {
        /// All entries: their places in the table, and what stands there.
        fn entries() -> impl Iterator<Item = (usize, u64)> {
            [$((offset_of!(RtVdsoVtable, $entry), table!(@of $entry $($function)? $(= $value)?))),*]
                .into_iter()
        }

        /// A name that is missing above makes the table longer than this.
        const COUNT: usize = [$(stringify!($entry)),*].len();
    };
    (@of $entry:ident $function:path) => { address($function as *const ()) };
    (@of $entry:ident = $value:expr) => { $value };
    (@of $entry:ident) => {{
        extern "C" fn unset() -> ! {
            missing(stringify!($entry))
        }
        address(unset as *const ())
    }};
}

table! {
    vdso_entry;
    vdso_bytes_sz = 0;
    alloc: memory::alloc;
    alloc_zeroed: memory::alloc_zeroed;
    realloc: memory::realloc;
    dealloc: memory::dealloc;
    release_handle: children::release_handle;
    time_instant_now: times::instant_now;
    time_ticks_to_nanos: times::ticks_to_nanos;
    time_nanos_to_ticks: times::nanos_to_ticks;
    time_ticks_in_sec = times::TICKS_IN_SECOND;
    time_abs_ticks_to_nanos: times::abs_ticks_to_nanos;
    futex_wait: threads::futex_wait;
    futex_wake: threads::futex_wake;
    futex_wake_all: threads::futex_wake_all;
    proc_args: processes::args;
    proc_get_full_env: processes::full_env;
    proc_getenv: processes::getenv;
    proc_setenv: processes::setenv;
    proc_spawn: children::spawn;
    proc_kill: children::kill;
    proc_wait: children::wait;
    proc_status: children::status;
    proc_exit: processes::exit;
    tls_create: threads::tls_create;
    tls_set: threads::tls_set;
    tls_get: threads::tls_get;
    tls_destroy: threads::tls_destroy;
    thread_spawn: threads::spawn;
    thread_sleep: threads::sleep;
    thread_yield: threads::yield_now;
    thread_set_name: threads::set_name;
    thread_join: threads::join;
    fs_is_terminal: files::is_terminal;
    fs_open: files::open;
    fs_close: files::close;
    fs_get_file_attr: files::get_file_attr;
    fs_fsync: files::fsync;
    fs_datasync: files::fsync;
    fs_truncate: files::truncate;
    fs_read: files::read;
    fs_read_vectored: files::read_vectored;
    fs_write: files::write;
    fs_write_vectored: files::write_vectored;
    fs_flush: files::flush;
    fs_seek: files::seek;
    fs_mkdir: files::mkdir;
    fs_unlink: files::unlink;
    fs_rename: files::rename;
    fs_rmdir: files::rmdir;
    fs_rmdir_all: files::rmdir_all;
    fs_set_perm: files::set_perm;
    fs_set_file_perm: files::set_file_perm;
    fs_stat: files::stat;
    fs_canonicalize: files::canonicalize;
    fs_copy: files::copy;
    fs_opendir: files::opendir;
    fs_closedir: files::close;
    fs_readdir: files::readdir;
    fs_getcwd: files::getcwd;
    fs_chdir: files::chdir;
    fs_duplicate: files::duplicate;
    dns_lookup: net::lookup;
    net_bind: net::bind;
    net_listen: net::listen;
    net_accept: net::accept;
    net_tcp_connect: net::tcp_connect;
    net_udp_connect: net::udp_connect;
    net_socket_addr: net::socket_addr;
    net_peer_addr: net::peer_addr;
    net_setsockopt: net::setsockopt;
    net_getsockopt: net::getsockopt;
    net_peek: net::peek;
    net_udp_recv_from: net::udp_recv_from;
    net_udp_peek_from: net::udp_peek_from;
    net_udp_send_to: net::udp_send_to;
    net_udp_multicast_op_v4: net::multicast;
    net_udp_multicast_op_v6: net::multicast;
    poll_new: poll::new;
    poll_add: poll::add;
    poll_set: poll::set;
    poll_del: poll::remove;
    poll_wait: poll::wait;
    poll_wake: poll::wake;
    log_to_kernel: processes::log_to_kernel;
    log_backtrace;
    fill_random_bytes: processes::fill_random_bytes;
    num_cpus: processes::num_cpus;
    internal_helper;
    current_exe: processes::current_exe;
}

const _: () =
    assert!(COUNT * ENTRY == size_of::<RtVdsoVtable>(), "an entry of the table is not listed");

fn address(function: *const ()) -> u64 {
    function.expose_provenance() as u64
}

/// An entry that is not filled was called.
fn missing(name: &str) -> ! {
    complain("Rust's standard library called `");
    complain(name);
    complain("`, which Postern does not have yet\n");
    sys::exit(UNSET)
}

/// Shows the table at the address where the library looks for it.
///
/// # Errors
/// What the kernel refuses.
pub(super) fn show() -> Result<(), Error> {
    let mut pages = Pages::create(1)?;
    for (place, value) in entries() {
        if let Some(entry) = pages.get_mut(place..place + ENTRY) {
            entry.copy_from_slice(&value.to_ne_bytes());
        }
    }
    pages.show_at(RT_VDSO_VTABLE_VADDR)
}
