//! What the program was started with.

use super::answer::{Result, of_kernel};
use super::lock::Mutex;
use moto_rt::Error;
use sys::{Endpoint, Rights};

static ENV: Mutex<Option<rt::Env>> = Mutex::new(None);

/// Keeps it for all threads.
pub(super) fn keep(env: rt::Env) {
    *ENV.lock() = Some(env);
}

/// Uses it.
pub(super) fn env<T>(work: impl FnOnce(&rt::Env) -> T) -> Result<T> {
    ENV.lock().as_ref().map(work).ok_or(Error::InternalError)
}

/// The name server, for one connection.
pub(super) fn names() -> Result<Endpoint> {
    env(|env| env.names().copy(Rights::SEND))?.map_err(of_kernel)
}
