use super::Program;
use crate::test_file::{CODE, DATA, file};
use crate::{Plan, Shared};
use sys::{Error, Process, Quota};

/// A process with the segments of an image, and the pages that it pays for them.
fn loaded(image: &[u8], shared: Option<&Shared>) -> (Process, u32) {
    let quota = Quota { pages: 64, handles: 8, threads: 1, objects: 16, ..Quota::default() };
    let process = Process::create("test", &quota, None).unwrap();
    let before = process.info().unwrap().used.pages;
    let program = Program { image, shared, ..Program::default() };
    let plan = Plan::read(image).unwrap();
    plan.segments.iter().for_each(|segment| program.load(&process, segment).unwrap());
    let used = process.info().unwrap().used.pages;
    (process, used - before)
}

fn byte(process: &Process, address: u64) -> u8 {
    let mut byte = [0];
    process.read_memory(address, &mut byte).unwrap();
    byte[0]
}

#[test]
fn programs_share_their_code_and_have_data_of_their_own() {
    let image = file(2, 62, 0x40_0000, &[CODE, DATA]);
    let (code, data) = (CODE.address, DATA.address);
    let shared = Shared::load(&image).unwrap();
    let (alone, all_pages) = loaded(&image, None);
    // The hosted kernel does not see what is written through the loader's own mapping: all is 0.
    let (one, pages) = loaded(&image, Some(&shared));
    let (other, _) = loaded(&image, Some(&shared));
    assert_eq!(pages, all_pages - 1, "the page of the code is paid for by its loader");
    assert_eq!(one.write_memory(data, &[99]), Ok(()));
    assert_eq!((byte(&one, data), byte(&other, data)), (99, 0));
    assert_eq!(one.write_memory(code, &[99]), Err(Error::NoRight), "no other program sees it");
    assert_eq!(alone.write_memory(code, &[99]), Ok(()), "a copy of its own can be changed");
    drop(shared);
    assert_eq!((byte(&one, code), byte(&alone, code)), (0, 99), "it lasts as long as a program");
}
