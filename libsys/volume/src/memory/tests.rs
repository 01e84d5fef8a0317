use super::content::{Content, PAGE, Pages};
use files::FilesError;

#[test]
fn content_is_what_a_vector_would_hold() {
    let mut random = fastrand::Rng::with_seed(1);
    let (mut content, mut pages) = (Content::default(), Pages::new(64 * PAGE as u64));
    let mut model: Vec<u8> = Vec::new();
    for _ in 0..2_000 {
        let (at, len) = (random.usize(..20_000), random.usize(..9_000));
        match random.u8(..4) {
            0 => {
                model.resize(at, 0);
                content.set_len(at as u64, &mut pages);
            }
            1 => {
                let mut read = vec![1; len];
                let count = content.read(at as u64, &mut read);
                assert_eq!(&read[..count], model.get(at..).map_or(&[][..], |it| &it[..count]));
                assert_eq!(count, len.min(model.len().saturating_sub(at)));
            }
            _ => {
                let bytes: Vec<u8> = (0..len).map(|_| random.u8(..)).collect();
                assert_eq!(content.write(at as u64, &bytes, &mut pages), Ok(len));
                if len > 0 {
                    model.resize(model.len().max(at + len), 0);
                    model[at..at + len].copy_from_slice(&bytes);
                }
            }
        }
        assert_eq!(content.len(), model.len() as u64);
    }
    content.set_len(0, &mut pages);
    assert_eq!(pages.free(), pages.total(), "every page came back");
}

#[test]
fn a_hole_takes_no_page_and_a_full_volume_takes_no_byte() {
    let (mut content, mut pages) = (Content::default(), Pages::new(2 * PAGE as u64));
    content.set_len(1 << 40, &mut pages);
    assert_eq!(content.write(1 << 39, b"x", &mut pages), Ok(1));
    assert_eq!(content.stored(), PAGE as u64);
    assert_eq!(content.write(0, &[7; 3 * PAGE], &mut pages), Ok(PAGE));
    assert_eq!(content.write(5 * PAGE as u64, b"y", &mut pages), Err(FilesError::Full));
}
