//! Being told to stop: every signal that can be caught ends in one JSON object, too.
//!
//! Signals that ask for an end are awaited like any other event, so that the run can say what it had done. Those
//! that tell of a broken process leave nothing to await: their handler itself gives a fixed answer.

#![expect(
    unsafe_code,
    reason = "a handler for faults can only be set, and can only answer, by the C library's own calls"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal as Number, sigaction};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What ends a process unless it is caught, less the broken ones below and `SIGPIPE`, which Rust's runtime
/// ignores; the real-time signals come on top.
const ENDING: [Number; 14] = [
    Number::SIGTERM,
    Number::SIGINT,
    Number::SIGHUP,
    Number::SIGQUIT,
    Number::SIGALRM,
    Number::SIGUSR1,
    Number::SIGUSR2,
    Number::SIGVTALRM,
    Number::SIGPROF,
    Number::SIGXCPU,
    Number::SIGXFSZ,
    Number::SIGIO,
    Number::SIGPWR,
    Number::SIGSTKFLT,
];

/// Those by which people and service managers end work. A connection that drops (`SIGHUP`) ends nothing.
const DELIBERATE: [Number; 3] = [Number::SIGTERM, Number::SIGINT, Number::SIGQUIT];

const BROKEN: [Number; 7] = [
    Number::SIGSEGV,
    Number::SIGBUS,
    Number::SIGILL,
    Number::SIGFPE,
    Number::SIGABRT,
    Number::SIGSYS,
    Number::SIGTRAP,
];

const BROKEN_ANSWER: &[u8] = b"{\"failed\": true, \"msg\": \"the module broke (a fault in its own \
process); what it had changed by then is not known; run it again, and report this as a defect\"}\n";

/// Whether a result is on its way out already: a fault after that must not add a second one.
static ANSWERED: AtomicBool = AtomicBool::new(false);

/// Claims the right to give the one answer; false means that it has been given.
pub fn claim_answer() -> bool {
    !ANSWERED.swap(true, Ordering::SeqCst)
}

/// The signals that ask for an end.
pub struct Signals(Vec<(Caught, Signal)>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    pub name: String,
    /// Whether it says that the work is to end, and not only that nobody listens any more.
    pub is_deliberate: bool,
}

impl Signals {
    /// Listens from now on. Must be called within the runtime. What cannot be listened to keeps its default.
    #[must_use]
    pub fn listen() -> Self {
        answer_faults();
        let named = ENDING.iter().map(|number| {
            (
                *number as i32,
                number.as_str().to_owned(),
                DELIBERATE.contains(number),
            )
        });
        let real_time =
            (libc::SIGRTMIN()..=libc::SIGRTMAX()).map(|number| (number, format!("signal {number}"), false));
        Self(
            named
                .chain(real_time)
                .filter_map(|(number, name, is_deliberate)| {
                    let caught = Caught { name, is_deliberate };
                    Some((caught, signal(SignalKind::from_raw(number)).ok()?))
                })
                .collect(),
        )
    }

    /// Waits for one of them and returns which.
    pub async fn received(&mut self) -> Caught {
        std::future::poll_fn(|context| {
            for (caught, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(caught.clone());
                }
            }
            Poll::Pending
        })
        .await
    }
}

extern "C" fn give_broken_answer(_: libc::c_int) {
    if claim_answer() {
        // SAFETY: `write` and `_exit` are async-signal-safe (signal-safety(7)); the buffer is static.
        unsafe {
            libc::write(
                libc::STDOUT_FILENO,
                BROKEN_ANSWER.as_ptr().cast(),
                BROKEN_ANSWER.len(),
            )
        };
    }
    // SAFETY: as above; it does not return, so nothing runs on in the broken process.
    unsafe { libc::_exit(1) }
}

fn answer_faults() {
    let action = SigAction::new(
        SigHandler::Handler(give_broken_answer),
        // Rust's runtime keeps a stack of its own for handlers, which also serves when the stack has run out.
        SaFlags::SA_ONSTACK | SaFlags::SA_RESETHAND,
        SigSet::empty(),
    );
    for number in BROKEN {
        // SAFETY: the handler calls nothing that is not async-signal-safe.
        unsafe { sigaction(number, &action) }.ok();
    }
}
