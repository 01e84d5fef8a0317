//! Import directions: which kind of package may depend on which.

use crate::metadata::Package;
use std::path::Path;

/// The kinds of package of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers, layouts and errors that kernel and programs agree on.
    Abi,
    /// The reader of the boot archive.
    Archive,
    /// What the machine writes and the host reads, or both write: no system calls.
    Format,
    /// The kernel: portable core and image.
    Kernel,
    /// System calls, made safe.
    Sys,
    /// A macro crate; runs in the compiler.
    Macros,
    /// Libraries of programs: start, heap, service, queue, loader.
    Runtime,
    /// Runs programs on the host, in tests.
    TestKit,
    /// The guide: built and tested on the host; no package uses it.
    Guide,
    /// The types of the system manifest.
    Manifest,
    /// The interface of a server.
    Api,
    /// A server, init, a program.
    Program,
    /// A program of the host.
    Tool,
    /// Host tests of the whole system.
    Tests,
}

use Kind::{
    Abi, Api, Archive, Format, Guide, Kernel, Macros, Manifest, Program, Runtime, Sys, TestKit,
    Tests, Tool,
};

/// The kinds that a package of each kind may depend on.
const ARROWS: [(Kind, &[Kind]); 14] = [
    (Abi, &[]),
    (Archive, &[]),
    (Format, &[Abi]),
    (Kernel, &[Abi, Archive]),
    (Sys, &[Abi]),
    (Macros, &[]),
    (Runtime, &[Abi, Sys, Macros, Runtime]),
    (TestKit, &[Abi, Sys, Runtime]),
    // Its examples use all that a server may use, and the test kit.
    (Guide, &[Abi, Sys, Runtime, TestKit, Manifest, Api]),
    (Manifest, &[Abi, Manifest]),
    (Api, &[Abi, Sys, Runtime, Api]),
    (Program, &[Abi, Archive, Format, Sys, Runtime, Manifest, Api]),
    (Tool, &[Abi, Format, Manifest, Tool]),
    (Tests, &[Abi, Archive, Kernel, Macros, Manifest, Tool, Runtime, Sys, Api]),
];

/// What abi is made of: types for flags and bytes, which need neither allocator nor machine.
const OF_ABI: [&str; 2] = ["bitflags", "zerocopy"];

/// The kind of a package by its folder; `None` for a folder that the design does not have.
pub(super) fn kind(folder: &Path) -> Option<Kind> {
    let parts: Vec<&str> = folder.iter().filter_map(|part| part.to_str()).collect();
    Some(match parts.as_slice() {
        ["libsys", "abi"] => Abi,
        ["libsys", "archive"] => Archive,
        ["libsys", "logtext" | "replay-mark"] => Format,
        ["libsys", "sys"] => Sys,
        ["libsys", "service-macros"] => Macros,
        ["libsys", "testkit"] => TestKit,
        ["libsys", "guide"] => Guide,
        // The start of a program and the functions that its standard library calls: part of a program.
        ["libsys", "std-table"] => Program,
        // The service behind the console's interface, over any device.
        ["libsys", "terminal"] => Api,
        ["libsys", _] => Runtime,
        ["microkernel"] => Kernel,
        ["init", "manifest"] => Manifest,
        ["init", "api"] | ["servers", _, "api"] | ["tests", "programs", _, "api"] => Api,
        ["init"] | ["servers", _] | ["tests", "programs", _] => Program,
        ["tools", _] => Tool,
        ["tests"] | ["tests", "inputs" | "models"] => Tests,
        _ => return None,
    })
}

/// Checks all arrows.
pub(super) fn check(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        let Some(from) = kind(&package.folder) else {
            let place = package.folder.display();
            problems.push(format!("{} lies in {place}, for which there is no rule", package.name));
            continue;
        };
        problems.extend(wrong_arrows(package, from, packages));
    }
    problems
}

