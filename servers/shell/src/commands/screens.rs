//! `less` and `edit`.

use crate::filters::Collect;
use crate::screen::{self, Edit, Pager};
use crate::shell::Shell;
use crate::stream::Sieve;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use files::FilesError;

/// Shows files, or the input, page by page.
pub(crate) fn less(shell: &Shell, words: &[&str]) -> Result<Sieve, Trouble> {
    let terminal = shell.terminal.clone();
    let name = words.join(" ");
    let name = if name.is_empty() { "-".to_string() } else { name };
    let shown = Collect::new(move |text: &str| {
        screen::run(&terminal, &mut Pager::new(&name, text))?;
        Ok(0)
    });
    Ok(Sieve::new(shown, words))
}

pub(crate) fn edit(shell: &mut Shell, words: &[&str]) -> Outcome {
    let [path] = words else { return Err(Trouble::Usage) };
    let text = match shell.files.read(path) {
        Ok(bytes) if bytes.len() > screen::TEXT_MAX => {
            return Err(Trouble::new(format!(
                "{path}: longer than {} KiB",
                screen::TEXT_MAX >> 10
            )));
        }
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|_| Trouble::new(format!("{path}: no text")))?
        }
        Err(error) if error.files() == Some(&FilesError::NotFound) => String::new(),
        Err(error) => return Err(error.into()),
    };
    let files = shell.files.clone();
    let save = |text: &str| files.replace(path, text.as_bytes()).map_err(|error| error.to_string());
    screen::run(&shell.terminal, &mut Edit::new(path, &text, save))?;
    Ok(0)
}
