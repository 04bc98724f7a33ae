//! The system's log: one line to `/dev/log`, as the C library's `syslog` writes it.
//!
//! Nobody waits for it and nothing fails because of it: a host without a log has none.

use std::io::{self, Write as _};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

use chrono::{DateTime, Local};
use rustix::io::Errno;

const SOCKET: &str = "/dev/log";

/// How long a log that is busy may keep a run waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// `LOG_INFO`.
const INFORMATION: u8 = 6;

/// Who writes into the log.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The facility by the name that C has for it; an unknown one is `LOG_USER`.
    pub facility: &'a str,
    pub name: &'a str,
}

impl Writer<'_> {
    /// Writes a line, if there is a log.
    pub fn write(&self, line: &str) {
        // Where it cannot be written, there is nowhere to say so.
        send(&self.record(line, Local::now())).ok();
    }

    fn record(&self, line: &str, now: DateTime<Local>) -> Vec<u8> {
        let Self { facility, name } = self;
        let priority = number(facility) << 3 | INFORMATION;
        // A NUL would end the line for whoever reads it in C.
        let line = line.replace('\0', " ");
        format!("<{priority}>{} {name}: {line}", now.format("%b %e %H:%M:%S")).into_bytes()
    }
}

fn send(record: &[u8]) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PATIENCE))?;
    match socket.connect(SOCKET) {
        Ok(()) => socket.send(record).map(drop),
        // A log that listens for connections, as old ones do, wants a NUL behind each line.
        Err(error) if error.raw_os_error() == Some(Errno::PROTOTYPE.raw_os_error()) => {
            let mut stream = UnixStream::connect(SOCKET)?;
            stream.set_write_timeout(Some(PATIENCE))?;
            stream.write_all(&[record, b"\0"].concat())
        }
        Err(error) => Err(error),
    }
}

/// Returns a facility's number. That of the kernel is not for programs: C's `openlog` does not take it either.
fn number(facility: &str) -> u8 {
    const USER: u8 = 1;
    match facility {
        "LOG_MAIL" => 2,
        "LOG_DAEMON" => 3,
        "LOG_AUTH" => 4,
        "LOG_SYSLOG" => 5,
        "LOG_LPR" => 6,
        "LOG_NEWS" => 7,
        "LOG_UUCP" => 8,
        "LOG_CRON" => 9,
        "LOG_AUTHPRIV" => 10,
        _ => facility
            .strip_prefix("LOG_LOCAL")
            .and_then(|digit| digit.parse().ok())
            .filter(|digit| *digit < 8)
            .map_or(USER, |digit: u8| 16 + digit),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_record_is_what_syslog_writes() {
        let now = Local.with_ymd_and_hms(2026, 11, 3, 4, 5, 6).unwrap();
        for (facility, priority) in [
            ("LOG_USER", 14),
            ("LOG_KERN", 14),
            ("LOG_NONESUCH", 14),
            ("LOG_LOCAL8", 14),
            ("LOG_DAEMON", 30),
            ("LOG_AUTHPRIV", 86),
            ("LOG_LOCAL7", 190),
        ] {
            let writer = Writer {
                facility,
                name: "ansible-x",
            };
            let record = String::from_utf8(writer.record("a\0b é", now)).unwrap();
            assert_eq!(record, format!("<{priority}>Nov  3 04:05:06 ansible-x: a b é"));
        }
    }
}
