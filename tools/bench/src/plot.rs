//! Drawings of the results, as SVG.

use crate::{Peers, Run};
use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

/// Rows whose history is drawn.
const HISTORY: [&str; 7] = [
    "null-call",
    "call-0-words",
    "call-4096-bytes",
    "call-typed",
    "map-page",
    "signal-to-own-handler",
    "program-spawn-exit-wait",
];
/// Calls, by the length of the message.
const LENGTHS: [(&str, &str); 8] = [
    ("call-0-words", "0 words"),
    ("call-2-words", "2 words"),
    ("call-4-words", "4 words"),
    ("call-8-words", "8 words"),
    ("call-64-bytes", "64 B"),
    ("call-960-bytes", "960 B"),
    ("call-4096-bytes", "4 KiB"),
    ("call-65536-bytes", "64 KiB"),
];
const SIZE: (u32, u32) = (960, 480);
const TEXT: (&str, u32) = ("sans-serif", 14);
/// Colours that differ in brightness too.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x1f, 0x4e, 0x99),
    RGBColor(0xd9, 0x5f, 0x02),
    RGBColor(0x1b, 0x9e, 0x77),
    RGBColor(0x7b, 0x32, 0x94),
    RGBColor(0xb8, 0x86, 0x0b),
    RGBColor(0xc5, 0x1b, 0x7d),
    RGBColor(0x4d, 0x4d, 0x4d),
];

/// A line: its name, and a value for each place that has one.
type Line<'a> = (&'a str, Vec<(usize, u64)>);

/// Guest instructions of a call and its answer by the length of the message: this kernel's, seL4's
/// and Linux's.
///
/// # Errors
/// When it cannot be drawn.
pub fn by_length(run: &Run, peers: &Peers) -> Result<String> {
    let line = |count: &dyn Fn(&str) -> Option<u64>| -> Vec<(usize, u64)> {
        let places = LENGTHS.iter().enumerate();
        places.filter_map(|(place, (row, _))| Some((place, count(row)?))).collect()
    };
    let peer = |row: &str| peers.0.get(row);
    let lines = [
        ("Postern", line(&|row| run.median(row))),
        ("seL4", line(&|row| peer(row)?.sel4)),
        ("Linux (pipe)", line(&|row| peer(row)?.linux)),
    ];
    let labels = LENGTHS.map(|(_, label)| label.to_owned());
    draw("Call and answer between two spaces, guest instructions", &labels, &lines)
}

/// Medians of some rows in each run of a history.
///
/// # Errors
/// When it cannot be drawn.
pub fn history(runs: &[Run]) -> Result<String> {
    let line = |row: &&'static str| -> Line<'static> {
        let values = runs.iter().enumerate();
        (row, values.filter_map(|(place, run)| Some((place, run.median(row)?))).collect())
    };
    let lines: Vec<Line<'_>> = HISTORY.iter().map(line).collect();
    let labels: Vec<String> = runs.iter().map(|run| run.commit.chars().take(7).collect()).collect();
    draw("Guest instructions by commit", &labels, &lines)
}

/// Draws lines over places that have labels; values by their logarithm.
fn draw(title: &str, labels: &[String], lines: &[Line<'_>]) -> Result<String> {
    let values = lines.iter().flat_map(|(_, line)| line).map(|(_, value)| *value);
    let (least, most) = (values.clone().min().unwrap_or(1), values.max().unwrap_or(1));
    // The names of the lines have room above them.
    let range = (least.max(2) / 2..most.saturating_mul(40)).log_scale();
    let mut svg = String::new();
    draw_on(&mut svg, title, labels, lines, range).map_err(|error| anyhow!("{title}: {error}"))?;
    Ok(svg)
}

fn draw_on<Y>(
    svg: &mut String,
    title: &str,
    labels: &[String],
    lines: &[Line<'_>],
    values: Y,
) -> Result<(), Box<dyn std::error::Error>>
where
    Y: AsRangedCoord<Value = u64>,
    Y::CoordDescType: ValueFormatter<u64>,
{
    // The crate fails on an axis of fewer than three places, and of fewer than two labels.
    let last = labels.len().saturating_sub(1).max(2);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, (TEXT.0, 18))
        .margin(12)
        .margin_right(36)
        .x_label_area_size(36)
        .y_label_area_size(80)
        .build_cartesian_2d(0..last, values)?;
    let label = |place: &usize| labels.get(*place).cloned().unwrap_or_default();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .label_style(TEXT)
        .x_labels(labels.len().clamp(2, 12))
        .x_label_formatter(&label)
        .y_label_formatter(&|value| crate::table::grouped(*value))
        .draw()?;
    for ((name, line), colour) in lines.iter().zip(COLOURS) {
        let drawn = LineSeries::new(line.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(drawn)?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .label_font(TEXT)
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{HISTORY, LENGTHS, by_length, history};
    use crate::{Figures, Peer, Peers, Row, Run};

    fn run(commit: &str, median: u64) -> Run {
        let figures = Figures { median, ..Figures::default() };
        let names = LENGTHS.map(|(row, _)| row).into_iter().chain(HISTORY);
        let rows: Vec<Row> = names.map(|name| Row { name: name.into(), figures }).collect();
        Run::new(commit.into(), String::new(), &rows)
    }

    #[test]
    fn each_kernel_and_each_length_is_drawn() {
        let peer = Peer { sel4: Some(400), linux: Some(10_000), ..Peer::default() };
        let peers = Peers([("call-0-words".to_owned(), peer)].into());
        let svg = by_length(&run("a", 900), &peers).unwrap();
        for text in ["Postern", "seL4", "Linux (pipe)", "0 words", "64 KiB", "10,000"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }

    #[test]
    fn each_row_and_each_commit_is_drawn() {
        let svg = history(&[run("1234567890", 5_885), run("abcdefabcd+", 919)]).unwrap();
        for text in HISTORY.into_iter().chain(["1234567", "abcdefa"]) {
            assert!(svg.contains(text), "{text}: {svg}");
        }
    }

    #[test]
    fn a_history_of_one_run_or_none_is_drawn() {
        assert!(history(&[run("a", 1)]).is_ok());
        assert!(history(&[]).is_ok());
    }
}
