//! The end of a check.

use anyhow::{Result, ensure};

/// The result of a check that found these problems.
pub(super) fn verdict(problems: &[String]) -> Result<()> {
    ensure!(problems.is_empty(), "{} wrong\n  {}", problems.len(), problems.join("\n  "));
    Ok(())
}
