//! Random bytes of `random`, some at a time.

use super::lock::Mutex;
use super::startup::names;
use alloc::vec::Vec;
use moto_rt::Error;
use random_api::{BYTES_MAX, RandomClient};

/// Bytes that are asked for at once when few are wanted.
const FEW: u16 = 256;

/// The connection, and bytes that were not given out yet.
struct Source {
    client: Option<RandomClient>,
    left: Vec<u8>,
}

static SOURCE: Mutex<Source> = Mutex::new(Source { client: None, left: Vec::new() });

/// Fills a slice.
///
/// # Errors
/// When neither `random` nor the CPU gives any.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    let mut source = SOURCE.lock();
    let mut rest = bytes;
    while !rest.is_empty() {
        if source.left.is_empty() {
            let wanted = u16::try_from(rest.len()).unwrap_or(BYTES_MAX).clamp(FEW, BYTES_MAX);
            source.left = asked(&mut source, wanted).or_else(of_cpu).ok_or(Error::NotReady)?;
        }
        let count = rest.len().min(source.left.len());
        let (now, later) = rest.split_at_mut(count);
        let from = source.left.len() - count;
        now.copy_from_slice(source.left.get(from..).ok_or(Error::InternalError)?);
        source.left.truncate(from);
        rest = later;
    }
    Ok(())
}

fn asked(source: &mut Source, count: u16) -> Option<Vec<u8>> {
    if source.client.is_none() {
        source.client = RandomClient::connect(&names().ok()?).ok();
    }
    let bytes = source.client.as_ref()?.bytes(count).ok();
    bytes.filter(|bytes| !bytes.is_empty())
}

fn of_cpu() -> Option<Vec<u8>> {
    Some(sys::hardware_random()?.to_ne_bytes().to_vec())
}
