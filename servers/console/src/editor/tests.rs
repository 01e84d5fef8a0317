//! The editor against a small terminal that understands what the editor sends.

use super::{COLUMNS, Editor, Event};
use crate::keys::Keys;

/// A screen of `COLUMNS` columns: a row of cells, where one behind a wide character is empty.
#[derive(Default)]
struct Terminal {
    above: Vec<String>,
    row: Vec<String>,
    column: usize,
}

impl Terminal {
    fn show(&mut self, bytes: &[u8]) {
        let text = core::str::from_utf8(bytes).unwrap();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\x07' => {}
                '\r' => self.column = 0,
                '\n' => self.new_row(),
                '\x1b' => {
                    assert_eq!(characters.next(), Some('['));
                    self.sequence(&mut characters);
                }
                _ => self.put(character),
            }
        }
    }

    fn new_row(&mut self) {
        let row = self.line();
        self.above.push(row.trim_end().into());
        self.row.clear();
    }

    fn sequence(&mut self, characters: &mut core::str::Chars<'_>) {
        let mut number = String::new();
        let command = loop {
            match characters.next().unwrap() {
                digit @ '0'..='9' => number.push(digit),
                command => break command,
            }
        };
        match (command, number.parse().ok()) {
            ('D', count) => self.column -= count.unwrap_or(1),
            ('K', None) => self.row.truncate(self.column),
            ('K', Some(2)) => self.row.clear(),
            other => panic!("unknown sequence {other:?}"),
        }
    }

    fn put(&mut self, character: char) {
        let width = super::window::width(character);
        if self.column + width > COLUMNS {
            self.new_row();
            self.column = 0;
        }
        if width == 0 {
            let last = self.row.iter_mut().take(self.column).rfind(|cell| !cell.is_empty());
            return last.unwrap().push(character);
        }
        self.row.resize(self.row.len().max(self.column + width), " ".into());
        for cell in 0..width {
            let text = if cell == 0 { character.to_string() } else { String::new() };
            self.row[self.column + cell] = text;
        }
        self.column += width;
    }

    fn line(&self) -> String {
        self.row.concat()
    }

    /// What stands left of the cursor.
    fn before_cursor(&self) -> String {
        self.row[..self.column].concat()
    }
}

/// An editor with its terminal.
#[derive(Default)]
struct Desk {
    editor: Editor,
    keys: Keys,
    terminal: Terminal,
}

impl Desk {
    fn type_in(&mut self, bytes: &str) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes.bytes() {
            if let Some(key) = self.keys.push(byte) {
                let (output, event) = self.editor.key(key);
                self.terminal.show(&output);
                events.extend(event);
            }
        }
        events
    }

    fn prompt(&mut self) {
        let output = self.editor.show("$ ");
        self.terminal.show(&output);
    }

    fn print(&mut self, text: &str) {
        let output = self.editor.print(text);
        self.terminal.show(&output);
    }
}

#[test]
fn a_line_is_read_as_it_was_typed() {
    let mut desk = Desk::default();
    desk.prompt();
    assert_eq!(desk.type_in("say \"two  words\" \\x"), []);
    assert_eq!(desk.terminal.line(), "$ say \"two  words\" \\x");
    let events = desk.type_in("\r");
    assert_eq!(events, [Event::Line("say \"two  words\" \\x".into())]);
    assert_eq!(desk.terminal.line(), "", "no prompt until someone reads");
}

#[test]
fn the_screen_and_the_line_agree_after_every_edit() {
    let mut desk = Desk::default();
    desk.prompt();
    for keys in [
        "hello",
        "\x01",
        "oh ",
        "\x05",
        "!",
        "\x1b[D\x1b[D",
        "X",
        "\x7f",
        "\x17",
        "\x15",
        "abc",
        "\x01\x06",
        "\x0b",
        "ü€",
        "\x02",
        "\x04",
        "one two",
        "\x17",
        "\x1b[H",
        "\x1b[3~",
    ] {
        desk.type_in(keys);
        let text = desk.editor.text();
        assert_eq!(desk.terminal.line(), format!("$ {text}"), "after {keys:?}");
    }
}

#[test]
fn words_are_deleted_where_the_cursor_is() {
    let mut desk = Desk::default();
    desk.prompt();
    desk.type_in("one two three\x02\x02\x02\x17");
    assert_eq!(desk.editor.text(), "one two ree");
}

#[test]
fn output_goes_above_the_line_and_the_cursor_stays() {
    let mut desk = Desk::default();
    desk.prompt();
    desk.type_in("helo\x1b[D");
    desk.print("news\nmore");
    assert_eq!(desk.terminal.above, ["news", "more"]);
    assert_eq!(desk.terminal.line(), "$ helo");
    desk.type_in("l");
    assert_eq!(desk.terminal.line(), "$ hello");
    assert_eq!(desk.type_in("\r"), [Event::Line("hello".into())]);
}

#[test]
fn nothing_is_echoed_before_someone_reads() {
    let mut desk = Desk::default();
    desk.print("running");
    assert_eq!(desk.type_in("ps\rhel"), [Event::Line("ps".into())]);
    assert_eq!(desk.terminal.line(), "running");
    desk.prompt();
    assert_eq!(desk.terminal.above, ["running"], "a prompt starts a line of its own");
    assert_eq!(desk.terminal.line(), "$ hel");
}

