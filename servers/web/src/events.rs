//! The page's parts as events, each when it has changed.

use crate::answer::{Head, Status};
use crate::pool::Pool;
use crate::request::Request;
use crate::store::{SECOND_NS, Store, View};
use crate::wire::Wire;
use alloc::format;
use alloc::string::String;
use net_api::NetError;

/// Sends events until the client goes away. Returns whether it may have them.
///
/// # Errors
/// What `net` says.
pub(crate) fn serve(
    pool: &Pool,
    store: &Store,
    request: &Request,
    wire: &mut Wire,
) -> Result<bool, NetError> {
    let mut result = Ok(());
    let may = pool.stream(|| result = stream(store, request.head_only, wire));
    result.map(|()| may)
}

fn stream(store: &Store, head_only: bool, wire: &mut Wire) -> Result<(), NetError> {
    let mut head = Head::new(Status::Ok, false);
    head.line("Content-Type", "text/event-stream");
    head.line("Cache-Control", "no-store");
    wire.send(head.end().as_bytes(), Wire::deadline_for(0))?;
    if head_only {
        return Ok(());
    }
    let mut shown: Option<alloc::sync::Arc<View>> = None;
    loop {
        let view = store.view();
        let mut text = changes(shown.as_deref(), &view);
        if shown.is_none() {
            text.insert_str(0, "retry: 1000\n\n");
        }
        if !text.is_empty() {
            wire.send(text.as_bytes(), Wire::deadline_for(text.len() as u64))?;
        }
        shown = Some(view);
        if !wire.stays_for(SECOND_NS) {
            return Ok(());
        }
    }
}

/// One event for each part that is not as it was.
fn changes(before: Option<&View>, now: &View) -> String {
    let mut text = String::new();
    for (number, (name, part)) in now.parts.iter().enumerate() {
        let same = before.and_then(|it| it.parts.get(number)).is_some_and(|(_, old)| old == part);
        if !same {
            text += &format!("event: {name}\n");
            part.lines().for_each(|line| text += &format!("data: {line}\n"));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::changes;
    use crate::store::View;

    #[test]
    fn only_what_changed_is_sent() {
        let view = |a: &str, b: &str| View { parts: vec![("a", a.into()), ("b", b.into())] };
        let first = changes(None, &view("1", "x\ny"));
        assert_eq!(first, "event: a\ndata: 1\n\nevent: b\ndata: x\ndata: y\n\n");
        assert_eq!(changes(Some(&view("1", "x")), &view("2", "x")), "event: a\ndata: 2\n\n");
        assert_eq!(changes(Some(&view("1", "x")), &view("1", "x")), "");
    }
}