fn wrong_arrows(package: &Package, from: Kind, packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for dependency in &package.dependencies {
        let name = &dependency.name;
        let target = packages.iter().find(|other| other.name == *name && dependency.ours);
        match target.and_then(|target| kind(&target.folder)) {
            Some(_) if *name == package.name => {}
            // On the host, programs run on the real core.
            Some(Kernel) if from == Sys && dependency.on_host => {}
            Some(TestKit) if matches!(from, Runtime | Program | Tests) && dependency.for_tests => {}
            // Tests run a program beside the server that it calls.
            Some(Program) if from == Program && dependency.for_tests => {}
            Some(to) if !allowed(from, to) => wrong.push(format!(
                "{} depends on {name}: a package of kind {from:?} may not depend on one of kind {to:?}",
                package.name
            )),
            None if from == Abi && !dependency.for_tests && !OF_ABI.contains(&&**name) => {
                wrong.push(format!("{} depends on {name}: abi needs only {OF_ABI:?}", package.name));
            }
            _ => {}
        }
    }
    wrong
}

fn allowed(from: Kind, to: Kind) -> bool {
    ARROWS.iter().any(|(kind, targets)| *kind == from && targets.contains(&to))
}

#[cfg(test)]
mod tests {
    use super::{Kind, allowed, check};
    use crate::metadata::{Dependency, Package};

    fn package(name: &str, folder: &str, dependencies: &[&str]) -> Package {
        let dependency =
            |name: &&str| Dependency { name: (*name).into(), ours: true, ..Default::default() };
        Package {
            name: name.into(),
            folder: folder.into(),
            dependencies: dependencies.iter().map(dependency).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_server_may_use_an_interface_but_no_server() {
        let packages = [
            package("shell", "servers/shell", &["console-api", "console"]),
            package("console", "servers/console", &["console-api"]),
            package("console-api", "servers/console/api", &[]),
        ];
        let problems = check(&packages);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("shell depends on console:"), "{problems:?}");
    }

    #[test]
    fn the_core_knows_nothing_but_the_abi() {
        assert!(allowed(Kind::Kernel, Kind::Abi));
        for to in [Kind::Sys, Kind::Runtime, Kind::Manifest, Kind::Tool, Kind::Api] {
            assert!(!allowed(Kind::Kernel, to), "{to:?}");
        }
    }

    #[test]
    fn sys_has_the_core_beneath_it_on_the_host_only() {
        let mut sys = package("sys", "libsys/sys", &["microkernel"]);
        let core = package("microkernel", "microkernel", &[]);
        assert_eq!(check(&[sys.clone(), core.clone()]).len(), 1);
        sys.dependencies[0].on_host = true;
        assert_eq!(check(&[sys, core]).len(), 0);
    }

    #[test]
    fn only_tests_use_the_test_kit() {
        let mut server = package("names", "servers/names", &["testkit"]);
        let kit = package("testkit", "libsys/testkit", &["sys"]);
        assert_eq!(check(&[server.clone(), kit.clone()]).len(), 1);
        server.dependencies[0].for_tests = true;
        assert_eq!(check(&[server, kit]).len(), 0);
    }

    #[test]
    fn a_program_uses_another_one_in_tests_alone() {
        let mut web = package("web", "servers/web", &["net"]);
        let net = package("net", "servers/net", &[]);
        assert_eq!(check(&[web.clone(), net.clone()]).len(), 1);
        web.dependencies[0].for_tests = true;
        assert_eq!(check(&[web, net]).len(), 0);
    }

    #[test]
    fn abi_depends_on_little() {
        let mut abi = package("abi", "libsys/abi", &[]);
        abi.dependencies.push(Dependency { name: "zerocopy".into(), ..Default::default() });
        assert_eq!(check(&[abi.clone()]).len(), 0);
        abi.dependencies[0].name = "serde".into();
        assert!(check(&[abi.clone()])[0].starts_with("abi depends on serde"));
        abi.dependencies[0].for_tests = true;
        assert_eq!(check(&[abi]).len(), 0);
    }

    #[test]
    fn a_package_without_a_place_in_the_design_is_told() {
        assert!(check(&[package("x", "drivers/x", &[])])[0].contains("no rule"));
    }
}
