//! The programs with their debug information, as cargo builds them.

use std::path::{Path, PathBuf};

/// The target of the kernel and of ordinary user programs: no vector registers.
pub const TARGET: &str = "x86_64-unknown-none";

/// Targets that programs may choose instead; each has its file in [`TARGETS_FOLDER`].
pub const OTHER_TARGETS: [&str; 2] = ["x86_64-postern-float", "i686-postern"];

/// The target of programs with the standard library, with a file beside those of
/// [`OTHER_TARGETS`].
pub const STD_TARGET: &str = "x86_64-postern-std";

/// Where the files of [`OTHER_TARGETS`] are, from the root on.
pub const TARGETS_FOLDER: &str = "libsys/targets";

/// The file in the folder of programs that says which server runs which program.
const NOTE: &str = "servers";

/// The files of kernel and programs with debug information.
#[derive(Clone, Debug)]
pub struct Elfs {
    kernel: PathBuf,
    user: PathBuf,
    /// What `cargo xtask install` made.
    installed: PathBuf,
}

impl Elfs {
    /// In this target folder of the workspace.
    pub fn in_target(target: &Path) -> Self {
        Self::with_kernel(target, "kernel")
    }

    /// The same with the kernel that has the debug checks.
    pub fn with_checks(target: &Path) -> Self {
        Self::with_kernel(target, "kernel-checks")
    }

    fn with_kernel(target: &Path, part: &str) -> Self {
        let kernel = target.join(part).join(TARGET).join("release").join("postern");
        let installed = target.join("std").join(STD_TARGET).join("release");
        Self { kernel, user: target.join("user"), installed }
    }

    /// The kernel.
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// A user program. A process may be called `PROGRAM.NUMBER`, a server of tests
    /// `PROGRAM-WORD`, a volume as in [`Elfs::note_files`].
    pub fn program(&self, name: &str) -> PathBuf {
        let exact = self.newest(name);
        let installed = self.installed.join(name);
        if !exact.exists() && installed.exists() {
            return installed;
        }
        if !exact.exists()
            && let Some(file) = self.noted_file(name)
        {
            return self.newest(&file);
        }
        match name.split_once(['.', '#', ':', '-']) {
            Some((program, _)) if !exact.exists() => self.newest(program),
            _ => exact,
        }
    }

    /// Notes servers whose program has another name: each with its program.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn note_files<'a>(
        &self,
        servers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> std::io::Result<()> {
        let lines: String = servers.map(|(server, file)| format!("{server} {file}\n")).collect();
        std::fs::write(self.user.join(NOTE), lines)
    }

    fn noted_file(&self, name: &str) -> Option<String> {
        let lines = std::fs::read_to_string(self.user.join(NOTE)).ok()?;
        let mut named = lines.lines().filter_map(|line| line.split_once(' '));
        let (_, file) = named.find(|(server, _)| *server == name)?;
        Some(file.to_owned())
    }

    /// The newest file of a program: it may have changed its target.
    fn newest(&self, name: &str) -> PathBuf {
        let place = |target: &str| self.user_program(target, name);
        let built = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
        let others = OTHER_TARGETS.iter().map(|target| place(target));
        let found = others.filter_map(|path| Some((built(&path)?, path)));
        let ordinary = place(TARGET);
        match found.max() {
            Some((time, path)) if Some(time) > built(&ordinary) => path,
            _ => ordinary,
        }
    }

    /// A user program that is built for this target.
    pub fn user_program(&self, target: &str, name: &str) -> PathBuf {
        self.user.join(target).join("release").join(name)
    }

    /// For the log decoder.
    pub fn finder(&self) -> log_decoder::FindElf {
        let elfs = self.clone();
        Box::new(move |name| {
            let kernel = name == log_decoder::KERNEL || name == "postern";
            let elf = if kernel { elfs.kernel.clone() } else { elfs.program(name) };
            elf.exists().then_some(elf)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Elfs;

    #[test]
    fn a_volume_has_the_program_of_its_type() {
        let folder = tempfile::tempdir().unwrap();
        let elfs = Elfs::in_target(folder.path());
        let ext4 = elfs.user_program(super::TARGET, "ext4");
        std::fs::create_dir_all(ext4.parent().unwrap()).unwrap();
        std::fs::write(&ext4, b"elf").unwrap();
        elfs.note_files([("root", "ext4"), ("tmp", "memory")].into_iter()).unwrap();
        assert_eq!(elfs.program("root"), ext4);
        assert_eq!(elfs.program("ext4.3"), ext4);
        assert!(!elfs.program("tmp").exists() && !elfs.program("other").exists());
    }
}
