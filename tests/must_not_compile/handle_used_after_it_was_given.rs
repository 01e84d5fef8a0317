//! A handle that was moved away in a message.
//! Refused with: E0382

#[service::interface(version = 1)]
pub trait Keeper {
    /// Takes a notification.
    fn keep(&mut self, #[handle] bell: sys::Notification) -> Result<(), u32>;
}

fn give(keeper: &KeeperClient, bell: sys::Notification) {
    let _given = keeper.keep(bell);
    let _signalled = bell.signal(1);
}

fn main() {
    let _unused = give;
}
