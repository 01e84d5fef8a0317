//! Files of a volume.

use crate::meter::Meter;
use crate::settings::{PRIORITY, QUOTA};
use alloc::sync::Arc;
use files::{How, Time, VolumeClient};
use rt::Failure;
use sys::{Buffer, Endpoint, Quota, Rights};
use volume::{Access, MemoryFs, VolumeServer};

/// Operations of [`reads`].
pub(crate) const READS: &[&str] = &["file-read-4096-cached"];

const TIMES: usize = 10_000;
const PAGE: usize = 4096;
const PAGES: usize = 64;
/// As init gives a server its own endpoint: it opens sessions.
const FOR_SERVER: Rights =
    Rights::SEND.union(Rights::RECEIVE).union(Rights::MINT).union(Rights::TRANSFER);

/// Reads of 4 KiB of an open file, from the pages that its server has read before.
pub(crate) fn reads(meter: &Meter<'_>) -> Result<(), Failure> {
    let [cached] = READS else { return Err("one row".into()) };
    let endpoint = Endpoint::create()?;
    let quota = Quota { pages: QUOTA.pages + 256, ..QUOTA };
    let handles = [("endpoint", endpoint.as_handle(), FOR_SERVER, 0)];
    let server = meter.machine.child(&["serve-volume"], quota, &handles, None)?;
    let client = VolumeClient::from_endpoint(endpoint.copy(Rights::SEND)?);
    let how = How { write: true, create: true, ..How::default() };
    let (file, _) = client.open("file", how).map_err(Failure::new)?;
    let mut page = Buffer::new(PAGE)?;
    file.write(0, &page).map_err(Failure::new)?;
    meter.measure(cached, TIMES, || match file.read(0, &mut page) {
        Ok(read) if read as usize == PAGE => Ok(()),
        Ok(_) => Err("a short read".into()),
        Err(error) => Err(Failure::new(error)),
    })?;
    server.stop()
}

/// In a child: a volume in memory, with the pages that a volume on a disk keeps.
pub(crate) fn serve(env: &rt::Env) -> Result<(), Failure> {
    sys::set_own_priority(PRIORITY)?;
    let memory = MemoryFs::new((PAGES * PAGE) as u64, 16, Arc::new(|| Time(0)));
    let access = Access::parse(["0 / write"].into_iter(), |_| {});
    let server = VolumeServer::new(memory, access, None)?.with_cache(PAGES);
    volume::serve(env.handle("endpoint")?, server)
}
