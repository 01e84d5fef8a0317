//! The cargo calls for the bare machine, with their flags in one place.

use super::programs::Programs;
use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::Result;
use qemu_harness::{TARGET, TARGETS_FOLDER};
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

/// The linker script of the kernel.
const KERNEL_SCRIPT: &str = "microkernel/kernel.ld";
/// The linker script of user programs.
const USER_SCRIPT: &str = "libsys/rt/user.ld";

/// A kind of program for the bare machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bare {
    /// The kernel image.
    Kernel,
    /// The kernel image with its debug checks.
    CheckedKernel,
    /// User programs.
    User,
}

impl Bare {
    /// The folder in `target/` of the results.
    fn folder(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::CheckedKernel => "kernel-checks",
            Self::User => "user",
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::Kernel | Self::CheckedKernel => KERNEL_SCRIPT,
            Self::User => USER_SCRIPT,
        }
    }

    /// Static addresses, as the log's strings and both loaders want it; frame pointers for
    /// backtraces; the script for the layout and defmt's for the strings.
    fn flags(self) -> String {
        // From the root on, where cargo starts the compiler: every clone has the same flags.
        let script = format!("link-arg=-T{}", self.script());
        let mut flags = vec!["-C", "relocation-model=static", "-C", "force-frame-pointers=yes"];
        if self == Self::User {
            flags.extend(["-C", "code-model=small"]);
        }
        flags.extend(["-C", &script, "-C", "link-arg=-Tdefmt.x"]);
        // The separator of this variable can be in no path.
        flags.join("\x1f")
    }

    /// A cargo call for this kind: `cargo VERB` with target, standard library and flags.
    pub(crate) fn command(
        self,
        toolchain: &Toolchain,
        verb: &str,
        target: &str,
    ) -> Result<Command> {
        let mut command = toolchain.cargo()?;
        command
            .args([verb, "--release", "-Zjson-target-spec", "--target"])
            .arg(specification(&workspace::root(), target))
            .args(["-Zbuild-std=core,alloc,compiler_builtins"])
            .args(["-Zbuild-std-features=compiler-builtins-mem", "--target-dir"])
            .arg(workspace::target().join(self.folder()))
            // One folder for all kinds: macros, libraries and most flags are common.
            .env("CARGO_BUILD_BUILD_DIR", workspace::build_folder().join("bare"))
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags())
            // A choice at compile time; without it only errors are compiled in.
            .env("DEFMT_LOG", "trace");
        Ok(command)
    }
}

/// Cargo's name of a target: the compiler's own by name, ours by file.
fn specification(root: &Path, target: &str) -> OsString {
    if target == TARGET {
        return target.into();
    }
    root.join(TARGETS_FOLDER).join(format!("{target}.json")).into()
}

/// Builds the kernel image, with its debug checks or without.
pub(super) fn kernel(toolchain: &Toolchain, kind: Bare) -> Result<()> {
    let (what, features) = match kind {
        Bare::CheckedKernel => ("building the kernel with checks", "image,checks"),
        _ => ("building the kernel", "image"),
    };
    let mut command = kind.command(toolchain, "build", TARGET)?;
    command.args(["-p", "microkernel", "--bin", "postern", "--features", features]);
    step::run(what, &mut command)
}

/// Builds user programs for their target. Each package has a program of its name.
pub(super) fn programs(toolchain: &Toolchain, programs: &Programs) -> Result<()> {
    let mut command = Bare::User.command(toolchain, "build", &programs.target)?;
    command.arg("--bins").args(programs.names.iter().flat_map(|name| ["-p", name]));
    step::run(&format!("building the user programs for {}", programs.target), &mut command)
}
