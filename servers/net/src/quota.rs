//! What each client may hold.

use net_api::NetError;

/// The most sockets of a client, and of all.
const SOCKETS: usize = 24;
const SOCKETS_OF_ALL: usize = 96;
/// The most bytes of buffers of a client, and of all.
const BYTES: usize = 1 << 20;
const BYTES_OF_ALL: usize = 2 << 20;

/// What is held: by whose badge, in bytes of buffers.
pub(crate) struct Held {
    pub(crate) owner: u64,
    pub(crate) bytes: usize,
}

/// Whether a client may have this many more sockets and bytes.
///
/// # Errors
/// [`NetError::TooMany`].
pub(crate) fn check(
    held: impl Iterator<Item = Held>,
    owner: u64,
    sockets: usize,
    bytes: usize,
) -> Result<(), NetError> {
    let (mut own, mut all) = ((sockets, bytes), (sockets, bytes));
    for it in held {
        all = (all.0 + 1, all.1 + it.bytes);
        if it.owner == owner {
            own = (own.0 + 1, own.1 + it.bytes);
        }
    }
    let fits =
        own.0 <= SOCKETS && own.1 <= BYTES && all.0 <= SOCKETS_OF_ALL && all.1 <= BYTES_OF_ALL;
    if fits { Ok(()) } else { Err(NetError::TooMany) }
}

#[cfg(test)]
mod tests {
    use super::{BYTES, Held, SOCKETS, check};
    use net_api::NetError;

    #[test]
    fn one_client_does_not_use_up_what_all_have() {
        let held = || (0..SOCKETS).map(|_| Held { owner: 1, bytes: 1000 });
        assert_eq!(check(held(), 1, 1, 0), Err(NetError::TooMany));
        assert_eq!(check(held(), 2, 1, 1000), Ok(()));
        assert_eq!(check(held(), 2, 1, BYTES + 1), Err(NetError::TooMany));
        let many = (0..4).flat_map(|owner| (0..SOCKETS).map(move |_| Held { owner, bytes: 0 }));
        assert_eq!(check(many, 9, 1, 0), Err(NetError::TooMany));
    }
}
