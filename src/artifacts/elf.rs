//! ELF files: executables, shared objects, objects, and libraries of objects.
//!
//! Owns reading their headers, and the check that everything they speak of lies within the file. It reads nothing
//! else of them, and never more than a hostile header may make it.

use std::io::{Read, Seek};

use object::elf::{
    DF_1_PIE, DT_FLAGS_1, EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64, ET_CORE,
    ET_DYN, ET_EXEC, ET_REL, FileHeader32, FileHeader64, Machine, PT_DYNAMIC, PT_INTERP, SHT_NOBITS,
};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, ReadCache, ReadRef};

use super::deb::ar;
use super::inspect::{Architecture, Inspection, Kind, refused};
use crate::error::Result;

pub(super) const MAGIC: &[u8] = b"\x7fELF";

/// How many segments, or sections, are believed: real files have dozens.
const TABLE: u32 = 100_000;

/// How much of the dynamic section is believed.
const DYNAMIC: u64 = 1 << 20;

pub(super) fn inspect(file: impl Read + Seek) -> Result<Inspection> {
    let data = ReadCache::new(file);
    let class = data.read_bytes_at(4, 1).map_err(|()| truncated("header"))?;
    match class {
        [1] => examine::<FileHeader32<Endianness>, _>(&data),
        [2] => examine::<FileHeader64<Endianness>, _>(&data),
        _ => Err(refused("is no valid ELF file: it has neither 32 nor 64 bits")),
    }
}

/// Tells for which processor the first object of a library is; all its members have to lie within the file.
pub(super) fn inspect_library(file: &mut (impl Read + Seek), size: u64) -> Result<Inspection> {
    let mut archive = ar::Archive::open(file, size);
    let mut architecture = None;
    while let Some(mut member) = archive.next()? {
        let mut head = Vec::new();
        member.read_start(64, &mut head)?;
        if architecture.is_none() && head.starts_with(MAGIC) {
            architecture = architecture_of(&head);
        }
    }
    Ok(match architecture {
        Some(_) => Inspection {
            kind: Kind::StaticLibrary,
            architecture,
        },
        None => Inspection::FILE,
    })
}

fn architecture_of(header: &[u8]) -> Option<Architecture> {
    if let Ok(header) = FileHeader64::<Endianness>::parse(header) {
        return Some(architecture(header, header.endian().ok()?));
    }
    let header = FileHeader32::<Endianness>::parse(header).ok()?;
    Some(architecture(header, header.endian().ok()?))
}

fn examine<'data, H, R>(data: R) -> Result<Inspection>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'data>,
{
    let invalid = |error: object::read::Error| {
        let reason = error.to_string().replacen("Invalid", "invalid", 1);
        refused(format!("is no complete ELF file: {reason}"))
    };
    let size = data.len().map_err(|()| truncated("header"))?;
    let header = H::parse(data).map_err(invalid)?;
    let endian = header.endian().map_err(invalid)?;
    let architecture = architecture(header, endian);
    let segments = header.phnum(endian, data).map_err(invalid)?;
    let sections = header.shnum(endian, data).map_err(invalid)?;
    if segments > TABLE || sections > TABLE {
        return Err(refused(format!(
            "is no valid ELF file: it claims {segments} segments and {sections} sections"
        )));
    }

    let mut is_program = header.e_type(endian) == ET_EXEC;
    for segment in header.program_headers(endian, data).map_err(invalid)? {
        let (offset, length) = segment.file_range(endian);
        check("segment", offset, length, size)?;
        is_program |= match segment.p_type(endian) {
            PT_INTERP => true,
            PT_DYNAMIC if length <= DYNAMIC => segment
                .dynamic(endian, data)
                .map_err(invalid)?
                .unwrap_or_default()
                .iter()
                .any(|entry| entry.tag(endian) == DT_FLAGS_1 && entry.val(endian) & DF_1_PIE.0 != 0),
            _ => false,
        };
    }
    let table = header.section_headers(endian, data).map_err(invalid)?;
    for section in table
        .iter()
        .filter(|section| section.sh_type(endian) != SHT_NOBITS)
    {
        check(
            "section",
            section.sh_offset(endian).into(),
            section.sh_size(endian).into(),
            size,
        )?;
    }
    let kind = match header.e_type(endian) {
        ET_EXEC => Kind::Executable,
        ET_DYN if is_program => Kind::Executable,
        ET_DYN => Kind::SharedObject,
        ET_REL => Kind::Object,
        ET_CORE => return Err(refused("is the memory of a program that crashed")),
        other => return Err(refused(format!("is no ELF file of a known type: {}", other.0))),
    };
    if kind == Kind::Executable && segments == 0 {
        return Err(refused("is no executable: it has nothing that can be loaded"));
    }
    Ok(Inspection {
        kind,
        architecture: Some(architecture),
    })
}

fn check(what: &str, offset: u64, length: u64, size: u64) -> Result<()> {
    match offset.checked_add(length) {
        // Nothing of it is in the file: where it would begin does not matter.
        _ if length == 0 => Ok(()),
        Some(end) if end <= size => Ok(()),
        _ => Err(refused(format!(
            "is truncated: a {what} reaches beyond its {size} bytes"
        ))),
    }
}

fn truncated(what: &str) -> crate::error::Error {
    refused(format!("is truncated: its {what} is not whole"))
}

fn architecture<H: FileHeader<Endian = Endianness>>(header: &H, endian: Endianness) -> Architecture {
    let little = endian == Endianness::Little;
    let wide = header.is_type_64();
    let machine: Machine = header.e_machine(endian);
    match machine {
        EM_AARCH64 if little && wide => Architecture::Arm64,
        EM_X86_64 if wide => Architecture::Amd64,
        EM_ARM if little => Architecture::Armhf,
        EM_386 => Architecture::I386,
        EM_PPC64 if little => Architecture::Ppc64el,
        EM_RISCV if wide => Architecture::Riscv64,
        EM_S390 if wide => Architecture::S390x,
        _ => Architecture::Unknown,
    }
}
