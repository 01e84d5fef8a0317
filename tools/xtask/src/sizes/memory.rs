//! Memory of a running system.

use super::record::Size;
use anyhow::{Context as _, Result, ensure};
use qemu_harness::Images;
use std::time::Duration;

/// The limit of each step.
const LIMIT: Duration = Duration::from_secs(120);
const KIB: u64 = 1024;
/// The first word of a line about a size, of the program `bench`.
const MARK: &str = "size ";

/// Memory of kernel and servers at the prompt of the smallest machine, and the time of its boot
/// in seconds.
pub(super) fn at_prompt(images: &Images) -> Result<(Vec<Size>, f32)> {
    let machine = images.machine("sizes");
    let all = u64::from(machine.memory_mib) * KIB * KIB;
    let (printed, outcome) = machine.run_at_prompt(&["mem", "ps"], LIMIT)?;
    let (memory, processes) = (&printed[0], &printed[1]);
    let line = |name: &str| {
        let line = memory.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(kib).with_context(|| format!("`mem` does not tell `{name}`:\n{memory}"))
    };
    let mut sizes = vec![
        ("memory: kernel, its objects, boot archive".into(), all - line("total")?),
        ("memory: processes at the prompt".into(), line("used")?),
    ];
    sizes.extend(processes.lines().filter_map(server));
    let seconds = outcome.time_to_prompt.unwrap_or_default().as_secs_f32();
    Ok((sizes, seconds))
}

/// A row of `ps`.
fn server(line: &str) -> Option<Size> {
    let name = line.split_whitespace().nth(1)?;
    Some((format!("memory: server {name}"), kib(line)?))
}

/// The number before `KiB`, in bytes.
fn kib(line: &str) -> Option<u64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "KiB")?;
    Some(words.get(place.checked_sub(1)?)?.parse::<u64>().ok()? * KIB)
}

/// Memory of a thread and a process, by the program `bench`.
pub(super) fn of_objects(images: &Images) -> Result<Vec<Size>> {
    let printed = Images::printed(&images.bench("sizes-bench", "part=sizes")?)?;
    let size = |line: &str| {
        let (name, bytes) = line.trim_end().strip_prefix(MARK)?.split_once(' ')?;
        Some((format!("memory: {}", name.replace('-', " ")), bytes.parse().ok()?))
    };
    let sizes: Vec<Size> = printed.lines().filter_map(size).collect();
    ensure!(!sizes.is_empty(), "no sizes:\n{printed}");
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::{kib, server};

    #[test]
    fn sizes_stand_before_their_unit() {
        assert_eq!(kib("   57592 KiB  14398"), Some(57_592 * 1024));
        assert_eq!(kib("KiB"), None);
    }

    #[test]
    fn a_row_of_ps_is_a_server_and_its_memory() {
        let row = "  2  names  server  running  50   5.062 ms   7.415 ms  244 KiB   1   8";
        assert_eq!(server(row), Some(("memory: server names".into(), 244 * 1024)));
        assert_eq!(server("PID  NAME  KIND  MEMORY"), None);
    }
}
