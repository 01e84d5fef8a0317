//! Programs and firmware of the host.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A command that ends with this program in any case: a killed test must not leave a machine
/// running. `setpriv` is in util-linux; without it only the drop of its [`Session`] stops the
/// machine.
pub(crate) fn die_with_parent(program: &Path) -> Command {
    match on_path("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// QEMU, found on the PATH.
pub fn find_qemu() -> Option<PathBuf> {
    on_path("qemu-system-x86_64")
}

/// The UEFI firmware, where distributions put it.
pub fn find_ovmf() -> Option<PathBuf> {
    [
        "/usr/share/ovmf/OVMF.fd",
        "/usr/share/qemu/OVMF.fd",
        "/usr/share/edk2/ovmf/OVMF.fd",
        "/usr/share/edk2/x64/OVMF.4m.fd",
        "/usr/share/edk2-ovmf/x64/OVMF.fd",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|file| file.exists())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
