//! systemd's own command, the one child process that converging starts: for a reload by D-Bus takes more than it.
//!
//! It gets no secret: no argument holds one, and of the environment it gets the path alone.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Error, Kind, Result};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Runs `systemctl` with `words` and waits for its end.
///
/// # Errors
/// When it cannot be started, fails, or does not end in time.
pub async fn run(words: &[&str]) -> Result<()> {
    let told = format!("`systemctl {}`", words.join(" "));
    let failed = |how: &str| {
        Error::new(Kind::Failed, format!("{told} {how}"))
            .with_remedy("look at `journalctl --boot --priority warning` on the host, and run again")
    };
    let mut child = Command::new("systemctl")
        .arg("--no-ask-password")
        .args(words)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(failed(&format!("failed: {}", complaint(&mut child)))),
            Ok(None) if Instant::now() < deadline => sleep(PAUSE).await,
            Ok(None) => {
                // It may have ended by now, which is as well.
                child.kill().ok();
                child.wait().ok();
                return Err(failed(&format!("did not end within {} s", PATIENCE.as_secs())));
            }
            Err(error) => return Err(failed(&format!("cannot be waited for: {error}"))),
        }
    }
}

/// Returns what it said, as far as a message has room for it.
fn complaint(child: &mut Child) -> String {
    const LONGEST: u64 = 1000;
    let mut words = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(LONGEST).read_to_end(&mut words).ok();
    }
    String::from_utf8_lossy(&words).trim().replace('\n', "; ")
}
