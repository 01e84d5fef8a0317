//! The workload over a volume in memory.

use crate::{Outcome, run};
use executor::Executor;
use files::{Namespace, Time};
use names_api::{Names, NamesError, ServiceEntry};
use service::Caller;
use sys::{Endpoint, OwnedHandle, Rights};
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

#[test]
fn the_workload_finds_a_good_volume_good() {
    testkit::run(|system| {
        let volume = Endpoint::create().unwrap();
        let program = system.program("volume").fact("access", "1 / write");
        let _server = program.handle("endpoint", &volume, Rights::ALL).serve(|env| {
            volume::run(
                &env,
                MemoryFs::new(4 << 20, 100, std::sync::Arc::new(|| Time(sys::clock()))),
            )
        });
        let names = system.program("names").handle("volume", &volume, Rights::ALL).serve(|env| {
            let mut names = OneVolume(env.handle("volume")?);
            Executor::new()?.serve::<dyn Names>(env.handle("endpoint")?, &mut names)?;
            Ok(())
        });
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
