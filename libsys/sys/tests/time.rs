//! Scheduling contexts and passive servers, through the library.

use std::sync::Arc;
use sys::{
    ContextFlags, Endpoint, Error, FOREVER, Notification, Priority, Received, SchedContext, Terms,
    Words, host,
};

const MS: u64 = 1_000_000;
const TERMS: Terms = Terms {
    budget_ns: 3 * MS,
    period_ns: 10 * MS,
    priority: Priority(15),
    flags: ContextFlags::NONE,
};

/// Serves one call, which takes a millisecond.
fn serve_once(line: &Endpoint) {
    let Ok(Received::Message(message)) = line.receive(FOREVER, &mut []) else { panic!("no call") };
    host::advance(MS);
    let answer = &mut sys::Message::new(0, Words::default());
    message.reply.expect("a call").reply(answer).expect("a caller");
}

#[test]
fn a_passive_server_works_on_its_clients_time() {
    host::in_system(|| {
        let context = SchedContext::create(&host::resource()?, &TERMS)?;
        let line = Arc::new(Endpoint::create()?);
        let (server, ready) = (line.clone(), Arc::new(Notification::create()?));
        let bell = ready.clone();
        let _server = sys::spawn_thread(16, Priority(5), move || {
            assert_eq!(sys::set_own_passive(true), Ok(false));
            bell.signal(1).expect("a bell");
            serve_once(&server);
        })?;
        ready.wait(FOREVER)?;
        context.bind_own()?;
        line.call_words(1, &Words::default())?;
        assert_eq!(context.usage()?.used_ns, MS, "the server's");
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn a_binding_outlives_the_handle_and_is_the_only_one() {
    host::in_system(|| {
        let resource = host::resource()?;
        let (first, second) =
            (SchedContext::create(&resource, &TERMS)?, SchedContext::create(&resource, &TERMS)?);
        first.bind_own()?;
        assert_eq!(second.bind_own(), Err(Error::BadState));
        assert_eq!(second.unbind_own(), Err(Error::BadState));
        drop(first);
        assert_eq!(second.bind_own(), Err(Error::BadState), "it is still bound");
        assert_eq!(sys::set_own_passive(true), Err(Error::BadState));
        Ok::<(), Error>(())
    })
    .unwrap();
}
