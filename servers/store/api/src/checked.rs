//! A client that believes nothing: it keeps what it wrote last and notices what is lost.

use crate::{Birth, KEYS, Record, StoreClient, StoreError};
use alloc::collections::BTreeMap;
use service::CallError;

/// What went wrong, and was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The call failed. The put may have been done; the next read tells.
    Call(CallError<StoreError>),
    /// The store began anew: what was written before is gone.
    State,
    /// The answer is no whole record of that key.
    Damaged,
    /// A record that was kept is there no more, or an older one is.
    Older,
}

/// Writes and reads records of keys that no other client writes.
#[derive(Debug)]
pub struct Checked {
    client: StoreClient,
    birth: Option<Birth>,
    /// By key: the last version that is surely kept, the last that was sent.
    sent: BTreeMap<u32, (u64, Record)>,
}

impl Checked {
    /// Over a connection.
    #[must_use]
    pub fn new(client: StoreClient) -> Self {
        Self { client, birth: None, sent: BTreeMap::new() }
    }

    /// Writes the next version of a key.
    ///
    /// # Errors
    /// When it is not certain that it is kept.
    pub fn put(&mut self, key: u32, value: u64) -> Result<(), Lost> {
        let (kept, last) = self.sent.get(&key).copied().unwrap_or((0, Record::new(key, 0, 0)));
        let record = Record::new(key, last.version + 1, value);
        self.sent.insert(key, (kept, record));
        let birth = self.client.put(record).map_err(Lost::Call)?;
        self.same_state(birth)?;
        self.sent.insert(key, (record.version, record));
        Ok(())
    }

    /// The value of a key that was written here.
    ///
    /// # Errors
    /// When it cannot be had or is not what it has to be.
    pub fn get(&mut self, key: u32) -> Result<Option<u64>, Lost> {
        let (birth, found) = self.client.get(key).map_err(Lost::Call)?;
        self.same_state(birth)?;
        let (kept, last) = self.sent.get(&key).copied().unwrap_or((0, Record::new(key, 0, 0)));
        let Some(record) = found else {
            return if kept == 0 { Ok(None) } else { Err(Lost::Older) };
        };
        let whole = record.is_whole() && record.key == key && key < KEYS;
        if !whole || record.version > last.version {
            return Err(Lost::Damaged);
        }
        if record.version < kept {
            return Err(Lost::Older);
        }
        // Whatever became of later ones: this one is kept.
        self.sent.insert(key, (record.version, last));
        Ok(Some(record.value))
    }

    /// Another state than before is noticed once; then what it holds counts.
    fn same_state(&mut self, birth: Birth) -> Result<(), Lost> {
        let before = self.birth.replace(birth);
        if before.is_some_and(|before| before != birth) {
            self.sent.values_mut().for_each(|(kept, _)| *kept = 0);
            return Err(Lost::State);
        }
        Ok(())
    }

    /// What was sent last under a key, for tests that keep their own books.
    #[must_use]
    pub fn last(&self, key: u32) -> Option<Record> {
        self.sent.get(&key).map(|(_, record)| *record)
    }
}
