//! What compilers make: each kind is known, and broken ones are refused.

use std::fs;

use cross_compile::artifacts::{Architecture, Inspection, Kind};

use crate::support::{arm64, look, program, run, scratch, write};

fn inspection(kind: Kind, architecture: Architecture) -> Inspection {
    Inspection {
        kind,
        architecture: Some(architecture),
    }
}

#[test]
fn kinds_and_processors_are_told_apart() {
    let dynamic = ["-pie", "-Wl,--dynamic-linker=/lib/ld-linux-aarch64.so.1"];
    for (target, flags, kind, architecture) in [
        (
            "aarch64-linux-musl",
            &["-static"][..],
            Kind::Executable,
            Architecture::Arm64,
        ),
        (
            "aarch64-linux-gnu",
            &dynamic,
            Kind::Executable,
            Architecture::Arm64,
        ),
        (
            "aarch64-linux-musl",
            &["-static-pie"],
            Kind::Executable,
            Architecture::Arm64,
        ),
        (
            "aarch64-linux-musl",
            &["-shared", "-fPIC"],
            Kind::SharedObject,
            Architecture::Arm64,
        ),
        ("aarch64-linux-musl", &["-c"], Kind::Object, Architecture::Arm64),
        (
            "x86_64-linux-musl",
            &["-static"],
            Kind::Executable,
            Architecture::Amd64,
        ),
        (
            "arm-linux-musleabihf",
            &["-static"],
            Kind::Executable,
            Architecture::Armhf,
        ),
        (
            "x86-linux-musl",
            &["-static"],
            Kind::Executable,
            Architecture::I386,
        ),
        (
            "riscv64-linux-musl",
            &["-static"],
            Kind::Executable,
            Architecture::Riscv64,
        ),
    ] {
        let content = program(target, "program", flags);
        let expected = Ok(inspection(kind, architecture));
        assert_eq!(look("program", &content), expected, "{target} {flags:?}");
    }
}

#[test]
fn libraries_are_for_the_processor_of_their_objects() {
    let directory = scratch();
    let object = program("aarch64-linux-musl", "program.o", &["-c"]);
    write(&directory.path().join("program.o"), &object);
    write(&directory.path().join("note.txt"), b"odd");
    run(
        "ar",
        &["rcs", "libx.a", "note.txt", "program.o"],
        directory.path(),
    );
    let library = fs::read(directory.path().join("libx.a")).expect("a library");
    assert_eq!(
        look("libx.a", &library),
        Ok(inspection(Kind::StaticLibrary, Architecture::Arm64))
    );
    let error = look("libx.a", &library[..library.len() - 8]).expect_err("a refusal");
    assert!(error.cause().starts_with("is truncated"), "{error}");

    run("ar", &["rcs", "texts.a", "note.txt"], directory.path());
    let texts = fs::read(directory.path().join("texts.a")).expect("an archive");
    assert_eq!(look("texts.a", &texts).expect("an archive").kind, Kind::File);
}

#[test]
fn an_executable_of_any_shorter_length_is_refused() {
    let content = arm64();
    for length in 4..content.len() {
        assert!(look("program", &content[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_stripped_executable_without_its_end_is_refused() {
    let directory = scratch();
    let content = program("aarch64-linux-musl", "program", &["-static", "-s"]);
    write(&directory.path().join("program"), &content);
    assert_eq!(
        look("program", &content).expect("an executable").kind,
        Kind::Executable
    );
    for length in [64, content.len() / 2, content.len() - 1] {
        assert!(look("program", &content[..length]).is_err(), "{length}");
    }
}

#[test]
fn the_programs_of_this_machine_are_not_for_the_cluster() {
    let own = fs::read(std::env::current_exe().expect("a program")).expect("a program");
    let inspection = look("program", &own).expect("an executable");
    assert_eq!(inspection.kind, Kind::Executable);
    let other = match inspection.architecture {
        Some(Architecture::Arm64) => Architecture::Amd64,
        _ => Architecture::Arm64,
    };
    assert!(inspection.check(other).is_err());
}

#[test]
fn headers_that_claim_the_absurd_are_refused_at_no_cost() {
    let content = arm64();
    // Where a 64-bit header has the offsets and numbers of its tables.
    for range in [32..40, 40..48, 54..56, 56..58, 58..60, 60..62] {
        let mut changed = content.to_vec();
        changed[range.clone()].fill(0xff);
        assert!(look("program", &changed).is_err(), "{range:?}");
    }
}
