//! Writes cut short, flipped bits, other versions: never a wrong value.

use crate::kept::load;
use crate::slot::{self, REST, Step, WRITING};
use crate::{Damage, Found, KeepError, Kept};
use std::collections::BTreeMap;
use sys::{Memory, Protection};

type State = BTreeMap<u32, String>;
const VERSION: u32 = 7;
const AREA: usize = 512;

fn state(text: &str) -> State {
    text.split(' ').map(str::to_owned).zip(0..).map(|(word, key)| (key, word)).collect()
}

/// The stores of a save, each of which may be the last: one word, then single bytes.
fn stores(number: u64, value: &State) -> Vec<(usize, Vec<u8>)> {
    let slot = if number.is_multiple_of(2) { 0 } else { AREA / 2 };
    let bytes = postcard::to_allocvec(value).unwrap();
    let steps = slot::steps(AREA / 2, VERSION, number, &bytes).unwrap();
    let stores = steps.into_iter().flat_map(|step| match step {
        Step::Magic(word) => vec![(slot, word.to_le_bytes().to_vec())],
        Step::Rest(rest) => {
            (slot + REST..).zip(rest).map(|(place, byte)| (place, vec![byte])).collect()
        }
    });
    stores.collect()
}

fn store(area: &mut [u8], (place, bytes): &(usize, Vec<u8>)) {
    area[*place..place + bytes.len()].copy_from_slice(bytes);
}

fn save(area: &mut [u8], number: u64, value: &State) {
    stores(number, value).iter().for_each(|one| store(area, one));
}

fn found(area: &[u8]) -> Found<State> {
    load(area, VERSION).1
}

/// xorshift: the same flips every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

#[test]
fn every_life_finds_what_the_one_before_saved() {
    let memory = Memory::create(1).unwrap();
    let (_, first) = Kept::<State>::open(&memory, VERSION).unwrap();
    assert_eq!(first, Found::Nothing);
    for life in 0..7 {
        let (mut kept, _) = Kept::<State>::open(&memory, VERSION).unwrap();
        for save in 0..life {
            kept.save(&state(&format!("life {life} save {save}"))).unwrap();
        }
        if life > 0 {
            let (_, again) = Kept::<State>::open(&memory, VERSION).unwrap();
            assert_eq!(again, Found::Value(state(&format!("life {life} save {}", life - 1))));
        }
    }
}

#[test]
fn a_write_cut_short_anywhere_leaves_the_value_before() {
    let (old, new) = (state("old"), state("the new one is longer"));
    for number in 0..if cfg!(miri) { 2 } else { 4 } {
        let mut area = [0; AREA];
        save(&mut area, number, &state("older"));
        save(&mut area, number + 1, &old);
        let stores = stores(number + 2, &new);
        for (done, one) in stores.iter().enumerate() {
            assert_eq!(found(&area), Found::Value(old.clone()), "after {done} stores");
            store(&mut area, one);
        }
        assert_eq!(found(&area), Found::Value(new.clone()), "after all");
    }
}

#[test]
fn the_bytes_of_a_write_may_arrive_in_any_order() {
    let (old, new) = (state("old"), state("new"));
    let mut random = Random(0x5eed_0001);
    for _ in 0..if cfg!(miri) { 4 } else { 500 } {
        let mut area = [0; AREA];
        save(&mut area, 1, &old);
        let stores = stores(2, &new);
        store(&mut area, &stores[0]);
        for _ in 0..random.below(stores.len()) {
            // Any of them but the last, which is ordered behind all others.
            store(&mut area, &stores[1 + random.below(stores.len() - 2)]);
            assert_eq!(found(&area), Found::Value(old.clone()));
        }
    }
}

#[test]
fn a_first_write_cut_short_leaves_nothing() {
    let mut area = [0; AREA];
    let stores = stores(0, &state("first"));
    for one in &stores {
        assert_eq!(found(&area), Found::Nothing);
        store(&mut area, one);
    }
    assert_eq!(found(&area), Found::Value(state("first")));
}

