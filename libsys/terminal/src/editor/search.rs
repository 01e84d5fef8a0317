//! Ctrl-R: looks for a line of the history by what is in it.

use super::{BELL, Editor, Event};
use crate::keys::Key;
use alloc::format;
use alloc::string::String;

/// The most characters that are searched.
const WANTED_MAX: usize = 20;

/// A search that is going on.
#[derive(Debug)]
pub(super) struct Search {
    wanted: String,
    /// How far back the found line is, 1 for the newest; 0: nothing is found yet.
    back: usize,
    /// The line and the prompt before.
    typed: String,
    prompt: String,
}

impl Editor {
    /// Takes a key if it belongs to a search, or begins one.
    pub(super) fn search_key(&mut self, key: Key) -> Option<(String, Option<Event>)> {
        let is_search = key == Key::Control('r');
        let Some(mut search) = self.search.take() else {
            if !is_search || !self.visible {
                return None;
            }
            let (typed, prompt) = (self.line.text(), self.prompt.clone());
            let search = Search { wanted: String::new(), back: 0, typed, prompt };
            return Some((self.show_search(search, ""), None));
        };
        let bell = match key {
            _ if is_search => self.find(&mut search),
            Key::Char(character) if search.wanted.chars().count() < WANTED_MAX => {
                search.wanted.push(character);
                // The line that fits so far may fit still.
                search.back = search.back.saturating_sub(1);
                self.find(&mut search)
            }
            Key::Char(_) => BELL,
            Key::Backspace => {
                search.wanted.pop();
                search.back = 0;
                self.find(&mut search)
            }
            // Any other key ends the search, and means what it means on the line that was found.
            _ => {
                self.prompt = search.prompt;
                let redrawn = self.redraw();
                let (output, event) = self.key(key);
                return Some((redrawn + &output, event));
            }
        };
        Some((self.show_search(search, bell), None))
    }

    /// Goes to the next older line with the text, if there is one.
    fn find(&mut self, search: &mut Search) -> &'static str {
        if search.wanted.is_empty() {
            self.line.set(&search.typed);
            return "";
        }
        let Some((back, found)) = self.history.find(&search.wanted, search.back) else {
            return BELL;
        };
        search.back = back;
        self.line.set(found);
        ""
    }

    fn show_search(&mut self, search: Search, bell: &str) -> String {
        self.prompt = format!("search `{}`: ", search.wanted);
        self.search = Some(search);
        self.redraw() + bell
    }

    /// Ends a search and leaves the line as it is.
    pub(super) fn end_search(&mut self) {
        if let Some(search) = self.search.take() {
            self.prompt = search.prompt;
        }
    }
}
