//! The cargo calls for the bare machine, with their flags in one place.

use super::programs::Programs;
use crate::setup::Toolchain;
use crate::{step, workspace};
use anyhow::Result;
use qemu_harness::{Elfs, TARGET, TARGETS_FOLDER};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
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
    fn command(self, toolchain: &Toolchain, verb: &str, target: &str) -> Result<Command> {
        let mut command = toolchain.cargo()?;
        command
            .args([verb, "--release", "-Zjson-target-spec", "--target"])
            .arg(specification(&workspace::root(), target))
            .args(["-Zbuild-std=core,alloc,compiler_builtins"])
            .args(["-Zbuild-std-features=compiler-builtins-mem", "--target-dir"])
            .arg(workspace::target().join(self.folder()))
            // One folder for all kinds: macros, libraries and most flags are common.
            .env("CARGO_BUILD_BUILD_DIR", bare_folder())
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags())
            // A choice at compile time; without it only errors are compiled in.
            .env("DEFMT_LOG", "trace");
        Ok(command)
    }
}

/// Cargo's folder for builds for the bare machine.
fn bare_folder() -> PathBuf {
    workspace::build_folder().join("bare")
}

/// Cargo's name of a target: the compiler's own by name, ours by file.
fn specification(root: &Path, target: &str) -> OsString {
    if target == TARGET {
        return target.into();
    }
    root.join(TARGETS_FOLDER).join(format!("{target}.json")).into()
}

/// Cargo for a check of crates for the bare machine (clippy, doc); nothing is linked.
pub(crate) fn lint_command(toolchain: &Toolchain, kind: Bare, verb: &str) -> Result<Command> {
    kind.command(toolchain, verb, TARGET)
}

/// The same for user programs, for any of their targets.
pub(crate) fn lint_programs(toolchain: &Toolchain, verb: &str, target: &str) -> Result<Command> {
    Bare::User.command(toolchain, verb, target)
}

/// Builds the kernel image.
pub(crate) fn kernel(toolchain: &Toolchain) -> Result<()> {
    let elfs = Elfs::in_target(&workspace::target());
    kernel_with(toolchain, Bare::Kernel, &elfs, "image", "building the kernel")
}

/// Builds the kernel image with its debug checks, for tests.
pub(crate) fn checked_kernel(toolchain: &Toolchain) -> Result<()> {
    let elfs = Elfs::with_checks(&workspace::target());
    let what = "building the kernel with checks";
    kernel_with(toolchain, Bare::CheckedKernel, &elfs, "image,checks", what)
}

fn kernel_with(
    toolchain: &Toolchain,
    kind: Bare,
    elfs: &Elfs,
    features: &str,
    what: &str,
) -> Result<()> {
    relink_when_changed(kind, elfs.kernel())?;
    let mut command = kind.command(toolchain, "build", TARGET)?;
    command.args(["-p", "microkernel", "--bin", "postern", "--features", features]);
    step::run(what, &mut command)
}

/// Builds user programs for their target. Each package has a program of its name.
pub(crate) fn programs(toolchain: &Toolchain, programs: &Programs) -> Result<()> {
    let target = programs.target.as_str();
    let elfs = Elfs::in_target(&workspace::target());
    let mut command = Bare::User.command(toolchain, "build", target)?;
    for name in &programs.names {
        relink_when_changed(Bare::User, &elfs.user_program(target, name))?;
        command.args(["-p", name]);
    }
    command.arg("--bins");
    step::run(&format!("building the user programs for {target}"), &mut command)
}

/// Cargo does not know that a program depends on its linker script: when the script is
/// newer, the program is removed, so that cargo links it again.
fn relink_when_changed(kind: Bare, elf: &Path) -> Result<()> {
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    let script = changed(&workspace::root().join(kind.script()));
    if !elf.exists() || changed(elf) >= script {
        return Ok(());
    }
    std::fs::remove_file(elf)?;
    let name = elf.file_name().unwrap_or_default().to_string_lossy();
    for entry in std::fs::read_dir(links(kind, elf)?)? {
        let entry = entry?;
        let file = entry.file_name().to_string_lossy().into_owned();
        if file
            .strip_prefix(&*name)
            .is_some_and(|rest| rest.starts_with('-') && !rest.contains('.'))
        {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Where cargo has linked a program, under a longer name.
fn links(kind: Bare, elf: &Path) -> Result<PathBuf> {
    let from_kind = elf.strip_prefix(workspace::target().join(kind.folder()))?;
    Ok(bare_folder().join(from_kind).with_file_name("deps"))
}

#[cfg(test)]
mod tests {
    use super::{Bare, specification};
    use qemu_harness::{OTHER_TARGETS, TARGET, root};
    use std::path::Path;

    #[test]
    fn the_compiler_knows_its_own_target_and_finds_ours() {
        assert_eq!(specification(Path::new("/r"), TARGET), TARGET);
        for target in OTHER_TARGETS {
            let file = specification(&root(), target);
            assert!(Path::new(&file).exists(), "{}", file.display());
        }
    }

    #[test]
    fn flags_are_the_same_in_every_clone() {
        let flags = Bare::User.flags();
        let words: Vec<&str> = flags.split('\x1f').collect();
        assert!(words.contains(&"link-arg=-Tlibsys/rt/user.ld"));
        assert!(words.contains(&"code-model=small"));
        assert!(!Bare::Kernel.flags().contains("code-model"));
    }
}
