//! The editor against a small terminal that understands what the editor sends.

use super::{COLUMNS, Editor, Event};
use crate::keys::Keys;

/// Rows of cells, where one behind a wide character is empty. A character in the last column
/// leaves the cursor there: `column` is then the number of columns.
struct Terminal {
    columns: usize,
    rows: Vec<Vec<String>>,
    row: usize,
    column: usize,
}

impl Terminal {
    fn new(columns: usize) -> Self {
        Self { columns, rows: vec![Vec::new()], row: 0, column: 0 }
    }

    fn show(&mut self, text: &str) {
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\x07' => {}
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                '\x1b' => {
                    assert_eq!(characters.next(), Some('['));
                    self.sequence(&mut characters);
                }
                _ => self.put(character),
            }
        }
    }

    fn line_feed(&mut self) {
        self.row += 1;
        if self.row == self.rows.len() {
            self.rows.push(Vec::new());
        }
    }

    fn sequence(&mut self, characters: &mut core::str::Chars<'_>) {
        let mut number = String::new();
        let command = loop {
            match characters.next().unwrap() {
                digit @ '0'..='9' => number.push(digit),
                command => break command,
            }
        };
        // Other sequences act on the cell of the last character, too.
        self.column = self.column.min(self.columns - 1);
        match (command, number.parse().ok()) {
            ('A', Some(count)) => self.row = self.row.checked_sub(count).unwrap(),
            ('C', Some(count)) => self.column += count,
            ('J', None) => {
                self.rows.truncate(self.row + 1);
                self.rows[self.row].truncate(self.column);
            }
            ('K', Some(2)) => self.rows[self.row].clear(),
            other => panic!("unknown sequence {other:?}"),
        }
        assert!(self.column < self.columns);
    }

    fn put(&mut self, character: char) {
        let width = super::width(character);
        if self.column + width > self.columns {
            self.line_feed();
            self.column = 0;
        }
        let row = &mut self.rows[self.row];
        if width == 0 {
            let last = row.iter_mut().take(self.column).rfind(|cell| !cell.is_empty());
            return last.unwrap().push(character);
        }
        row.resize(row.len().max(self.column + width), " ".into());
        for cell in 0..width {
            let text = if cell == 0 { character.to_string() } else { String::new() };
            row[self.column + cell] = text;
        }
        self.column += width;
    }

    /// The rows, each without blanks at its end.
    fn text(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.concat().trim_end().to_owned()).collect()
    }

    /// The row of the cursor.
    fn line(&self) -> String {
        self.rows[self.row].concat()
    }

    /// The last rows as one text, from the row on that begins with this prompt; and the part of
    /// it before the cursor.
    fn wrapped(&self, prompt: &str) -> (String, String) {
        let start = self.rows.iter().rposition(|row| row.concat().starts_with(prompt)).unwrap();
        let all = self.rows[start..].iter().map(|row| row.concat()).collect();
        let above: String = self.rows[start..self.row].iter().map(|row| row.concat()).collect();
        (all, above + &self.rows[self.row][..self.column].concat())
    }
}

/// Wraps what it shows at the new width, as terminals do.
fn reflow(terminal: &mut Terminal, columns: usize, text: &str) {
    *terminal = Terminal::new(columns);
    terminal.show(text);
}

/// An editor with its terminal.
struct Desk {
    editor: Editor,
    keys: Keys,
    terminal: Terminal,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new(COLUMNS)
    }
}

impl Desk {
    fn new(columns: usize) -> Self {
        let (keys, terminal) = (Keys::default(), Terminal::new(columns));
        Self { editor: Editor::new(columns), keys, terminal }
    }

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
    assert_eq!(desk.terminal.line(), "", "no prompt without a reader");
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
    assert_eq!(desk.terminal.text(), ["news", "more", "$ helo"]);
    desk.type_in("l");
    assert_eq!(desk.terminal.line(), "$ hello");
    assert_eq!(desk.type_in("\r"), [Event::Line("hello".into())]);
}

