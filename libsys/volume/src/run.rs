//! The main function of a volume's server.

use crate::{Access, FileSystem, VolumeServer};
use executor::{Executor, Task};
use service::Event;
use sys::{Endpoint, Memory};

/// How long changes wait for a commit, in nanoseconds.
const COMMIT_NS: u64 = 5_000_000_000;
/// The bit that says so. The executor gives out bits from the other end.
const COMMIT: u64 = 1;

/// Serves a volume for ever: with the rights of the startup block's lines `access`, and with the
/// tickets in the memory `keep`, where there is one.
///
/// # Errors
/// When the program was not given its endpoint, or the kernel refuses to let it serve.
pub fn run(env: &rt::Env, fs: impl FileSystem + 'static) -> Result<(), rt::Failure> {
    run_with(env, fs, |server| server)
}

/// The same for a file system on a disk: with up to this number of pages of files that were read.
///
/// # Errors
/// As for [`run`].
pub fn run_cached(
    env: &rt::Env,
    fs: impl FileSystem + 'static,
    pages: usize,
) -> Result<(), rt::Failure> {
    run_with(env, fs, |server| server.with_cache(pages))
}

fn run_with(
    env: &rt::Env,
    fs: impl FileSystem + 'static,
    set_up: impl FnOnce(VolumeServer) -> VolumeServer,
) -> Result<(), rt::Failure> {
    let access = Access::parse(env.startup().values("access"), |_wrong| {
        #[cfg(target_os = "none")]
        defmt::warn!("no grant of a subtree: {=str}", _wrong);
    });
    let keep: Option<Memory> = env.handle("keep").ok();
    let server = set_up(VolumeServer::new(fs, access, keep.as_ref())?);
    #[cfg(target_os = "none")]
    defmt::info!("ready");
    serve(env.handle("endpoint")?, server)
}

/// Serves until the endpoint ends, and commits changes that are a few seconds old.
///
/// # Errors
/// What the kernel refuses.
pub fn serve(endpoint: Endpoint, server: VolumeServer) -> Result<(), rt::Failure> {
    let executor = Executor::new()?;
    let mut timer: Option<Task> = None;
    let (mut server, of) = (server, executor.clone());
    executor.serve_with::<_, VolumeServer>(
        endpoint,
        &mut server,
        |server| server,
        |server, event| {
            if let Event::Notified(bits) = event
                && bits & COMMIT != 0
            {
                timer = None;
                commit(server);
            }
            if server.is_dirty() && timer.is_none() {
                timer = Some(of.ring_at(sys::clock().saturating_add(COMMIT_NS), COMMIT));
            }
        },
    )?;
    Ok(())
}

fn commit(server: &mut VolumeServer) {
    if server.is_dirty()
        && let Err(_error) = server.rest()
    {
        #[cfg(target_os = "none")]
        defmt::error!("not committed: {=str}", alloc::format!("{_error}").as_str());
    }
}
