//! The one answer to a call.
//! Refused with: E0382

fn answer(reply: service::Reply<Result<u32, u32>>) {
    reply.send(Ok(1));
    reply.send(Ok(2));
}

fn main() {
    let _ = answer;
}
