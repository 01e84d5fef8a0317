//! Reads the results of self-tests (Test Anything Protocol 14) out of a transcript.

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapResult {
    /// The block it stands in: `kernel` or `user`.
    pub block: String,
    /// Its name.
    pub name: String,
    /// Why it failed; `None` when it passed.
    pub failure: Option<String>,
}

/// All results of a run, and what is wrong with the blocks themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapSummary {
    /// Each check, in order.
    pub results: Vec<TapResult>,
    /// Blocks that are not what they should be: no plan, or another number of results.
    pub problems: Vec<String>,
}

impl TapSummary {
    /// Reads the lines of a transcript; lines that are no TAP are left out.
    pub fn parse(transcript: &str) -> Self {
        let mut reader = Reader::default();
        transcript.lines().for_each(|line| reader.line(line.trim()));
        reader.end_block();
        reader.summary
    }

    /// Checks that passed.
    pub fn passed(&self) -> usize {
        self.results.iter().filter(|result| result.failure.is_none()).count()
    }

    /// Checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &TapResult> {
        self.results.iter().filter(|result| result.failure.is_some())
    }
}

#[derive(Default)]
struct Reader {
    summary: TapSummary,
    name: String,
    open: bool,
    seen: usize,
    plan: Option<usize>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if let "# kernel" | "# user" = line {
            self.end_block();
            self.name = line.trim_start_matches("# ").to_owned();
        } else if line.starts_with("TAP version") {
            self.open = true;
        } else if let Some(count) = line.strip_prefix("1..").and_then(|text| text.parse().ok()) {
            self.plan = Some(count);
        } else if let Some(rest) = line.strip_prefix("not ok ") {
            self.result(rest, true);
        } else if let Some(rest) = line.strip_prefix("ok ") {
            self.result(rest, false);
        }
    }

    fn result(&mut self, rest: &str, failed: bool) {
        let Some((number, text)) = rest.split_once(" - ") else { return };
        if number.parse::<usize>().is_err() {
            return;
        }
        let (name, why) = text.split_once(": ").unwrap_or((text, "no reason given"));
        self.open = true;
        self.seen += 1;
        self.summary.results.push(TapResult {
            block: self.name.clone(),
            name: if failed { name } else { text }.to_owned(),
            failure: failed.then(|| why.to_owned()),
        });
    }

    fn end_block(&mut self) {
        if self.open && self.plan != Some(self.seen) {
            let plan = self.plan.map_or("no plan".to_owned(), |plan| format!("a plan of {plan}"));
            let problem =
                format!("the {} self-tests gave {} results and {plan}", self.name, self.seen);
            self.summary.problems.push(problem);
        }
        (self.open, self.seen, self.plan) = (false, 0, None);
    }
}

#[cfg(test)]
mod tests {
    use super::TapSummary;

    const GOOD: &str = "noise\n# kernel\nTAP version 14\nok 1 - frames: all back\n\
        not ok 2 - timer fires: after 3 ms\n1..2\n# user\nTAP version 14\nok 1 - heap\n1..1\n";

    #[test]
    fn results_are_counted_by_block_and_name() {
        let summary = TapSummary::parse(GOOD);
        assert_eq!(summary.passed(), 2);
        assert_eq!(summary.problems, Vec::<String>::new());
        assert_eq!(summary.results[0].name, "frames: all back");
        let failure = summary.failures().next().unwrap();
        assert_eq!((failure.block.as_str(), failure.name.as_str()), ("kernel", "timer fires"));
        assert_eq!(failure.failure.as_deref(), Some("after 3 ms"));
        assert_eq!(summary.results[2].block, "user");
    }

    #[test]
    fn a_block_that_stops_early_is_a_problem() {
        let cut = TapSummary::parse("# kernel\nTAP version 14\nok 1 - a\n");
        assert_eq!(cut.problems, ["the kernel self-tests gave 1 results and no plan"]);
        let short = TapSummary::parse("# user\nTAP version 14\nok 1 - a\n1..3\n");
        assert_eq!(short.problems, ["the user self-tests gave 1 results and a plan of 3"]);
    }
}
