//! A program that tries everything: the kernel and every other server live on.

use anyhow::ensure;
use std::time::Duration;
use system_tests::{at_prompt, expect, restarts};

#[test]
fn a_hostile_program_harms_only_itself() {
    at_prompt("hostile", |session| {
        let report = session.run("run hostile", Duration::from_secs(120))?;
        let attempts = report.lines().filter(|line| line.starts_with("ok ")).count();
        ensure!(attempts >= 30, "only {attempts} attempts:\n{report}");
        ensure!(report.contains(&format!("{attempts} attempts, 0 got away")), "{report}");
        expect(session, "status", &["0"])?;
        for server in ["names", "console", "proc", "template", "shell"] {
            ensure!(restarts(session, server)? == 0, "{server} was restarted");
        }
        expect(session, "call template add 40 2", &["42"])?;
        expect(session, "selftest", &["0 failed"])?;
        Ok(())
    });
}