#[test]
fn every_flipped_bit_of_the_only_value_is_noticed() {
    let mut area = [0; AREA];
    save(&mut area, 0, &state("one value"));
    let used = slot::HEADER + postcard::to_allocvec(&state("one value")).unwrap().len();
    // Where each instruction is interpreted: every 61st, which meets every bit of a byte.
    for bit in (0..AREA * 8).step_by(if cfg!(miri) { 61 } else { 1 }) {
        let mut flipped = area;
        flipped[bit / 8] ^= 1 << (bit % 8);
        match found(&flipped) {
            Found::Dropped(_) => assert!(bit < used * 8, "bit {bit}"),
            // The magic of the slot that was never written.
            Found::Older(value, Damage::Magic) => {
                assert!((AREA / 2 * 8..(AREA / 2 + 4) * 8).contains(&bit), "bit {bit}");
                assert_eq!(value, state("one value"));
            }
            Found::Value(value) => {
                assert!(bit >= used * 8, "bit {bit}");
                assert_eq!(value, state("one value"));
            }
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

#[test]
fn random_flips_never_make_a_wrong_value() {
    let saved = [state("the first value"), state("the second value is longer")];
    let mut random = Random(0x5eed_0002);
    let mut dropped = 0;
    for round in 0..if cfg!(miri) { 100 } else { 200_000 } {
        let mut area = [0; AREA];
        save(&mut area, 4, &saved[0]);
        save(&mut area, 5, &saved[1]);
        for _ in 0..=random.below(64) {
            area[random.below(AREA)] ^= 1 << random.below(8);
        }
        match found(&area) {
            Found::Value(value) | Found::Older(value, _) => {
                assert!(saved.contains(&value), "round {round}: {value:?}");
            }
            Found::Dropped(_) => dropped += 1,
            Found::Nothing => panic!("round {round}: damage was not reported"),
        }
    }
    let enough = if cfg!(miri) { 0 } else { 1000 };
    assert!(dropped > enough, "only {dropped} rounds damaged both");
}

#[test]
fn each_kind_of_damage_has_its_name() {
    let mut good = [0; AREA];
    save(&mut good, 0, &state("x"));
    let damaged = |place: usize, byte: u8| {
        let mut area = good;
        area[place] = byte;
        found(&area)
    };
    assert_eq!(damaged(0, 1), Found::Dropped(Damage::Magic));
    assert_eq!(damaged(17, 0xff), Found::Dropped(Damage::Length));
    assert_eq!(damaged(slot::HEADER, 9), Found::Dropped(Damage::Checksum));
    let version = Damage::Version { found: VERSION, wanted: 8 };
    assert_eq!(load::<State>(&good, 8).1, Found::Dropped(version));
    assert_eq!(load::<u64>(&good, VERSION).1, Found::Dropped(Damage::Contents));
    let mut writing = good;
    writing[..4].copy_from_slice(&WRITING.to_le_bytes());
    assert_eq!(found(&writing), Found::Nothing);
}

#[test]
fn what_is_dropped_is_blanked_and_the_memory_is_used_again() {
    let memory = Memory::create(1).unwrap();
    let area = memory.map_own(Protection::ReadWrite).unwrap();
    area.write_at(0, &[0xa5; 4096]).unwrap();
    let (mut kept, found) = Kept::<State>::open(&memory, VERSION).unwrap();
    assert_eq!(found.damage(), Some(Damage::Magic));
    assert_eq!(found.or_report("tests"), None);
    let (_, blank) = Kept::<State>::open(&memory, VERSION).unwrap();
    assert_eq!(blank, Found::Nothing);
    kept.save(&state("again")).unwrap();
    let (_, again) = Kept::<State>::open(&memory, VERSION).unwrap();
    assert_eq!(again, Found::Value(state("again")));
}

#[test]
fn the_newer_slot_decides_about_the_version() {
    let memory = Memory::create(1).unwrap();
    let (mut old, _) = Kept::<u32>::open(&memory, 1).unwrap();
    old.save(&1).unwrap();
    let (mut new, found) = Kept::<u64>::open(&memory, 2).unwrap();
    assert_eq!(found, Found::Dropped(Damage::Version { found: 1, wanted: 2 }));
    new.save(&2).unwrap();
    assert_eq!(Kept::<u64>::open(&memory, 2).unwrap().1, Found::Value(2));
}

#[test]
fn a_value_too_big_is_refused_and_the_one_before_stays() {
    let memory = Memory::create(1).unwrap();
    let (mut kept, _) = Kept::<String>::open(&memory, 1).unwrap();
    let most = 2048 - slot::HEADER - 2;
    kept.save(&"x".repeat(most)).unwrap();
    let error = kept.save(&"x".repeat(most + 1)).unwrap_err();
    assert_eq!(error, KeepError::NoRoom { needed: 2049, room: 2048 });
    assert!(error.to_string().contains("raise `keep_pages`"));
    assert_eq!(Kept::<String>::open(&memory, 1).unwrap().1, Found::Value("x".repeat(most)));
}
