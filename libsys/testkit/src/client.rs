//! A scripted client.

use crate::System;
use crate::life::{Ended, Life};
use crate::recipe::Recipe;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// A process that runs a script and has a result.
#[derive(Debug)]
pub struct Client<T> {
    life: Rc<Life>,
    result: Arc<Mutex<Option<T>>>,
}

impl<T: Send + 'static> Client<T> {
    pub(crate) fn start(
        system: &System,
        recipe: &Recipe,
        script: impl FnOnce(rt::Env) -> T + Send + 'static,
    ) -> Self {
        let result = Arc::new(Mutex::new(None));
        let place = result.clone();
        let life = recipe.start(system, move || {
            rt::run(move |env| {
                let result = script(env);
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                Ok(())
            })
        });
        Self { life, result }
    }

    /// Waits for its end: its result.
    ///
    /// # Panics
    /// When it panicked, was killed, or does not end.
    pub fn join(self) -> T {
        let ended = self.life.wait();
        match (self.take(), ended.panic) {
            (Some(result), None) => result,
            (_, Some(text)) => panic!("`{}` panicked: {text}", self.life.name),
            (None, None) => panic!("`{}` ended with {:#x}", self.life.name, ended.status),
        }
    }

    /// Kills it: its result, if it had come to it.
    pub fn kill(self) -> Option<T> {
        self.life.end();
        self.take()
    }

    /// Waits for its end, however it comes.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&self) -> Ended {
        self.life.wait()
    }

    /// Whether its process lives.
    pub fn is_alive(&self) -> bool {
        self.life.is_alive()
    }

    /// It does not come back from its system calls until [`Client::go_on`].
    pub fn hang(&self) {
        self.life.hang();
    }

    /// Ends [`Client::hang`].
    pub fn go_on(&self) {
        self.life.go_on();
    }

    fn take(&self) -> Option<T> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
