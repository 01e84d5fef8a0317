//! The program itself: arguments and environment.

use super::lock::Mutex;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

/// The variables of the environment.
static VARIABLES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// What a program finds set unless its starter said otherwise.
const DEFAULTS: [(&str, &str); 2] = [("HOME", "/home"), ("PATH", "/bin")];

/// Takes over the environment from the startup block.
pub(super) fn adopt(env: &rt::Env) {
    let told = env.startup().values("env").filter_map(|line| line.split_once('='));
    let all = DEFAULTS.into_iter().chain(told);
    VARIABLES.lock().extend(all.map(|(name, value)| (name.to_string(), value.to_string())));
}

/// Uses all variables.
pub(super) fn variables<T>(work: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
    work(&mut VARIABLES.lock())
}

/// Ends the process with a status as the library has it: -1 is what it ends a panic with.
pub(super) fn exit(status: i32) -> ! {
    sys::exit(match status {
        -1 => abi::EXIT_PANIC,
        status => status.cast_unsigned().into(),
    })
}

/// Whether a program finds this variable without being told.
pub(super) fn is_default(name: &str, value: &str) -> bool {
    DEFAULTS.contains(&(name, value))
}
