//! Debian packages.
//!
//! Owns the check that a package is well-formed, as deb(5) describes it: the members in their order, the fields that
//! every package has, the files that it would install readable to their last byte. Nothing is unpacked.

pub(super) mod ar;
mod compression;
mod control;
mod tar;

use std::io::{self, Read, Seek};

use super::inspect::{Architecture, Care, refused, unreadable};
use crate::error::{Error, Result};

/// How every package begins.
pub(super) const MAGIC: &[u8] = b"!<arch>\ndebian-binary";

/// How much a package may unpack to: beyond it is made to keep us busy.
const UNPACKED: u64 = 64 << 30;

/// How large the file of fields may be.
const FIELDS: u64 = 1 << 20;

pub(super) fn inspect(file: &mut (impl Read + Seek), size: u64, care: Care) -> Result<Architecture> {
    let mut archive = ar::Archive::open(file, size);
    let version = match archive.next()? {
        Some(mut member) if member.name() == "debian-binary" => {
            let mut content = Vec::new();
            member.read_start(16, &mut content)?;
            String::from_utf8_lossy(&content).into_owned()
        }
        _ => return Err(refused("is no valid Debian package: `debian-binary` is missing")),
    };
    if !version.starts_with("2.") {
        return Err(refused(format!(
            "is a Debian package of format `{}`, not 2",
            version.trim_end().escape_debug()
        )));
    }
    let architecture = read_control(next_named(&mut archive, "control.tar")?)?;
    if care == Care::Glance {
        return Ok(architecture);
    }
    read_data(next_named(&mut archive, "data.tar")?)?;
    while archive.next()?.is_some() {}
    Ok(architecture)
}

/// Returns the next member, which must be called `name` with a suffix; those that begin with `_` do not count.
fn next_named<'a, R: Read + Seek>(archive: &'a mut ar::Archive<R>, name: &str) -> Result<ar::Member<'a, R>> {
    archive.skip_private()?;
    match archive.next()? {
        Some(member) if member.name().starts_with(name) => Ok(member),
        Some(member) => Err(refused(format!(
            "is no valid Debian package: `{}` stands where `{name}` belongs",
            member.name().escape_debug()
        ))),
        None => Err(refused(format!(
            "is no valid Debian package: `{name}` is missing"
        ))),
    }
}

fn read_control<R: Read + Seek>(mut member: ar::Member<'_, R>) -> Result<Architecture> {
    let name = member.name().to_owned();
    let mut fields = None;
    tar::read(member.unpacked()?.take(UNPACKED), |path, size, content| {
        if matches!(path, b"./control" | b"control") {
            if size > FIELDS {
                return Err(io::Error::other("the file of fields is too large"));
            }
            let mut text = Vec::new();
            content.read_to_end(&mut text)?;
            fields = Some(text);
        }
        Ok(())
    })
    .map_err(|error| broken(&name, &error))?;
    let fields =
        fields.ok_or_else(|| refused(format!("is no valid Debian package: `{name}` has no `control`")))?;
    control::architecture(&fields)
}

fn read_data<R: Read + Seek>(mut member: ar::Member<'_, R>) -> Result<()> {
    let name = member.name().to_owned();
    let unpacked = member.unpacked()?;
    tar::read(unpacked.take(UNPACKED), |_, _, _| Ok(())).map_err(|error| broken(&name, &error))
}

fn broken(name: &str, error: &io::Error) -> Error {
    match error.raw_os_error() {
        Some(_) => unreadable(error),
        None => refused(format!(
            "is no complete Debian package: `{name}` is broken: {error}"
        )),
    }
}
