//! Plots: the history of a few operations, cost against message size, cost against the number
//! of threads.

use crate::{Peers, Row, Run};
use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, IntoLogRange as _, LineSeries, Palette as _,
    Palette99, PathElement, RGBColor, SVGBackend, WHITE,
};

const SIZE: (u32, u32) = (960, 540);
const GREY: RGBColor = RGBColor(90, 90, 90);

/// Operations whose history is drawn.
const HISTORY: [&str; 9] = [
    "null-call",
    "call-0-words",
    "call-960-bytes",
    "call-typed",
    "signal-to-urgent-and-back",
    "notification-ping-pong",
    "two-yields",
    "fault-page",
    "map-page",
];

/// Calls by how many bytes travel each way.
const MESSAGES: [(f64, &str); 7] = [
    (1.0, "call-0-words"),
    (16.0, "call-2-words"),
    (32.0, "call-4-words"),
    (64.0, "call-64-bytes"),
    (960.0, "call-960-bytes"),
    (4_096.0, "call-4096-bytes"),
    (65_536.0, "call-65536-bytes"),
];

/// Points with a name.
struct Series {
    name: String,
    points: Vec<(f64, f64)>,
}

/// What is drawn; the cost is on a logarithmic axis.
struct Plot<'a> {
    title: &'a str,
    x: &'a str,
    series: Vec<Series>,
}

/// Medians run by run, oldest first.
///
/// # Errors
/// When there is nothing to draw.
pub fn history_plot(runs: &[Run]) -> Result<String> {
    let series = HISTORY.map(|name| {
        let point =
            |(place, run): (usize, &Run)| Some(((place + 1) as f64, run.median(name)? as f64));
        Series {
            name: name.to_owned(),
            points: runs.iter().enumerate().filter_map(point).collect(),
        }
    });
    let runs = 0.5..runs.len() as f64 + 0.5;
    draw(Plot { title: "What operations cost, run by run", x: "run", series: series.into() }, runs)
}

/// Round trips by the size of their message, with those of peers.
///
/// # Errors
/// When there is nothing to draw.
pub fn message_plot(rows: &[Row], peers: &Peers) -> Result<String> {
    // `call-64-bytes` is `call-64-bytes-one-space`, `call-lend-64-bytes`.
    let ours = |name: String| Some(rows.iter().find(|row| row.name == name)?.figures.median);
    let of = |name: &str, cost: &dyn Fn(&str) -> Option<u64>| {
        let point = |(bytes, row): (f64, &str)| Some((bytes, cost(row)? as f64));
        Series { name: name.into(), points: MESSAGES.into_iter().filter_map(point).collect() }
    };
    let peer = |row: &str| peers.0.get(row);
    let series = vec![
        of("two spaces", &|row| ours(row.to_owned())),
        of("one space", &|row| ours(format!("{row}-one-space"))),
        of("lent there", &|row| ours(row.replacen("call", "call-lend", 1))),
        of("seL4, two spaces", &|row| peer(row)?.sel4),
        of("Linux, pipe", &|row| peer(row)?.linux),
    ];
    let sizes = (1.0..100_000.0).log_scale();
    draw(Plot { title: "Round trip by size of message", x: "bytes each way", series }, sizes)
}

/// What operations cost by the number of threads: rows of `bench --scale`.
///
/// # Errors
/// When there is nothing to draw.
pub fn threads_plot(rows: &[Row]) -> Result<String> {
    let mut series: Vec<Series> = Vec::new();
    for row in rows {
        let Some((name, count)) = row.name.split_once("@threads-asleep@") else { continue };
        let point = (count.parse::<f64>()?, row.figures.median as f64);
        match series.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(point),
            None => series.push(Series { name: name.to_owned(), points: vec![point] }),
        }
    }
    let counts = (5.0..200_000.0).log_scale();
    draw(Plot { title: "Cost by number of threads", x: "threads asleep", series }, counts)
}

/// Draws over this range of the lower axis.
fn draw<X>(
    mut plot: Plot<'_>,
    range: impl AsRangedCoord<CoordDescType = X, Value = f64>,
) -> Result<String>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    plot.series.retain(|series| !series.points.is_empty());
    let costs = || plot.series.iter().flat_map(|series| &series.points).map(|point| point.1);
    if costs().next().is_none() {
        return Err(anyhow!("nothing to draw: {}", plot.title));
    }
    let (least, most) = (costs().fold(f64::MAX, f64::min), costs().fold(1.0, f64::max));
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(plot.title, ("sans-serif", 22))
        .margin(12)
        .margin_right(40)
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d(range, (least / 1.5..most * 1.5).log_scale())?;
    let whole = |number: &f64| format!("{number:.0}");
    chart
        .configure_mesh()
        .x_desc(plot.x)
        .x_label_formatter(&whole)
        .y_desc("instructions")
        .y_label_formatter(&whole)
        .draw()?;
    for (place, Series { name, points }) in plot.series.into_iter().enumerate() {
        let style = Palette99::pick(place).stroke_width(2);
        let line = LineSeries::new(points, style).point_size(3);
        chart.draw_series(line)?.label(name).legend(move |(x, y)| {
            PathElement::new([(x, y), (x + 18, y)], Palette99::pick(place).stroke_width(2))
        });
    }
    chart.configure_series_labels().border_style(GREY).background_style(WHITE.mix(0.8)).draw()?;
    area.present()?;
    drop(chart);
    drop(area);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{history_plot, message_plot, threads_plot};
    use crate::{Figures, Peer, Peers, Row, Run};
    use std::collections::BTreeMap;

    fn row(name: &str, median: u64) -> Row {
        Row { name: name.into(), figures: Figures { median, ..Figures::default() } }
    }

    #[test]
    fn each_plot_has_its_series_and_no_others() {
        let rows = [
            row("null-call", 5),
            row("call-0-words", 400),
            row("call-64-bytes", 600),
            row("call-0-words-one-space", 300),
            row("call@threads-asleep@10", 400),
            row("call@threads-asleep@1000", 400),
        ];
        let peer = Peer { sel4: Some(432), ..Peer::default() };
        let peers = Peers(BTreeMap::from([("call-0-words".to_owned(), peer)]));
        let messages = message_plot(&rows, &peers).unwrap();
        for name in ["two spaces", "one space", "seL4"] {
            assert!(messages.contains(name), "{name}");
        }
        assert!(messages.starts_with("<svg") && !messages.contains("Linux"));
        assert!(threads_plot(&rows).unwrap().contains("threads asleep"));
        let run = Run::new("a".into(), "b".into(), &rows);
        let history = history_plot(&[run.clone(), run]).unwrap();
        assert!(history.contains("null-call") && !history.contains("map-page"));
    }

    #[test]
    fn nothing_to_draw_is_an_error() {
        assert!(threads_plot(&[row("null-call", 5)]).is_err());
        assert!(history_plot(&[]).is_err());
    }
}
