//! What `dpkg-deb` makes of a tree: each compression is read to its end, and broken packages are refused.

use std::fs;
use std::path::Path;

use cross_compile::artifacts::{Architecture, Kind};

use crate::support::{look, package, run, scratch, write};

const COMPRESSIONS: [&[&str]; 6] = [
    &["-Znone"],
    &["-Zgzip"],
    &["-Zxz"],
    &["-Zxz", "-z9"],
    &["-Zzstd"],
    &["-Zzstd", "-z22"],
];

#[test]
fn packages_of_every_compression_are_read_to_their_end() {
    for compression in COMPRESSIONS {
        let inspection = look("envoy.deb", &package("arm64", compression)).expect("a package");
        assert_eq!(inspection.kind, Kind::DebianPackage);
        assert_eq!(
            inspection.architecture,
            Some(Architecture::Arm64),
            "{compression:?}"
        );
    }
}

#[test]
fn packages_for_others_are_refused() {
    for (architecture, known) in [("amd64", Architecture::Amd64), ("all", Architecture::All)] {
        let inspection = look("envoy.deb", &package(architecture, &["-Zgzip"])).expect("a package");
        assert_eq!(inspection.architecture, Some(known));
        let error = inspection.check(Architecture::Arm64).expect_err("a refusal");
        assert_eq!(error.cause(), format!("is for `{architecture}`, not for `arm64`"));
    }
}

#[test]
fn truncated_packages_are_refused_wherever_they_end() {
    for compression in COMPRESSIONS {
        let content = package("arm64", compression);
        let step = content.len() / 40;
        let ends = (1..40).map(|number| number * step).chain([content.len() - 1]);
        for end in ends {
            // A byte of filler may be missing behind the last member.
            let has_filler = end + 1 == content.len() && content.ends_with(b"\n");
            assert!(
                look("envoy.deb", &content[..end]).is_err() || has_filler,
                "{compression:?}: {end} of {}",
                content.len()
            );
        }
    }
}

#[test]
fn bits_that_changed_in_what_is_packed_are_noticed_where_the_format_has_sums() {
    for compression in [&["-Zgzip"][..], &["-Zxz"]] {
        let content = package("arm64", compression);
        // Well within the large file.
        for number in 4..18 {
            let mut changed = content.clone();
            changed[content.len() / 20 * number] ^= 1 << (number % 8);
            assert!(look("envoy.deb", &changed).is_err(), "{compression:?}: {number}");
        }
    }
}

type Member<'a> = (&'a str, &'a [u8]);

/// Puts a package together from its members.
fn assemble(members: &[Member]) -> Vec<u8> {
    let mut package = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let length = content.len();
        package.extend(format!("{name:<16}0           0     0     100644  {length:<10}`\n").bytes());
        package.extend(*content);
        package.resize(package.len().next_multiple_of(2), b'\n');
    }
    package
}

fn control_archive(fields: &str, name: &str) -> Vec<u8> {
    let directory = scratch();
    write(&directory.path().join(name), fields.as_bytes());
    run(
        "tar",
        &["--create", "--file=control.tar", &format!("./{name}")],
        directory.path(),
    );
    fs::read(directory.path().join("control.tar")).expect("an archive")
}

#[test]
fn packages_that_are_put_together_wrongly_are_refused() {
    const FIELDS: &str = "Package: envoy\nVersion: 1\nArchitecture: arm64\n";
    const FORMAT: &[u8] = b"2.0\n";
    let control = control_archive(FIELDS, "control");
    let data = vec![0; 1024];
    let good: [Member; 3] = [
        ("debian-binary", FORMAT),
        ("control.tar", &control),
        ("data.tar", &data),
    ];
    assert!(look("envoy.deb", &assemble(&good)).is_ok());
    let private: [Member; 4] = [good[0], ("_extra", b"x"), good[1], good[2]];
    assert!(look("envoy.deb", &assemble(&private)).is_ok());

    let nameless = control_archive("Version: 1\nArchitecture: arm64\n", "control");
    let elsewhere = control_archive(FIELDS, "fields");
    let refused: [(&[Member], &str); 9] = [
        (&[good[0], good[1]], "`data.tar` is missing"),
        (&[good[0]], "`control.tar` is missing"),
        (
            &[good[0], good[2], good[1]],
            "`data.tar` stands where `control.tar` belongs",
        ),
        (
            &[("debian-binary", b"3.0\n"), good[1], good[2]],
            "of format `3.0`",
        ),
        (
            &[good[0], ("control.tar", &nameless), good[2]],
            "it has no `Package`",
        ),
        (
            &[good[0], ("control.tar", &elsewhere), good[2]],
            "has no `control`",
        ),
        (
            &[good[0], ("control.tar.lzma", &control), good[2]],
            "cannot be checked",
        ),
        (
            &[good[0], ("control.tar.gz", &control), good[2]],
            "`control.tar.gz` is broken",
        ),
        (
            &[good[0], good[1], ("data.tar.zst", b"no")],
            "`data.tar.zst` is broken",
        ),
    ];
    for (members, cause) in refused {
        let error = look("envoy.deb", &assemble(members)).expect_err(cause);
        assert!(error.cause().contains(cause), "{cause}: {error}");
    }
    let text = look("envoy.deb", b"no package").expect_err("a refusal");
    assert_eq!(text.cause(), "is not a Debian package, though it is called one");
}

#[test]
fn debian_agrees_on_what_is_a_package() {
    let directory = scratch();
    let path = directory.path().join("envoy.deb");
    for compression in COMPRESSIONS {
        fs::write(&path, package("arm64", compression)).expect("a package");
        let told = run(
            "dpkg-deb",
            &["--field", "envoy.deb", "Architecture"],
            directory.path(),
        );
        assert_eq!(told.trim(), "arm64");
        let listed = run(
            "dpkg-deb",
            &["--contents", "envoy.deb"],
            Path::new(directory.path()),
        );
        assert!(listed.contains("./usr/bin/envoy"), "{listed}");
    }
}
