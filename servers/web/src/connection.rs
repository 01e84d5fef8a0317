//! A connection: requests and answers until its end.

use crate::answer::{Head, Status};
use crate::content::{Content, Found};
use crate::events;
use crate::page;
use crate::pool::Pool;
use crate::range::{Wanted, wanted};
use crate::request::{Request, parse};
use crate::store::Store;
use crate::wire::{Arrived, Wire};
use alloc::format;
use net_api::{NetError, TcpStream};

/// Serves a connection to its end.
pub(crate) fn serve(pool: &Pool, store: &Store, content: &Content, stream: TcpStream) {
    let mut wire = Wire::new(stream);
    // What `net` refuses is the end of the connection, and there is no client to tell.
    while let Ok(true) = one(pool, store, content, &mut wire) {}
    wire.close();
}

/// Serves one request: whether there may be another one.
fn one(pool: &Pool, store: &Store, content: &Content, wire: &mut Wire) -> Result<bool, NetError> {
    let request = match wire.next_head(|| pool.is_wanted())? {
        Arrived::Head(head) => parse(&head),
        Arrived::Nothing => return Ok(false),
        Arrived::TooSlow => Err(Status::TimedOut),
        Arrived::TooLong => Err(Status::HeadTooLarge),
    };
    let mut request = match request {
        Ok(request) => request,
        Err(status) => {
            refuse(wire, status, false, false)?;
            return Ok(false);
        }
    };
    request.keep &= !pool.is_wanted();
    match request.path.as_str() {
        "/" => whole(
            wire,
            &request,
            "text/html; charset=utf-8",
            page::whole(&store.view().parts).as_bytes(),
        )?,
        "/postern.css" => whole(wire, &request, "text/css; charset=utf-8", page::CSS)?,
        "/postern.js" => whole(wire, &request, "text/javascript; charset=utf-8", page::JS)?,
        "/events" => {
            if !events::serve(pool, store, &request, wire)? {
                refuse(wire, Status::Busy, request.keep, request.head_only)?;
                return Ok(request.keep);
            }
            return Ok(false);
        }
        _ => file(wire, &request, content)?,
    }
    Ok(request.keep)
}

/// Answers with a status and its words.
fn refuse(wire: &mut Wire, status: Status, keep: bool, head_only: bool) -> Result<(), NetError> {
    let mut head = Head::new(status, keep);
    if status == Status::BadMethod {
        head.line("Allow", "GET, HEAD");
    }
    head.line("Content-Type", "text/plain; charset=utf-8");
    let text = format!("{}\n", status.line());
    head.length(text.len() as u64);
    let mut answer = head.end();
    if !head_only {
        answer += &text;
    }
    wire.send(answer.as_bytes(), Wire::deadline_for(0))
}

/// Answers with a content that was made here.
fn whole(wire: &mut Wire, request: &Request, kind: &str, content: &[u8]) -> Result<(), NetError> {
    let mut head = Head::new(Status::Ok, request.keep);
    head.line("Content-Type", kind);
    head.line("Cache-Control", "no-cache");
    head.length(content.len() as u64);
    let deadline = Wire::deadline_for(content.len() as u64);
    wire.send(head.end().as_bytes(), deadline)?;
    if request.head_only { Ok(()) } else { wire.send(content, deadline) }
}

/// Answers with a file of the volume, or a part of it.
fn file(wire: &mut Wire, request: &Request, content: &Content) -> Result<(), NetError> {
    let mut found = match content.open(&request.path) {
        Ok(found) => found,
        Err(status) => return refuse(wire, status, request.keep, request.head_only),
    };
    if request.if_none_match.as_ref().is_some_and(|tags| has_tag(tags, &found.tag)) {
        let mut head = Head::new(Status::NotModified, request.keep);
        head.line("ETag", &found.tag);
        return wire.send(head.end().as_bytes(), Wire::deadline_for(0));
    }
    let same = request.if_range.as_ref().is_none_or(|tag| *tag == found.tag);
    let range = request.range.as_deref().filter(|_| same);
    let (status, first, count) = match wanted(range, found.length) {
        Wanted::All => (Status::Ok, 0, found.length),
        Wanted::Part(first, last) => (Status::Partial, first, last - first + 1),
        Wanted::Nothing => (Status::BadRange, 0, 0),
    };
    let mut head = Head::new(status, request.keep);
    head.line("Content-Type", found.kind);
    head.line("Accept-Ranges", "bytes");
    head.line("ETag", &found.tag);
    let length = found.length;
    match status {
        Status::Partial => {
            let last = first + count - 1;
            head.line("Content-Range", &format!("bytes {first}-{last}/{length}"));
        }
        Status::BadRange => head.line("Content-Range", &format!("bytes */{length}")),
        _ => {}
    }
    head.length(count);
    let deadline = Wire::deadline_for(count);
    wire.send(head.end().as_bytes(), deadline)?;
    if request.head_only { Ok(()) } else { send(wire, &mut found, first, count, deadline) }
}

fn has_tag(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|it| it == "*" || it == tag)
}

/// Sends a part of a file. One that became shorter ends the connection, since its length was told.
fn send(
    wire: &mut Wire,
    found: &mut Found,
    mut place: u64,
    count: u64,
    deadline: u64,
) -> Result<(), NetError> {
    let end = place.saturating_add(count);
    while place < end {
        let piece = found.piece(place, end - place).ok_or(NetError::Closed)?;
        wire.send(piece, deadline)?;
        place += piece.len() as u64;
    }
    Ok(())
}
