//! Floating point and vector registers of programs, on CPUs that keep them in each way.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::Session;
use std::cell::Cell;
use std::time::Duration;
use system_tests::{expect, with_machine};

/// The programs switch a hundred thousand times.
const LONG: Duration = Duration::from_secs(180);

/// What `run mandelbrot` prints: the same picture, computed here.
fn checksum() -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325;
    let mut add = |value: u64| sum = (sum ^ value).wrapping_mul(0x100_0000_01b3_u64);
    for line in 0..64_u32 {
        for column in 0..96_u32 {
            let x = f64::from(column) / 96.0 * 3.0 - 2.0;
            let y = f64::from(line) / 64.0 * 2.0 - 1.0;
            let (mut a, mut b, mut depth) = (0.0_f64, 0.0_f64, 0);
            while depth < 200 && a * a + b * b <= 4.0 {
                (a, b) = (a * a - b * b + x, 2.0 * a * b + y);
                depth += 1;
            }
            add(depth);
            add((a * a + b * b).to_bits());
        }
    }
    sum
}

/// The number before this word in the line that starts so.
fn count(report: &str, line: &str, word: &str) -> Option<u64> {
    let line = report.lines().find(|found| found.starts_with(line))?;
    let words: Vec<&str> = line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok())
}

/// Runs all of it on this CPU; `keeps`: locked registers stay as they are.
fn on_cpu(name: &str, model: &str, keeps: bool) {
    let alone = Cell::new(false);
    let choose = |machine: &mut qemu_harness::Machine| {
        alone.set(machine.cpus == 1);
        machine.extra.extend(["-cpu".to_owned(), model.to_owned()]);
        Ok(())
    };
    with_machine(name, choose, |session| {
        let wanted = format!("0 differ, checksum {:016x}", checksum());
        expect(session, "run mandelbrot 1", &[&wanted])?;
        expect(session, "run mandelbrot 8", &[&wanted])?;
        upcalls(session)?;
        patterns(session, alone.get().then_some(keeps))?;
        expect(session, "run vectors x87", &["SIGFPE"])?;
        expect(session, "status", &["136"])?;
        expect(session, "selftest", &["0 failed"])?;
        Ok(())
    });
}

/// A thread that is diverted while it computes finds its registers again.
fn upcalls(session: &mut Session) -> Result<()> {
    let report = session.run("run mandelbrot upcalls", LONG)?;
    let upcalls = report.lines().find_map(|line| line.split_once(" upcalls, 0 of 10 pictures"));
    let upcalls = upcalls.and_then(|(count, _)| count.parse().ok()).unwrap_or(0);
    ensure!(upcalls >= 20, "{report}");
    Ok(())
}

/// On one CPU the counts show whether registers without another user are loaded again.
fn patterns(session: &mut Session, keeps: Option<bool>) -> Result<()> {
    let report = session.run("run vectors", LONG)?;
    expect(session, "status", &["0"])?;
    let parts = report.lines().filter(|line| line.contains(" registers differ")).count();
    let good = report.lines().filter(|line| line.contains(": 0 registers differ")).count();
    ensure!(parts == 4 && good == 4, "{report}");
    let calls = "10000 calls of a server that does not";
    let [loads, kept] = ["loads", "kept"].map(|word| count(&report, calls, word).unwrap_or(0));
    let expected = match keeps {
        Some(true) => loads <= 10 && kept >= 9990,
        Some(false) => loads >= 9990 && kept == 0,
        None => true,
    };
    ensure!(expected, "{report}");
    Ok(())
}

#[test]
fn exit_39_vector_state_by_xsaveopt() {
    on_cpu("vectors-max", "max", false);
}

#[test]
fn exit_39_vector_state_by_xsave() {
    on_cpu("vectors-xsave", "max,xsaveopt=off,avx=off", false);
}

#[test]
fn exit_39_vector_state_by_fxsave() {
    on_cpu("vectors-fxsave", "qemu64,xsave=off", true);
}

#[test]
fn exit_39_vector_state_on_intels() {
    on_cpu("vectors-intel", "max,vendor=GenuineIntel", false);
}

#[test]
fn exit_39_threads_without_vectors_pay_nothing_for_others() {
    let count_instructions = |machine: &mut qemu_harness::Machine| {
        machine.cpus = 1;
        machine.extra.extend(["-icount".to_owned(), "shift=0,sleep=off".to_owned()]);
        Ok(())
    };
    with_machine("vectors-price", count_instructions, |session| {
        let report = session.run("run vectors price", LONG)?;
        let price = |who: &str| {
            let line = report.lines().find_map(|line| line.strip_prefix(who));
            line.with_context(|| format!("no line `{who}`:\n{report}"))
        };
        let (before, after) =
            (price("no thread uses vectors")?, price("another thread uses vectors")?);
        ensure!(before.contains("null call") && before == after, "{report}");
        Ok(())
    });
}
