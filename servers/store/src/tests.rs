//! Lives of the store on the host, over one kept memory.

use super::StoreServer;
use service::Caller;
use store_api::{Checked, KEYS, Lost, Record, Store, StoreClient, StoreError};
use sys::{Endpoint, Memory, Protection, Rights};

fn me() -> Caller {
    Caller::with_badge(1)
}

#[test]
fn records_outlive_the_server() {
    let memory = Memory::create(8).unwrap();
    let birth = StoreServer::open(&memory).unwrap().put(&me(), Record::new(3, 1, 7)).unwrap();
    let mut second = StoreServer::open(&memory).unwrap();
    assert_eq!(second.get(&me(), 3), Ok((birth, Some(Record::new(3, 1, 7)))));
    assert_eq!(second.get(&me(), 4), Ok((birth, None)));
}

#[test]
fn only_newer_whole_records_of_known_keys_are_kept() {
    let mut store = StoreServer::open(&Memory::create(8).unwrap()).unwrap();
    store.put(&me(), Record::new(3, 5, 7)).unwrap();
    store.put(&me(), Record::new(3, 5, 8)).unwrap();
    store.put(&me(), Record::new(3, 4, 9)).unwrap();
    assert_eq!(store.get(&me(), 3).unwrap().1, Some(Record::new(3, 5, 7)));
    let mut damaged = Record::new(3, 6, 0);
    damaged.value = 1;
    assert_eq!(store.put(&me(), damaged), Err(StoreError::Damaged));
    assert_eq!(store.put(&me(), Record::new(KEYS, 1, 0)), Err(StoreError::NoSuchKey));
}

#[test]
fn all_keys_fit_into_what_the_manifest_keeps() {
    let mut store = StoreServer::open(&Memory::create(8).unwrap()).unwrap();
    for key in 0..KEYS {
        store.put(&me(), Record::new(key, u64::MAX, u64::MAX)).unwrap();
    }
    assert_eq!(store.count(&me()), Ok(KEYS));
}

#[test]
fn a_client_notices_that_the_state_is_gone() {
    let memory = Memory::create(8).unwrap();
    let endpoint = Endpoint::create().unwrap();
    let line = endpoint.copy(Rights::SEND | Rights::TRANSFER).unwrap();
    let mut client = Checked::new(StoreClient::from_endpoint(line));
    let mut first = StoreServer::open(&memory).unwrap();
    let mut receiver = service::Server::<dyn Store>::new(endpoint);
    let put = std::thread::spawn(move || {
        let put = client.put(1, 10);
        (client, put)
    });
    receiver.next(&mut first).unwrap();
    receiver.flush();
    let (mut client, put) = put.join().unwrap();
    assert_eq!(put, Ok(()));
    // What was kept is damaged: the next life begins anew.
    let pages = memory.map_own(Protection::ReadWrite).unwrap();
    pages.write_at(100, &[0x5a; 4096 * 7]).unwrap();
    sys::sleep_for(1000);
    let mut second = StoreServer::open(&memory).unwrap();
    let get = std::thread::spawn(move || (client.get(1), client.get(1)));
    for _ in 0..2 {
        receiver.next(&mut second).unwrap();
        receiver.flush();
    }
    assert_eq!(get.join().unwrap(), (Err(Lost::State), Ok(None)));
}
