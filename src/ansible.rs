//! The front that Ansible uses: one arguments file in, one JSON object out, whatever happens.
//!
//! Owns the frame around a module: choosing it, checking its options, the signals, broken code, and what every
//! result has in common. It knows no resource.

use std::convert::Infallible;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};

use crate::arguments::{self, Deprecation};
use crate::connections::Connections;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::modules::Module;
use crate::protocol::{self, Request};
use crate::signals::Signals;
use crate::syslog;

/// How long work in threads may take to clean up once the run is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How long work that promised to end in order may take for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a wake-up that was lost goes unnoticed.
const BEAT: Duration = Duration::from_secs(1);

/// Runs the module that the arguments file asks for and prints its result. `program` is the name by which the
/// process was started.
#[must_use]
pub fn run(arguments_file: &Path, program: Option<&str>) -> ExitCode {
    // Whatever the caller's umask, a new directory gets the mode that was asked for in one step.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    panic::set_hook(Box::new(|_| {}));
    let context = Context::default();
    let result = panic::catch_unwind(AssertUnwindSafe(|| answer(arguments_file, program, &context)))
        .unwrap_or_else(|payload| broken(&*payload, &context));
    protocol::print(result, &context.secrets)
}

fn answer(arguments_file: &Path, program: Option<&str>, context: &Context) -> Map<String, Value> {
    let connections = Connections::watch();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Error::new(Kind::Failed, format!("cannot start: {error}"));
            return failure(&error, context, &Common::default());
        }
    };
    let result = runtime.block_on(async {
        let mut signals = Signals::listen();
        let mut common = Common::default();
        let outcome = {
            let mut work = std::pin::pin!(work(arguments_file, program, context, &mut common));
            tokio::select! {
                outcome = &mut work => outcome,
                never = heartbeat() => match never {},
                signal = signals.received() => {
                    context.stop.request();
                    let interrupted = Error::new(Kind::Interrupted, format!("interrupted by {}", signal.name))
                        .with_remedy("run it again: it goes on from here");
                    match signal.is_deliberate && context.ending.is_promised() {
                        true => {
                            context.ending.request();
                            ended(timeout(PATIENCE, work).await, interrupted)
                        }
                        false => Err(interrupted),
                    }
                }
            }
        };
        let answer = match outcome {
            Ok(fields) => success(fields, context, &common),
            Err(error) => failure(&error, context, &common),
        };
        match common.longest_answer {
            Some(longest) => protocol::shortened(answer, longest),
            None => answer,
        }
    });
    if context.stop.is_requested() {
        connections.end();
    }
    runtime.shutdown_timeout(GRACE);
    result
}

/// Has all that waits looked at again from time to time: what was to wake it may have broken off half-way, and a run has
/// to end whatever happens.
async fn heartbeat() -> Infallible {
    loop {
        sleep(BEAT).await;
    }
}

/// Returns what work came to that was told to end: it may have been done by then.
fn ended(
    outcome: Result<Result<Map<String, Value>>, tokio::time::error::Elapsed>,
    interrupted: Error,
) -> Result<Map<String, Value>> {
    match outcome {
        Ok(Err(error)) if error.kind() == Kind::Interrupted => Err(error.context(interrupted.cause())),
        Ok(outcome) => outcome,
        Err(_) => Err(interrupted),
    }
}

/// What every result of a call holds, known as soon as its options are checked.
#[derive(Debug, Default)]
struct Common {
    shows_difference: bool,
    longest_answer: Option<usize>,
    invocation: Option<Value>,
    deprecations: Vec<Deprecation>,
}

async fn work(
    arguments_file: &Path,
    program: Option<&str>,
    context: &Context,
    common: &mut Common,
) -> Result<Map<String, Value>> {
    let Request {
        module,
        parameters,
        check_mode,
        shows_difference,
        no_log,
        ignore_unknown_opts,
        syslog_facility,
        target_log_info,
        longest_answer,
    } = Request::read(arguments_file)?;
    common.shows_difference = shows_difference;
    common.longest_answer = longest_answer;
    // Before anything else can quote them.
    protocol::remember_user_info(&parameters, &context.secrets);
    let chosen = Module::choose(module.as_deref(), program)?;
    let parsed = arguments::parse(
        chosen.specification(),
        parameters,
        &arguments::Context {
            module_name: module.as_deref(),
            ignore_unknown_opts,
            no_log,
            ..arguments::Context::system()
        },
    );
    let (parameters, secrets, warnings, deprecations, rejection) = match parsed {
        Ok(parsed) => (
            parsed.parameters,
            parsed.secrets,
            parsed.warnings,
            parsed.deprecations,
            None,
        ),
        Err(rejected) => {
            let rejected = *rejected;
            let error = Error::new(Kind::Invalid, rejected.message);
            (
                rejected.parameters,
                rejected.secrets,
                rejected.warnings,
                rejected.deprecations,
                Some(error),
            )
        }
    };
    for secret in &secrets {
        context.secrets.add(secret);
    }
    for warning in warnings {
        context.journal.warn(warning);
    }
    let shown = arguments::concealed(&chosen.specification().options, &parameters);
    common.invocation = Some(arguments::invocation(&shown, &secrets));
    common.deprecations = deprecations;
    if let Some(error) = rejection {
        return Err(error);
    }
    if !no_log {
        let line = arguments::invoked(&chosen.specification().options, &shown, &secrets);
        let line = target_log_info.map_or(line.clone(), |information| format!("{information} {line}"));
        let writer = syslog::Writer {
            facility: syslog_facility.as_deref().unwrap_or_default(),
            name: &format!("ansible-{}", module.as_deref().unwrap_or(chosen.name())),
        };
        writer.write(&protocol::scrubbed(line, &context.secrets));
    }
    chosen.run(&parameters, check_mode, context).await
}

fn success(mut fields: Map<String, Value>, context: &Context, common: &Common) -> Map<String, Value> {
    if !common.shows_difference {
        fields.remove("diff");
    }
    complete(fields, context, common)
}

fn failure(error: &Error, context: &Context, common: &Common) -> Map<String, Value> {
    let done = context.journal.done();
    let actions: Vec<&str> = done
        .iter()
        .flat_map(|entry| &entry.actions)
        .map(String::as_str)
        .collect();
    let told = match actions.as_slice() {
        [] => String::new(),
        some => format!(". By then it had: {}", some.join(", ")),
    };
    let mut fields = context.journal.told();
    fields.insert("failed".to_owned(), json!(true));
    fields.insert("msg".to_owned(), json!(format!("{error}{told}")));
    fields.insert("changed".to_owned(), json!(!done.is_empty()));
    fields.insert("actions".to_owned(), json!(actions));
    if common.shows_difference && !done.is_empty() {
        let differences: Vec<Value> = done.iter().map(|entry| entry.difference.to_json()).collect();
        fields.insert("diff".to_owned(), json!(differences));
    }
    complete(fields, context, common)
}

fn complete(mut fields: Map<String, Value>, context: &Context, common: &Common) -> Map<String, Value> {
    fields.insert("warnings".to_owned(), json!(context.journal.warnings()));
    if !common.deprecations.is_empty() {
        fields.insert("deprecations".to_owned(), json!(common.deprecations));
    }
    if let Some(invocation) = &common.invocation {
        fields.insert("invocation".to_owned(), invocation.clone());
    }
    fields
}

fn broken(payload: &(dyn std::any::Any + Send), context: &Context) -> Map<String, Value> {
    let words = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    let error = Error::new(Kind::Failed, format!("the module broke: {words}"))
        .with_remedy("report this as a defect of the module");
    failure(&error, context, &Common::default())
}
