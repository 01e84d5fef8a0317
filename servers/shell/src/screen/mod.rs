//! Programs of the shell that draw the whole screen: a pager and an editor.
//!
//! **Shape.** Each is a value that takes keys and draws itself as text; [`run`] joins it to the
//! console. The escape sequences are those of a VT100 and the alternate screen of xterm.

mod edit;
mod pager;

pub(crate) use edit::{Edit, TEXT_MAX};
pub(crate) use pager::Pager;

use crate::terminal::Terminal;
use crate::trouble::Trouble;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{RawKey, Size};

const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
/// Columns between two stops of a tab.
const TAB: usize = 8;

/// Something that has the screen.
pub(crate) trait Screen {
    /// Takes a key. False when it has ended.
    fn key(&mut self, key: RawKey, size: Size) -> bool;

    /// The rows, from the first to the last, and the cursor's row and column, each from 0.
    fn draw(&mut self, size: Size) -> (Vec<String>, Option<(usize, usize)>);
}

/// Lets something have the screen until it ends.
///
/// # Errors
/// Those of the console.
pub(crate) fn run(terminal: &Terminal, screen: &mut impl Screen) -> Result<(), Trouble> {
    let console = terminal.console();
    terminal.print(ENTER);
    let result = loop {
        let size = match console.size() {
            Ok(size) => size,
            Err(error) => break Err(error.into()),
        };
        let (rows, cursor) = screen.draw(size);
        terminal.print(&picture(&rows, cursor));
        match console.read_key() {
            Ok(key) if screen.key(key, size) => {}
            Ok(_) => break Ok(()),
            Err(error) => break Err(error.into()),
        }
    };
    terminal.print(LEAVE);
    result
}

/// What draws these rows.
fn picture(rows: &[String], cursor: Option<(usize, usize)>) -> String {
    let mut text = String::from("\x1b[?25l");
    for (place, row) in rows.iter().enumerate() {
        text.push_str(&alloc::format!("\x1b[{};1H{row}\x1b[0m\x1b[K", place + 1));
    }
    if let Some((row, column)) = cursor {
        text.push_str(&alloc::format!("\x1b[{};{}H\x1b[?25h", row + 1, column + 1));
    }
    text
}

/// A line as cells: tabs become spaces, other control characters a mark.
fn cells(line: &str) -> String {
    let mut cells = String::new();
    let mut column = 0;
    for character in line.chars() {
        let (shown, count) = match character {
            '\t' => (' ', TAB - column % TAB),
            character if character.is_control() => ('·', 1),
            character => (character, 1),
        };
        cells.extend(core::iter::repeat_n(shown, count));
        column += count;
    }
    cells
}

/// A part of a line that fits on the screen.
fn cut(line: &str, from: usize, columns: u16) -> String {
    line.chars().skip(from).take(columns.into()).collect()
}

/// The last row, in reverse.
fn status(text: &str, columns: u16) -> String {
    alloc::format!("\x1b[7m{}", cut(text, 0, columns))
}

/// Rows for text: all but the last one.
fn page(size: Size) -> usize {
    usize::from(size.rows.saturating_sub(1)).max(1)
}

#[cfg(test)]
mod tests;