#[test]
fn interrupt_drops_the_line_and_end_of_input_needs_an_empty_one() {
    let mut desk = Desk::default();
    desk.prompt();
    assert_eq!(desk.type_in("abc\x04"), []);
    assert_eq!(desk.type_in("\x01\x06\x03"), [Event::Interrupt]);
    assert_eq!(desk.editor.text(), "");
    desk.prompt();
    assert_eq!(desk.type_in("\x04"), [Event::EndOfInput]);
}

#[test]
fn history_comes_back_newest_first_also_after_a_restart() {
    let mut desk = Desk::default();
    desk.editor.remember("first");
    desk.editor.remember("second");
    desk.editor.restore("half");
    desk.prompt();
    assert_eq!(desk.terminal.line(), "$ half");
    desk.type_in("\x1b[A\x1b[A");
    assert_eq!(desk.terminal.line(), "$ first");
    assert_eq!(desk.type_in("\r"), [Event::Line("first".into())]);
}

#[test]
fn a_line_longer_than_the_buffer_is_refused_not_cut() {
    let mut desk = Desk::default();
    desk.prompt();
    let full = "x".repeat(super::LINE_MAX);
    assert_eq!(desk.type_in(&format!("{full}\r")), [Event::Line(full.clone())]);
    desk.prompt();
    assert_eq!(desk.type_in(&format!("{full}y\r")), [Event::Line(String::new())]);
    desk.prompt();
    assert_eq!(desk.type_in("short\r"), [Event::Line("short".into())]);
    desk.prompt();
    let repaired = desk.type_in(&format!("{full}y\x7f\r"));
    assert_eq!(repaired, [Event::Line(full[1..].into())], "who deletes has seen it");
}

#[test]
fn only_the_first_prompt_erases_its_line() {
    let mut editor = Editor::default();
    assert_eq!(editor.show("$ "), b"\r\x1b[2K$ ");
    editor.key(crate::keys::Key::Enter);
    assert_eq!(editor.show("$ "), b"$ ");
    editor.key(crate::keys::Key::Enter);
    editor.print("half");
    assert_eq!(editor.show("$ "), b"\r\n$ ");
}

#[test]
fn a_prompt_that_leaves_no_room_is_not_shown() {
    let mut editor = Editor::default();
    editor.show(&"p".repeat(1000));
    assert_eq!(editor.prompt, "> ");
    editor.show("a\x1b[2J$ ");
    assert_eq!(editor.prompt, "a[2J$ ", "no controls");
}

/// Types keys one by one; after each the row is the right piece of the line, the cursor stands
/// where it is, and nothing has wrapped.
fn follow(desk: &mut Desk, keys: &str) {
    for key in keys.split_inclusive(|_: char| true) {
        desk.type_in(key);
        let (text, cursor) = (desk.editor.text(), desk.editor.line.cursor());
        let left: String = text.chars().take(cursor).collect();
        let shown = desk.terminal.before_cursor();
        let shown = shown.strip_prefix("$ ").unwrap();
        let shown = shown.strip_prefix('<').unwrap_or(shown);
        assert!(left.ends_with(shown), "`{left}` is shown as `{shown}`");
        let right = desk.terminal.line();
        let right = right.split_at(desk.terminal.before_cursor().len()).1;
        let right = right.strip_suffix('>').unwrap_or(right);
        let after: String = text.chars().skip(cursor).collect();
        assert!(after.starts_with(right), "`{after}` is shown as `{right}`");
        assert!(!right.is_empty() || after.is_empty(), "the next character is seen");
        assert!(desk.terminal.above.is_empty(), "{:?}", desk.terminal.above);
    }
}

#[test]
fn a_line_longer_than_the_terminal_is_edited_in_one_row() {
    let mut desk = Desk::default();
    desk.prompt();
    let words = "the quick brown fox jumps over the lazy dog and runs away from all of them ";
    follow(&mut desk, &words.repeat(2));
    let first = format!("X{}Y", "\x02".repeat(100));
    follow(&mut desk, &first);
    follow(&mut desk, "\x01Z\x05Q\x17\x17");
    follow(&mut desk, &"\x06".repeat(5));
    follow(&mut desk, &"\x7f".repeat(120));
    desk.print("news");
    assert_eq!(desk.terminal.above, ["news"]);
}

#[test]
fn wide_and_combining_characters_take_the_cells_that_they_take() {
    let mut desk = Desk::default();
    desk.prompt();
    follow(&mut desk, &"漢字かな🦀e\u{301}".repeat(9));
    follow(&mut desk, &"\x02".repeat(30));
    follow(&mut desk, "中a\x7f\x7f\x04\x04");
    follow(&mut desk, &"\x02".repeat(40));
    follow(&mut desk, &"\x06".repeat(70));
    let text = desk.editor.text();
    assert_eq!(desk.type_in("\r"), [Event::Line(text.clone())]);
    let shown = desk.terminal.above.concat();
    assert_eq!(shown, format!("$ {text}"), "when it is complete it is shown whole");
}

#[test]
fn what_is_typed_in_the_middle_of_a_wide_line_stands_there() {
    let mut desk = Desk::default();
    desk.prompt();
    desk.type_in("漢字\x02x");
    assert_eq!(desk.editor.text(), "漢x字");
    assert_eq!(desk.terminal.line(), "$ 漢x字");
    assert_eq!(desk.terminal.column, "$ ".len() + 2 + 1);
}
