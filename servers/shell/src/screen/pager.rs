//! `less`: looks at text.

use super::{Screen, cells, cut, page, status};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::{RawKey, Size};

/// A step to the side, in columns.
const SIDE: usize = 8;

/// Text on the screen.
pub(crate) struct Pager {
    name: String,
    lines: Vec<String>,
    top: usize,
    left: usize,
    /// What is searched, and whether it is being typed.
    wanted: String,
    typing: bool,
    message: String,
}

impl Pager {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let lines = text.lines().map(cells).collect();
        let (wanted, message) = (String::new(), String::new());
        Self { name: name.into(), lines, top: 0, left: 0, wanted, typing: false, message }
    }

    fn scroll(&mut self, to: usize, size: Size) {
        self.top = to.min(self.lines.len().saturating_sub(page(size)));
    }

    /// Goes to the next line with the wanted text.
    fn search(&mut self, from: usize, size: Size) {
        let mut rest = self.lines.iter().enumerate().skip(from);
        match rest.find(|(_, line)| line.contains(self.wanted.as_str())) {
            Some((found, _)) => self.scroll(found, size),
            None => self.message = format!("no {}", self.wanted),
        }
    }

    fn type_wanted(&mut self, key: RawKey, size: Size) {
        match key {
            RawKey::Char(character) => self.wanted.push(character),
            RawKey::Backspace => drop(self.wanted.pop()),
            RawKey::Enter => {
                self.typing = false;
                self.search(self.top, size);
            }
            _ => self.typing = false,
        }
    }
}

impl Screen for Pager {
    fn key(&mut self, key: RawKey, size: Size) -> bool {
        self.message.clear();
        if self.typing {
            self.type_wanted(key, size);
            return true;
        }
        match key {
            RawKey::Char('q') | RawKey::Control('c') => return false,
            RawKey::Down | RawKey::Enter | RawKey::Char('j') => self.scroll(self.top + 1, size),
            RawKey::Up | RawKey::Char('k') => self.top = self.top.saturating_sub(1),
            RawKey::PageDown | RawKey::Char(' ') => self.scroll(self.top + page(size), size),
            RawKey::PageUp | RawKey::Char('b') => self.top = self.top.saturating_sub(page(size)),
            RawKey::Home | RawKey::Char('g') => self.top = 0,
            RawKey::End | RawKey::Char('G') => self.scroll(usize::MAX, size),
            RawKey::Right => self.left = self.left.saturating_add(SIDE),
            RawKey::Left => self.left = self.left.saturating_sub(SIDE),
            RawKey::Char('/') => (self.typing, self.wanted) = (true, String::new()),
            RawKey::Char('n') if !self.wanted.is_empty() => self.search(self.top + 1, size),
            _ => {}
        }
        true
    }

    fn draw(&mut self, size: Size) -> (Vec<String>, Option<(usize, usize)>) {
        self.scroll(self.top, size);
        let lines = self.lines.iter().skip(self.top).map(|line| cut(line, self.left, size.columns));
        let mut rows: Vec<String> = lines.take(page(size)).collect();
        let last = self.top + rows.len();
        rows.resize(page(size), "~".into());
        let text = match self.typing {
            true => format!("/{}", self.wanted),
            false if self.message.is_empty() => {
                let (name, all) = (&self.name, self.lines.len());
                format!("{name}  lines {} to {last} of {all}  q ends, / searches", self.top + 1)
            }
            false => self.message.clone(),
        };
        rows.push(status(&text, size.columns));
        (rows, None)
    }
}
