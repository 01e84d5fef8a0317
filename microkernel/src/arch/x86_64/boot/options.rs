//! The kernel command line.

/// What its words say. Words that the kernel does not know are for the programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options<'a> {
    /// The whole line.
    pub(crate) line: &'a str,
    /// Run the self-tests.
    pub(crate) selftest: bool,
    /// The self-test that gets a fault on purpose.
    pub(crate) inject: Option<&'a str>,
    /// The log level.
    pub(crate) log: Option<&'a str>,
    /// The most CPUs that run.
    pub(crate) max_cpus: Option<&'a str>,
    /// For system tests: what the debug registers watch for, when no thread uses them.
    pub(crate) watch: Option<&'a str>,
    /// The first program, when it is not the usual one.
    init: Option<&'a str>,
}

impl<'a> Options<'a> {
    /// Reads the line.
    pub(crate) fn parse(line: &'a str) -> Self {
        let line = line.trim();
        let mut options = Self { line, ..Self::default() };
        for word in line.split_whitespace() {
            match word.split_once('=') {
                None if word == "selftest" => options.selftest = true,
                Some(("inject", name)) => options.inject = Some(name),
                Some(("log", level)) => options.log = Some(level),
                Some(("maxcpus", number)) => options.max_cpus = Some(number),
                Some(("watch", what)) => options.watch = Some(what),
                Some(("init", name)) => options.init = Some(name),
                _ => {}
            }
        }
        options
    }

    /// The first program.
    pub(crate) fn init(&self) -> &'a str {
        self.init.unwrap_or(if self.selftest { "selftest" } else { "init" })
    }
}
