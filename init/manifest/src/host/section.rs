//! A table of the manifest that knows where its values stand and which keys were asked for.

use super::problem::{Problems, hint};
use core::cell::RefCell;
use core::ops::RangeInclusive;
use std::borrow::ToOwned;
use std::format;
use std::string::String;
use std::vec::Vec;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and the byte offset where it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) at: usize,
}

/// One table.
pub(super) struct Section<'t> {
    /// What problems call it: ``server `shell` ``.
    pub(super) owner: String,
    /// Where it begins.
    pub(super) at: usize,
    table: &'t DeTable<'t>,
    problems: &'t Problems<'t>,
    known: RefCell<Vec<&'static str>>,
}

impl<'t> Section<'t> {
    pub(super) fn new(
        owner: String,
        at: usize,
        table: &'t DeTable<'t>,
        problems: &'t Problems<'t>,
    ) -> Self {
        Self { owner, at, table, problems, known: RefCell::default() }
    }

    /// Adds a problem of this section.
    pub(super) fn problem(&self, at: usize, text: &str) {
        self.problems.add(at, format!("{}: {text}", self.owner));
    }

    fn value(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.borrow_mut().push(key);
        self.table.iter().find(|(found, _)| found.get_ref() == key).map(|(_, value)| value)
    }

    fn wrong_kind(&self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problem(value.span().start, &format!("`{key}` must be {wanted}, not {found}"));
    }

    /// Where a key's value stands; the section itself where there is none.
    pub(super) fn place(&self, key: &str) -> usize {
        let found = self.table.iter().find(|(found, _)| found.get_ref() == key);
        found.map_or(self.at, |(_, value)| value.span().start)
    }

    /// A number in a range; no default means that the key has to be there.
    pub(super) fn number(
        &self,
        key: &'static str,
        range: RangeInclusive<u64>,
        default: Option<u64>,
    ) -> u64 {
        let fallback = default.unwrap_or(*range.start());
        let Some(value) = self.value(key) else {
            if default.is_none() {
                self.problem(self.at, &format!("`{key}` is missing; add `{key} = NUMBER`"));
            }
            return fallback;
        };
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_kind(key, value, "a number");
            return fallback;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix());
        number.ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.problem(
                value.span().start,
                &format!("`{key}` is {integer}, but must be {low} to {high}"),
            );
            fallback
        })
    }

    /// [`Section::number`] for what fits into 32 bits.
    pub(super) fn small(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: Option<u32>,
    ) -> u32 {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        u32::try_from(self.number(key, wide, default.map(u64::from))).unwrap_or(0)
    }

    /// A truth value; false where the key is not there.
    pub(super) fn flag(&self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_kind(key, value, "true or false");
            false
        })
    }

    /// A text, where the key is there.
    pub(super) fn text(&self, key: &'static str) -> Option<Placed<String>> {
        let value = self.value(key)?;
        self.text_of(key, value)
    }

    fn text_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Placed<String>> {
        let text = value.get_ref().as_str().map(ToOwned::to_owned);
        if text.is_none() {
            self.wrong_kind(key, value, "a text");
        }
        text.map(|value_text| Placed { value: value_text, at: value.span().start })
    }

    /// A name of a handle; has to be there.
    pub(super) fn handle_name(&self, key: &'static str) -> String {
        let name = self.text(key).map(|name| name.value).unwrap_or_default();
        if name.is_empty() {
            self.problem(self.at, &format!("`{key}` is missing; add `{key} = \"TEXT\"`"));
        }
        name
    }

    fn list(&self, key: &'static str) -> &'t [Spanned<DeValue<'t>>] {
        let Some(value) = self.value(key) else { return &[] };
        match value.get_ref() {
            DeValue::Array(array) => array,
            _ => {
                self.wrong_kind(key, value, "a list");
                &[]
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &'static str) -> Vec<Placed<String>> {
        self.list(key).iter().filter_map(|item| self.text_of(key, item)).collect()
    }

    /// A list of texts, or one text instead of a list of one.
    pub(super) fn text_or_texts(&self, key: &'static str) -> Vec<Placed<String>> {
        match self.table.iter().find(|(found, _)| found.get_ref() == key) {
            Some((_, value)) if value.get_ref().is_str() => self.text(key).into_iter().collect(),
            _ => self.texts(key),
        }
    }

    /// A list of numbers in a range, or this word instead: none. Empty where the key is not there.
    pub(super) fn word_or_numbers(
        &self,
        key: &'static str,
        word: &str,
        range: RangeInclusive<u8>,
    ) -> Option<Vec<u8>> {
        let found = self.table.iter().find(|(found, _)| found.get_ref() == key);
        if found.is_some_and(|(_, value)| value.get_ref().as_str() == Some(word)) {
            self.known.borrow_mut().push(key);
            return None;
        }
        let number = |item: &Spanned<DeValue<'_>>| {
            let integer = item.get_ref().as_integer();
            let number = integer.and_then(|it| u8::from_str_radix(it.as_str(), it.radix()).ok());
            let number = number.filter(|number| range.contains(number));
            if number.is_none() {
                let (low, high) = (range.start(), range.end());
                let text = format!("`{key}` must be \"{word}\" or numbers from {low} to {high}");
                self.problem(item.span().start, &text);
            }
            number
        };
        Some(self.list(key).iter().filter_map(number).collect())
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(found, _)| found.get_ref() == key)
    }

    /// A table, where the key is there.
    pub(super) fn table(&self, key: &'static str) -> Option<Section<'t>> {
        let value = self.value(key)?;
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_kind(key, value, "a table like { name = … }");
            return None;
        };
        let owner = format!("{}, `{key}`", self.owner);
        Some(Section::new(owner, value.span().start, table, self.problems))
    }

    /// A list of tables.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'t>> {
        let inner = |item: &'t Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::Table(table) => {
                let owner = format!("{}, `{key}`", self.owner);
                Some(Section::new(owner, item.span().start, table, self.problems))
            }
            _ => {
                self.wrong_kind(key, item, "a table like { name = … }");
                None
            }
        };
        self.list(key).iter().filter_map(inner).collect()
    }

    /// The tables in this one, by name.
    pub(super) fn children(&self, key: &'static str) -> Vec<(String, Section<'t>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_kind(key, value, "a table");
            return Vec::new();
        };
        let child = |(name, value): (&Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &str = AsRef::<str>::as_ref(name.get_ref());
            let owner = format!("{key} `{name}`");
            match value.get_ref() {
                DeValue::Table(table) => {
                    Some((name.to_owned(), Section::new(owner, at(value), table, self.problems)))
                }
                _ => {
                    self.wrong_kind(name, value, "a table");
                    None
                }
            }
        };
        table.iter().filter_map(child).collect()
    }

    /// Reports every key that was not read.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for key in self.table.keys().filter(|key| !known.iter().any(|known| key.get_ref() == known))
        {
            let list = format!("keys are {}", known.join(", "));
            let hint = hint(key.get_ref(), known.iter().copied(), &list);
            self.problem(key.span().start, &format!("unknown key `{}`{hint}", key.get_ref()));
        }
    }
}

fn at(value: &Spanned<DeValue<'_>>) -> usize {
    value.span().start
}