#[test]
fn nothing_is_echoed_without_a_reader() {
    let mut desk = Desk::default();
    desk.print("running");
    assert_eq!(desk.type_in("ps\rhel"), [Event::Line("ps".into())]);
    assert_eq!(desk.terminal.line(), "running");
    desk.prompt();
    assert_eq!(desk.terminal.text(), ["running", "$ hel"], "a prompt starts a row of its own");
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
    assert_eq!(
        repaired,
        [Event::Line(full[1..].into())],
        "after an edit the line is what the screen shows"
    );
}

#[test]
fn only_the_first_prompt_erases_its_line() {
    let mut editor = Editor::default();
    assert_eq!(editor.show("$ "), "\r\x1b[2K$ ");
    editor.key(crate::keys::Key::Enter);
    assert_eq!(editor.show("$ "), "$ ");
    editor.key(crate::keys::Key::Enter);
    editor.print("half");
    assert_eq!(editor.show("$ "), "\r\n$ ");
}

#[test]
fn a_prompt_that_leaves_no_room_is_not_shown() {
    let mut editor = Editor::default();
    editor.show(&"p".repeat(1000));
    assert_eq!(editor.prompt, "> ");
    editor.show("a\x1b[2J$ ");
    assert_eq!(editor.prompt, "a[2J$ ", "no controls");
}

/// Types keys one by one. After each the screen shows the prompt and the line, the cursor stands
/// where it is in the text, and the rows above are the same.
fn follow(desk: &mut Desk, above: &[String], keys: &str) {
    for key in keys.split_inclusive(|_: char| true) {
        desk.type_in(key);
        check(desk, above);
    }
}

fn check(desk: &Desk, above: &[String]) {
    let (text, cursor) = (desk.editor.text(), desk.editor.line.cursor());
    let left: String = text.chars().take(cursor).collect();
    let (shown, before) = desk.terminal.wrapped("$ ");
    assert_eq!((shown, before), (format!("$ {text}"), format!("$ {left}")));
    assert_eq!(desk.terminal.text()[..above.len()], *above);
}

const WORDS: &str = "the quick brown fox jumps over the lazy dog and runs away from all of them ";

#[test]
fn a_line_longer_than_the_terminal_wraps() {
    for columns in [20, 21, 40, COLUMNS] {
        let mut desk = Desk::new(columns);
        desk.print("before\n");
        desk.prompt();
        let mut above = vec!["before".to_owned()];
        follow(&mut desk, &above, &WORDS.repeat(2));
        follow(&mut desk, &above, &format!("X{}Y", "\x02".repeat(100)));
        follow(&mut desk, &above, "\x01Z\x05Q\x17\x17");
        follow(&mut desk, &above, &"\x06".repeat(5));
        follow(&mut desk, &above, &"\x02".repeat(30));
        desk.print("news");
        above.push("news".into());
        check(&desk, &above);
        follow(&mut desk, &above, &"\x7f".repeat(120));
    }
}

#[test]
fn wide_and_combining_characters_take_the_cells_that_they_take() {
    for columns in [20, 21, COLUMNS] {
        let mut desk = Desk::new(columns);
        desk.prompt();
        follow(&mut desk, &[], &"漢字かな🦀e\u{301}".repeat(9));
        follow(&mut desk, &[], &"\x02".repeat(30));
        follow(&mut desk, &[], "中a\x7f\x7f\x04\x04");
        follow(&mut desk, &[], &"\x02".repeat(40));
        follow(&mut desk, &[], &"\x06".repeat(70));
    }
}

