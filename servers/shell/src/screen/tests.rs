//! The pager and the editor, key by key.

use super::{Edit, Pager, Screen, picture};
use console_api::{RawKey, Size};

const SIZE: Size = Size { columns: 20, rows: 4 };

fn press(screen: &mut impl Screen, keys: &str) -> bool {
    keys.chars().all(|key| {
        let key = match key {
            '\n' => RawKey::Enter,
            '^' => RawKey::Up,
            'v' => RawKey::Down,
            '<' => RawKey::Left,
            '>' => RawKey::Right,
            '#' => RawKey::Backspace,
            'X' => RawKey::Delete,
            'S' => RawKey::Control('s'),
            'Q' => RawKey::Control('q'),
            '$' => RawKey::End,
            character => RawKey::Char(character),
        };
        screen.key(key, SIZE)
    })
}

#[test]
fn a_pager_scrolls_and_searches() {
    let text: String = (1..=9).map(|line| format!("line {line}\n")).collect();
    let mut pager = Pager::new("f", &text);
    let top = |pager: &mut Pager| pager.draw(SIZE).0[0].clone();
    assert_eq!(pager.draw(SIZE).0.len(), 4);
    assert!(press(&mut pager, "v "));
    assert_eq!(top(&mut pager), "line 5");
    assert!(press(&mut pager, "G"));
    assert_eq!(top(&mut pager), "line 7");
    assert!(press(&mut pager, "g/6\n"));
    assert_eq!(top(&mut pager), "line 6");
    assert!(press(&mut pager, "g/none\n"));
    assert!(pager.draw(SIZE).0[3].ends_with("no none"));
    assert!(!press(&mut pager, "q"));
}

#[test]
fn what_is_shown_fits_and_has_no_control_characters() {
    let mut pager = Pager::new("f", "a\tb\x1b[2Jc\nlonger than the twenty columns");
    let (rows, cursor) = pager.draw(SIZE);
    assert_eq!(rows[..2], ["a       b·[2Jc", "longer than the twen"]);
    assert_eq!((rows[2].as_str(), cursor), ("~", None));
    assert!(picture(&rows, cursor).contains("\x1b[2;1Hlonger"));
}

#[test]
fn an_editor_changes_and_saves() {
    let mut saved = Vec::new();
    let mut edit = Edit::new("f", "one\ntwo\n", |text: &str| {
        saved.push(text.to_owned());
        if saved.len() == 1 { Ok(()) } else { Err("no space".into()) }
    });
    assert!(press(&mut edit, "A$B\nCv$#^X"));
    assert_eq!(edit.text(), "AoneB\nCtw\n", "the last key joins two lines");
    assert!(press(&mut edit, "SvvvD"));
    assert!(press(&mut edit, "S"));
    let (rows, cursor) = edit.draw(Size { columns: 60, rows: 5 });
    assert!(rows[4].contains("(changed)") && rows[4].ends_with("no space"), "{rows:?}");
    assert_eq!(cursor, Some((1, 2)));
    assert!(press(&mut edit, "Q"), "it asks first");
    assert!(!press(&mut edit, "Q"));
    assert_eq!(saved, ["AoneB\nCtw\n", "AoneB\nCDtw\n"]);
}

#[test]
fn any_keys_leave_a_text() {
    let mut random = fastrand::Rng::with_seed(3);
    let keys: Vec<char> = "ab\n^v<>#X$S".chars().collect();
    for _ in 0..200 {
        let mut edit = Edit::new("f", "", |_: &str| Ok(()));
        let mut bytes = 0;
        for _ in 0..200 {
            let key = keys[random.usize(0..keys.len())];
            assert!(press(&mut edit, &key.to_string()));
            bytes += usize::from(matches!(key, 'a' | 'b' | '\n'));
            let (rows, cursor) = edit.draw(SIZE);
            assert!(rows.len() == 4 && cursor.is_some_and(|(row, column)| row < 3 && column < 20));
            assert!(edit.text().len() <= bytes + 1);
        }
    }
}
