//! Looking into the running system: `strace`, `top`, `ps`.

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use system_tests::at_prompt;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn strace_shows_names_arguments_and_results_of_a_running_server() {
    at_prompt("strace", |session| {
        let text = session.run("strace template call template add 40 2", PATIENCE)?;
        ensure!(text.contains("42\n"), "the command ran:\n{text}");
        ensure!(text.contains("template.add(40, 2)"), "a typed message:\n{text}");
        let text = session.run("strace console echo seen", PATIENCE)?;
        ensure!(text.contains("PortWriteBytes(ports #"), "the console's own calls:\n{text}");
        let text = session.run("call template greet again", PATIENCE)?;
        ensure!(text.contains("Hello, again!"), "the server lives on:\n{text}");
        let text = session.run("strace shell", PATIENCE)?;
        ensure!(text.contains("cannot watch itself"), "{text}");
        let text = session.run("strace nobody", PATIENCE)?;
        ensure!(text.contains("no server `nobody`"), "{text}");
        Ok(())
    });
}

/// The per cent values of a row, in tenths.
fn tenths(row: &str) -> Vec<u32> {
    let digits = |cell: &str| cell.replace('.', "").parse().ok();
    let cells: Vec<&str> = row.split_whitespace().collect();
    cells.windows(2).filter(|pair| pair[1] == "%").filter_map(|pair| digits(pair[0])).collect()
}

/// The times in a row, in microseconds.
fn times(row: &str) -> Vec<u64> {
    let digits = |cell: &str| cell.replace('.', "").parse().ok();
    let cells: Vec<&str> = row.split_whitespace().collect();
    cells.windows(2).filter(|pair| pair[1] == "ms").filter_map(|pair| digits(pair[0])).collect()
}

#[test]
fn exit_22_times_of_top_add_up() {
    at_prompt("top", |session| {
        let text = session.run("top", PATIENCE)?;
        let mut rows = text.lines().skip_while(|row| !row.starts_with("CPU")).skip(1);
        let cpus: Vec<&str> = rows.by_ref().take_while(|row| !row.trim().is_empty()).collect();
        ensure!(cpus.len() >= 2, "a row for each CPU and one for all:\n{text}");
        for row in &cpus {
            check_cpu(row)?;
        }
        let tasks: Vec<Vec<u64>> = rows.skip(1).map(times).filter(|row| row.len() == 2).collect();
        let (all, each) = tasks.split_last().context("no tasks")?;
        for kind in 0..2 {
            let sum: u64 = each.iter().map(|row| row[kind]).sum();
            let apart = all[kind].abs_diff(sum);
            // Each row is cut to a microsecond.
            ensure!(apart <= each.len() as u64, "{sum} is not {}:\n{text}", all[kind]);
        }
        Ok(())
    });
}

fn check_cpu(row: &str) -> Result<()> {
    let parts = tenths(row);
    let [user, kernel, idle, 1000] = parts[..] else {
        anyhow::bail!("no CPU row: {row}");
    };
    // Each part is cut to a tenth.
    ensure!((998..=1000).contains(&(user + kernel + idle)), "{row}");
    Ok(())
}
