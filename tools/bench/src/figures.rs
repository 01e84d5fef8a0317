//! Lines of the bench program.

use anyhow::{Context as _, Result, ensure};

/// The first word of the lines.
const MARK: &str = "bench ";

/// The distribution of an operation's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names of figures that everybody knows")]
pub struct Figures {
    pub samples: u64,
    pub min: u64,
    pub first_quartile: u64,
    pub median: u64,
    pub third_quartile: u64,
    pub p99: u64,
    pub max: u64,
}

/// An operation and its cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its cost.
    pub figures: Figures,
}

/// The rows in a machine's output, in order.
///
/// # Errors
/// When a line is incomplete.
pub fn rows(transcript: &str) -> Result<Vec<Row>> {
    let lines = transcript.lines().filter_map(|line| line.trim_end().strip_prefix(MARK));
    lines.map(|line| row(line).with_context(|| format!("a line of the bench: {line}"))).collect()
}

fn row(line: &str) -> Result<Row> {
    let (name, rest) = line.split_once(' ').context("no figures")?;
    let numbers: Vec<u64> = rest.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let &[samples, min, first_quartile, median, third_quartile, p99, max] = numbers.as_slice()
    else {
        anyhow::bail!("{} figures", numbers.len());
    };
    ensure!(samples > 0, "not one sample");
    let figures = Figures { samples, min, first_quartile, median, third_quartile, p99, max };
    Ok(Row { name: name.to_owned(), figures })
}

#[cfg(test)]
mod tests {
    use super::{Figures, rows};

    #[test]
    fn lines_of_the_bench_are_read_among_others() {
        let found = rows("hello\nbench: ready\nbench call 9 1 2 3 4 5 6\r\nbye").unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "call");
        let Figures { samples, min, median, p99, max, .. } = found[0].figures;
        assert_eq!((samples, min, median, p99, max), (9, 1, 3, 5, 6));
    }

    #[test]
    fn half_a_line_is_an_error() {
        for line in ["bench call 9 1 2", "bench call 0 1 2 3 4 5 6", "bench call 9 1 2 3 4 5 x"] {
            assert!(rows(line).is_err(), "{line}");
        }
    }
}