#[test]
fn the_next_output_begins_below_a_wrapped_line() {
    for (keys, event) in [("\r", Event::Line(WORDS.repeat(2))), ("\x03", Event::Interrupt)] {
        let mut desk = Desk::new(40);
        desk.prompt();
        desk.type_in(&WORDS.repeat(2));
        desk.type_in("\x01");
        assert_eq!(desk.type_in(keys), [event]);
        desk.print("below");
        assert_eq!(desk.terminal.text().last().unwrap(), "below");
        let shown = desk.terminal.wrapped("$ ").0;
        assert!(shown.starts_with(&format!("$ {}", WORDS.repeat(2).trim_end())), "{shown}");
    }
}

#[test]
fn a_hidden_wrapped_line_leaves_no_rows() {
    let mut desk = Desk::new(40);
    desk.prompt();
    desk.type_in(&WORDS.repeat(2));
    desk.type_in("\x02\x02");
    let output = desk.editor.hide();
    desk.terminal.show(&output);
    assert_eq!(desk.terminal.text(), [""]);
    desk.prompt();
    check(&desk, &[]);
}

#[test]
fn the_line_follows_the_width_of_the_terminal() {
    let mut desk = Desk::new(40);
    desk.prompt();
    desk.type_in(&WORDS.repeat(2));
    for columns in [100, 25, 77, 40] {
        reflow(&mut desk.terminal, columns, &format!("$ {}", desk.editor.text()));
        desk.type_in(&format!("\x1b[8;24;{columns}t"));
        follow(&mut desk, &[], "\x02\x02x\x05y");
    }
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

#[test]
fn tab_leaves_the_line_and_text_is_typed_into_it() {
    let mut terminal = Terminal::new(COLUMNS);
    let (mut editor, mut keys) = (Editor::default(), Keys::default());
    terminal.show(&editor.show("> "));
    let mut events = Vec::new();
    for byte in b"cat /ho x\x1b[D\x1b[D\t" {
        if let Some(key) = keys.push(*byte) {
            let (output, event) = editor.key(key);
            terminal.show(&output);
            events.extend(event);
        }
    }
    assert_eq!(events, [Event::Tab("cat /ho".into())]);
    for character in "me/".chars() {
        terminal.show(&editor.key(crate::keys::Key::Char(character)).0);
    }
    let before = editor.text();
    terminal.show(&editor.print("one  two\n"));
    terminal.show(&editor.show("> "));
    assert_eq!((before.as_str(), editor.text().as_str()), ("cat /home/ x", "cat /home/ x"));
    let shown: Vec<String> = terminal.rows.iter().map(|row| row.concat()).collect();
    assert_eq!(shown, ["one  two", "> cat /home/ x"]);
}

#[test]
fn ctrl_r_finds_older_lines_by_what_is_in_them() {
    let mut desk = Desk::default();
    for line in ["ls /tmp", "cat /tmp/a", "echo b"] {
        desk.prompt();
        desk.type_in(&format!("{line}\r"));
    }
    desk.prompt();
    desk.type_in("typed");
    for (keys, screen) in [
        ("\x12", "search ``: typed"),
        ("tmp", "search `tmp`: cat /tmp/a"),
        ("\x12", "search `tmp`: ls /tmp"),
        // There is no other one.
        ("\x12", "search `tmp`: ls /tmp"),
        ("\x7f", "search `tm`: cat /tmp/a"),
        ("\x7f\x7f", "search ``: typed"),
        ("cat", "search `cat`: cat /tmp/a"),
    ] {
        assert_eq!(desk.type_in(keys), []);
        assert_eq!(desk.terminal.line(), screen, "after {keys:?}");
    }
    desk.type_in("\x1b[D");
    assert_eq!(desk.terminal.line(), "$ cat /tmp/a", "another key ends the search");
    assert_eq!(desk.type_in("b\r"), [Event::Line("cat /tmp/ba".into())]);
    desk.prompt();
    assert_eq!(desk.type_in("\x12echo\r"), [Event::Line("echo b".into())]);
    desk.prompt();
    desk.type_in("\x12ls");
    assert_eq!(desk.type_in("\x03"), [Event::Interrupt]);
    desk.prompt();
    assert_eq!(desk.terminal.line(), "$ ");
}
