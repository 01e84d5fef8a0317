//! The editor against a small terminal that understands what the editor sends.

use super::{Editor, Event};
use crate::keys::Keys;

/// One screen line that matters (the last), and those above it.
#[derive(Default)]
struct Terminal {
    above: Vec<String>,
    line: Vec<char>,
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
                '\n' => {
                    self.above.push(core::mem::take(&mut self.line).into_iter().collect());
                }
                '\x1b' => {
                    assert_eq!(characters.next(), Some('['));
                    self.sequence(&mut characters);
                }
                _ => self.put(character),
            }
        }
    }

    fn sequence(&mut self, characters: &mut core::str::Chars<'_>) {
        match characters.next().unwrap() {
            'C' => self.column += 1,
            'D' => self.column -= 1,
            '@' => self.line.insert(self.column, ' '),
            'P' => drop(self.line.remove(self.column)),
            '2' => {
                assert_eq!(characters.next(), Some('K'));
                self.line.clear();
            }
            other => panic!("unknown sequence {other}"),
        }
    }

    fn put(&mut self, character: char) {
        if self.line.len() <= self.column {
            self.line.resize(self.column + 1, ' ');
        }
        self.line[self.column] = character;
        self.column += 1;
    }

    fn line(&self) -> String {
        self.line.iter().collect()
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
    let mut editor = Editor::new();
    assert_eq!(editor.show("$ "), b"\r\x1b[2K$ ");
    editor.key(crate::keys::Key::Enter);
    assert_eq!(editor.show("$ "), b"$ ");
    editor.key(crate::keys::Key::Enter);
    editor.print("half");
    assert_eq!(editor.show("$ "), b"\r\n$ ");
}

#[test]
fn prompts_are_limited_in_number_and_length() {
    let mut editor = Editor::new();
    for number in 0..40 {
        editor.show(&format!("{number}$ "));
    }
    assert!(editor.prompts.len() <= super::PROMPTS);
    editor.show(&"p".repeat(1000));
    assert_eq!(editor.prompt, "> ");
}
