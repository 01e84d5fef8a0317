//! Every word that a user program passes: nothing makes the core panic, nothing leaks.

use super::invariants::check;
use super::kit::{balance, boot};
use crate::exit::Next;
use crate::hosted::DATA;
use abi::{Error, Syscall};

#[test]
fn numbers_that_no_call_has() {
    let mut driver = boot();
    let known = |number: u64| Syscall::from_number(number).is_some();
    for number in (0..512).chain([1 << 31, 1 << 32, 1 << 63, u64::MAX, u64::MAX - 1]) {
        if known(number) {
            continue;
        }
        let me = driver.raw(number, &[], 0);
        assert_eq!(driver.result(me), Err(Error::NoSuchCall), "{number:#x}");
    }
}

#[test]
fn every_call_with_wild_arguments() {
    let wild = [
        0,
        1,
        2,
        0xffff,
        DATA,
        DATA + 3,
        DATA + 8 * 4096 - 4,
        0x7fff_ffff_ffff,
        0x8000_0000_0000,
        0xffff_8000_0000_0000,
        1 << 63,
        u64::MAX,
    ];
    let mut seed = 1_u64;
    let mut wild_word = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        wild[usize::try_from((seed >> 33) % wild.len() as u64).unwrap()]
    };
    let mut driver = boot();
    for call in Syscall::ALL {
        for _ in 0..300 {
            let arguments: [u64; 9] = core::array::from_fn(|_| wild_word());
            driver.raw(*call as u64, &arguments, wild_word());
            if matches!(driver.next, Next::User(_)) {
                check(&driver.kernel);
            } else {
                driver = boot();
            }
        }
    }
}

#[test]
fn refused_calls_cost_nothing() {
    let mut driver = boot();
    driver.make(Syscall::NotificationCreate, &[]);
    let before = balance(&driver);
    for call in Syscall::ALL {
        for arguments in [[0xdead; 6], [u64::MAX; 6]] {
            let needs_nothing = matches!(
                call,
                Syscall::Sleep | Syscall::EndpointCreate | Syscall::NotificationCreate
            );
            if !needs_nothing {
                driver.raw(*call as u64, &arguments, 0);
            }
        }
    }
    assert_eq!(balance(&driver), before);
}
