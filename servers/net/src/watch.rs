//! Clients that wait for several sockets: a notification of theirs is signalled.

use crate::Shared;
use crate::stack::Stack;
use net_api::{Interest, NetError};
use service::Session;
use sys::Notification;

/// What is possible now; where nothing is, signals these bits once something is. `look` tells it.
///
/// # Errors
/// Those of the socket.
pub(crate) fn watch(
    shared: &Shared,
    session: Session,
    bell: Notification,
    bits: u64,
    mut look: impl FnMut(&mut Stack) -> Result<Option<Interest>, NetError> + 'static,
) -> Result<Interest, NetError> {
    let number = {
        let stack = &mut *shared.stack();
        // The watch before ends, and its task with it.
        if stack.watches.remove(&session).is_some() {
            stack.wake();
        }
        if let Some(ready) = look(stack)? {
            return Ok(ready);
        }
        if bits == 0 {
            return Ok(Interest::default());
        }
        stack.last_watch = stack.last_watch.wrapping_add(1);
        stack.watches.insert(session, stack.last_watch);
        stack.last_watch
    };
    let waiting = shared.clone();
    let work = async move {
        let happened = waiting
            .until(|stack| match stack.watches.get(&session) == Some(&number) {
                false => Some(false),
                // An error is told by the next call, so the client has to make one.
                true => look(stack).map_or(Some(true), |ready| ready.map(|_| true)),
            })
            .await;
        if happened {
            waiting.stack().watches.remove(&session);
            // A client that is gone needs no signal.
            let _ = bell.signal(bits);
        }
    };
    shared.executor().spawn(work).detach();
    Ok(Interest::default())
}
