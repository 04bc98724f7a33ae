//! Artifacts as real tools make, check and tamper with them: compilers, `dpkg-deb`, `ar`, `sha256sum`.

mod collecting;
mod driver;
mod elf;
mod interruption;
mod packages;
mod proving;
mod pruning;
mod scale;
mod support;
