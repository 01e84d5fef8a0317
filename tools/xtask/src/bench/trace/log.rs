//! QEMU's log of executed instructions.

/// The addresses of the two marker functions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Markers {
    pub(super) begins: u64,
    pub(super) ends: u64,
}

/// The complete operations of a log: the addresses of their instructions, without those of the
/// markers.
pub(super) fn operations(log: &str, markers: &Markers) -> Vec<Vec<u64>> {
    let mut found = Vec::new();
    let mut current: Option<Vec<u64>> = None;
    for address in log.lines().filter_map(address) {
        if address == markers.begins {
            current = Some(Vec::new());
        } else if address == markers.ends {
            found.extend(current.take().filter(|it| !it.is_empty()));
        } else if let Some(operation) = &mut current {
            operation.push(address);
        }
    }
    found
}

/// The operation with the most frequent length: the others were interrupted.
pub(super) fn usual(mut operations: Vec<Vec<u64>>) -> Vec<u64> {
    let occurs = |length: usize| operations.iter().filter(|it| it.len() == length).count();
    let lengths = (0..operations.len()).max_by_key(|place| occurs(operations[*place].len()));
    operations.swap_remove(lengths.unwrap_or(0))
}

/// `Trace 0: 0x7f… [cs base/address/flags/compile flags] symbol`.
fn address(line: &str) -> Option<u64> {
    let (_, fields) = line.strip_prefix("Trace ")?.split_once('[')?;
    u64::from_str_radix(fields.split('/').nth(1)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{Markers, operations, usual};

    const MARKERS: Markers = Markers { begins: 0x10, ends: 0x20 };

    fn log(addresses: &[u64]) -> String {
        let line = |address: &u64| {
            format!("Trace 0: 0x7f00 [0000000000000000/{address:016x}/0040c0b3/ff000201] name\n")
        };
        format!("CPU Reset (CPU 0)\n{}", addresses.iter().map(line).collect::<String>())
    }

    #[test]
    fn whole_operations_are_cut_out_between_the_markers() {
        let log = log(&[7, 0x20, 0x10, 1, 2, 0x20, 9, 0x10, 3, 0x20, 0x10, 4]);
        assert_eq!(operations(&log, &MARKERS), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn the_most_frequent_length_is_the_usual_one() {
        assert_eq!(usual(vec![vec![1, 2, 3], vec![4], vec![5]]).len(), 1);
    }
}
