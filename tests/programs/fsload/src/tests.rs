//! The workload over a volume in memory.

use crate::{Outcome, run};
use executor::Executor;
use files::{Cause, How, Mount, Namespace, Time};
use names_api::{Names, NamesError, ServiceEntry};
use service::Caller;
use sys::{Endpoint, Memory, OwnedHandle, Rights};
use testkit::{Server, System};
use volume::MemoryFs;

/// A name server that knows one volume.
struct OneVolume(Endpoint);

impl Names for OneVolume {
    fn open(&mut self, caller: &Caller, _: String) -> Result<OwnedHandle, NamesError> {
        let badged = self.0.badged(Rights::SEND | Rights::TRANSFER, caller.badge());
        badged.map(OwnedHandle::from).map_err(|_| NamesError::Exhausted)
    }

    fn list(&mut self, _: &Caller) -> Result<Vec<ServiceEntry>, NamesError> {
        Ok(Vec::new())
    }
}

/// A volume in memory, and the name server that knows it.
fn start(system: &System) -> [Server<'_>; 2] {
    let volume = Endpoint::create().unwrap();
    let keep = Memory::create(4).unwrap();
    let program = system.program("volume").fact("access", "1 / write");
    let program = program.handle("keep", &keep, Rights::ALL);
    let served = program.handle("endpoint", &volume, Rights::ALL).serve(|env| {
        let fs = MemoryFs::new(4 << 20, 100, std::sync::Arc::new(|| Time(sys::clock())));
        volume::run(&env, fs)
    });
    let names = system.program("names").handle("volume", &volume, Rights::ALL).serve(|env| {
        let mut names = OneVolume(env.handle("volume")?);
        Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut names)?;
        Ok(())
    });
    [served, names]
}

#[test]
fn the_workload_finds_a_good_volume_good() {
    testkit::run(|system| {
        let [_volume, names] = start(system);
        let client = system.program("fsload").fact("volume", "root /");
        let client = client.handle("names", &names.endpoint(1), Rights::ALL);
        let outcome = client.script(|env| {
            let space = Namespace::of(&env).unwrap();
            run(&space, "", 3, |operations| operations < 600)
        });
        let outcome = outcome.join();
        assert_eq!(outcome.wrong, None, "{outcome:?}");
        assert!(outcome.checked > 1 << 20, "{outcome:?}");
        let calm = Outcome { lost: 0, reopened: 0, uncertain: 0, ..outcome.clone() };
        assert_eq!(outcome, calm);
    });
}

#[test]
fn a_file_that_was_not_synced_is_made_again_by_its_maker() {
    testkit::run(|system| {
        let [volume, names] = start(system);
        let mount = Mount { path: "/".into(), service: "root".into() };
        let space = Namespace::new(&names.endpoint(1), [mount].into_iter()).unwrap();
        let mut made = space.open("/made", How::NEW).unwrap();
        made.write_at(0, b"lost").unwrap();
        let mut moved = space.open("/from", How::NEW).unwrap();
        space.rename("/from", "/to").unwrap();
        volume.restart();
        made.write_at(2, b"st").unwrap();
        assert_eq!(made.sync().unwrap_err().cause, Cause::WritesLost);
        made.write_at(0, b"kept").unwrap();
        made.sync().unwrap();
        assert_eq!(made.read_rest(0).unwrap(), b"kept");
        assert_eq!(moved.sync().unwrap_err().files(), Some(&files::FilesError::Stale));
        assert!(space.metadata("/from").is_err(), "a name that was given up does not come back");
    });
}
