//! A reply right copied to answer two callers.
//! Refused with: E0308

fn copy(reply: &service::Reply<Result<u32, u32>>) -> service::Reply<Result<u32, u32>> {
    reply.clone()
}

fn main() {
    let _unused = copy;
}
