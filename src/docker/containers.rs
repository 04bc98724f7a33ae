//! Containers: made as specified, started, watched, stopped and removed.
//!
//! Owns these requests, the shape in which engines want a specification, and the words in which Docker and Podman
//! tell a container's state. What a container may do is decided elsewhere and arrives as data.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, SystemTime};

use bollard::errors::Error as EngineError;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, ResourcesUlimits,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, EventsOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
};
use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use serde::Deserialize;
use tokio::time::timeout as within;

use super::{Engine, Product, archive, failure, request};
use crate::error::{Error, Kind, Result};

/// What is wanted of a container. Everything that confines it is stated, so that no engine's default counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Specification {
    pub name: String,
    /// The image's id: a name may mean another image by the time the container is made.
    pub image: String,
    /// In place of the image's own command.
    pub command: Option<Vec<String>>,
    pub environment: Vec<(String, String)>,
    pub labels: HashMap<String, String>,
    /// In place of the image's own user.
    pub user: Option<String>,
    pub binds: Vec<Bind>,
    pub in_memory: Vec<InMemory>,
    pub capabilities_dropped: Vec<String>,
    pub security_options: Vec<String>,
    pub memory: u64,
    /// Billionths of a processor.
    pub nano_processors: u64,
    pub processes: u64,
    pub open_files: u64,
    /// Of the user on the whole host, beside the container's own `processes`.
    pub processes_of_user: u64,
    pub network: String,
    pub read_only: bool,
}

/// A directory of the host as the container sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    pub source: String,
    pub target: String,
}

/// An empty file system in memory, from which programs can be run, for one user alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InMemory {
    pub path: String,
    pub uid: u32,
    pub gid: u32,
}

/// How much of a container's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything, and what comes until the container ends.
    AndOn,
    UpToNow,
    /// The last message.
    Last,
}

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was made and never started.
    Created,
    Running,
    Ended,
}

/// What Docker remembers of what was done to a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past {
    /// A signal was sent through the engine that ends a process: somebody stopped the container, or the engine did so
    /// because it was to end itself.
    pub was_stopped: bool,
    /// It remembers the end. It forgets with its own.
    pub has_end: bool,
}

/// A container as the engine has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub id: String,
    pub labels: HashMap<String, String>,
    pub state: State,
    pub exit_code: i64,
    pub out_of_memory: bool,
    /// The engine's words, where it could not start or keep it.
    pub error: String,
    /// As RFC 3339 has it; none before it starts, and before it ends.
    pub started_on: Option<String>,
    pub finished_on: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    id: String,
    state: AnsweredState,
    config: AnsweredConfiguration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnsweredState {
    status: String,
    #[serde(default)]
    exit_code: i64,
    #[serde(default, rename = "OOMKilled")]
    out_of_memory: bool,
    #[serde(default)]
    error: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnsweredConfiguration {
    labels: Option<HashMap<String, String>>,
}

/// Tells whether a signal, by its number, ends a process that does not handle it, or is the one of an image for that.
fn ends(signal: &str) -> bool {
    // SIGUSR1, SIGUSR2, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH: processes are told
    // something by them.
    !matches!(
        signal,
        "10" | "12" | "17" | "18" | "19" | "20" | "21" | "22" | "23" | "28"
    )
}

impl Engine {
    /// Returns the container of this name or id, if any.
    ///
    /// # Errors
    /// The engine's.
    pub async fn container(&self, name: &str) -> Result<Option<Container>> {
        let doing = format!("inspect container `{name}`");
        let answer = within(
            self.timeout,
            request::get(&self.socket, &format!("/containers/{name}/json")),
        )
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|error| {
            Error::new(
                Kind::Unreachable,
                format!("cannot {doing}: {}", failure::with_sources(&error)),
            )
            .with_remedy(super::look_at(&self.socket))
        })?;
        let said = |words: String| {
            Error::new(Kind::Failed, format!("cannot {doing}: {words}"))
                .with_remedy("see the engine's log on the host, then run again")
        };
        match answer.status().as_u16() {
            404 => Ok(None),
            200 => serde_json::from_slice(answer.body())
                .map(|answer: Answer| Some(answer.into()))
                .map_err(|error| said(error.to_string())),
            _ => Err(said(String::from_utf8_lossy(answer.body()).trim().to_owned())),
        }
    }

    /// Makes a container and returns its id.
    ///
    /// # Errors
    /// The engine's; `Refused` for a name that is taken.
    pub async fn create_container(&self, specification: &Specification) -> Result<String> {
        let product = self.identity().await?.product;
        let options = CreateContainerOptionsBuilder::new()
            .name(&specification.name)
            .build();
        self.docker
            .create_container(Some(options), body(specification, product))
            .await
            .map(|answer| answer.id)
            .map_err(|error| {
                let doing = format!("create container `{}`", specification.name);
                match failure::words(&error) {
                    words if words.contains("already in use") => {
                        Error::new(Kind::Refused, format!("cannot {doing}: {words}"))
                            .with_remedy("find out who else makes containers of that name, then run again")
                    }
                    _ => failure::engine(&error, &doing),
                }
            })
    }

    /// # Errors
    /// The engine's: among them that the command does not exist, or the user.
    pub async fn start_container(&self, id: &str) -> Result<()> {
        self.docker
            .start_container(id, None::<StartContainerOptions>)
            .await
            .map_err(|error| failure::engine(&error, "start the container"))
    }

    /// Returns what the container has written, a message of its log at a time.
    pub fn container_log(&self, id: &str, part: Part) -> impl Stream<Item = Result<Bytes>> + use<> {
        let (follow, tail) = match part {
            Part::AndOn => (true, "all"),
            Part::UpToNow => (false, "all"),
            Part::Last => (false, "1"),
        };
        let options = LogsOptionsBuilder::new()
            .follow(follow)
            .stdout(true)
            .stderr(true)
            .tail(tail)
            .build();
        self.docker.logs(id, Some(options)).map(|chunk| {
            chunk
                .map(bollard::container::LogOutput::into_bytes)
                .map_err(|error| failure::engine(&error, "read the container's log"))
        })
    }

    /// Returns what Docker remembers of a container that has ended just now.
    ///
    /// # Errors
    /// The engine's.
    pub async fn container_past(&self, id: &str) -> Result<Past> {
        let filters = HashMap::from([("container", vec![id]), ("event", vec!["kill", "die"])]);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let options = EventsOptionsBuilder::new()
            .since("1")
            .until(&format!("{}.{:09}", now.as_secs(), now.subsec_nanos()))
            .filters(&filters)
            .build();
        let mut past = Past::default();
        let read = async {
            let mut events = std::pin::pin!(self.docker.events(Some(options)));
            while let Some(event) = events.next().await {
                let event = event?;
                let attributes = event.actor.and_then(|actor| actor.attributes).unwrap_or_default();
                match event.action.as_deref() {
                    Some("die") => past.has_end = true,
                    Some("kill") => {
                        past.was_stopped |= attributes.get("signal").is_none_or(|signal| ends(signal));
                    }
                    _ => {}
                }
            }
            Ok(())
        };
        within(self.timeout, read)
            .await
            .unwrap_or(Err(EngineError::RequestTimeoutError))
            .map_err(|error| failure::engine(&error, "ask what was done to the container"))?;
        Ok(past)
    }

    /// Stops the container: it is asked to end, and killed after `grace`. That it is gone already is no error.
    ///
    /// # Errors
    /// The engine's.
    pub async fn stop_container(&self, id: &str, grace: Duration) -> Result<()> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        match self.docker.stop_container(id, Some(options)).await {
            // 304: it had ended by then.
            Ok(())
            | Err(EngineError::DockerResponseServerError {
                status_code: 304 | 404,
                ..
            }) => Ok(()),
            Err(error) => Err(failure::engine(&error, "stop the container")),
        }
    }

    /// Removes a container that has ended, with the volumes that nobody named. That it is gone is no error.
    ///
    /// # Errors
    /// The engine's.
    pub async fn remove_container(&self, id: &str) -> Result<()> {
        let options = RemoveContainerOptionsBuilder::new().v(true).build();
        match self.docker.remove_container(id, Some(options)).await {
            Ok(()) | Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            Err(error) => Err(failure::engine(&error, "remove the container")),
        }
    }

    /// Returns the content of a small file in the container, which need not run; `None` where there is none.
    ///
    /// # Errors
    /// The engine's.
    pub async fn file_in_container(&self, id: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let mut stream = std::pin::pin!(self.docker.download_from_container(id, Some(options)));
        let mut content = Vec::new();
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) if content.len() + chunk.len() > archive::LARGEST => break,
                Ok(chunk) => content.extend_from_slice(&chunk),
                Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => return Ok(None),
                Err(error) => return Err(failure::engine(&error, &format!("read `{path}` of the image"))),
            }
        }
        Ok(archive::first_file(&content).map(<[u8]>::to_vec))
    }
}

impl InMemory {
    fn options(&self, product: Product) -> String {
        let owner = match product {
            // With an owner of its own: whatever the mode of the directory that it hides, that user can write there.
            Product::Docker => format!("uid={},gid={},mode=0700", self.uid, self.gid),
            // Podman knows no owners here; a container has one user.
            Product::Podman => "mode=1777".to_owned(),
        };
        format!("exec,nosuid,nodev,{owner}")
    }
}

fn limit(name: &str, value: i64) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(name.to_owned()),
        soft: Some(value),
        hard: Some(value),
    }
}

/// Returns the specification as this engine takes it.
fn body(specification: &Specification, product: Product) -> ContainerCreateBody {
    let Specification {
        name: _,
        image,
        command,
        environment,
        labels,
        user,
        binds,
        in_memory,
        capabilities_dropped,
        security_options,
        memory,
        nano_processors,
        processes,
        open_files,
        processes_of_user,
        network,
        read_only,
    } = specification;
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    ContainerCreateBody {
        image: Some(image.clone()),
        cmd: command.clone(),
        env: Some(
            environment
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        labels: Some(labels.clone()),
        user: user.clone(),
        host_config: Some(HostConfig {
            mounts: Some(
                binds
                    .iter()
                    .map(|Bind { source, target }| Mount {
                        typ: Some(MountType::BIND),
                        source: Some(source.clone()),
                        target: Some(target.clone()),
                        read_only: Some(false),
                        ..Mount::default()
                    })
                    .collect(),
            ),
            tmpfs: Some(
                in_memory
                    .iter()
                    .map(|one| (one.path.clone(), one.options(product)))
                    .collect(),
            ),
            cap_drop: Some(capabilities_dropped.clone()),
            security_opt: Some(security_options.clone()),
            memory: Some(signed(*memory)),
            // As much as the memory means: no swap on top.
            memory_swap: Some(signed(*memory)),
            nano_cpus: Some(signed(*nano_processors)),
            pids_limit: Some(signed(*processes)),
            // Left to itself, Podman asks for more than a host may allow it, and then starts nothing.
            ulimits: Some(vec![
                limit("core", 0),
                limit("nofile", signed(*open_files)),
                limit("nproc", signed(*processes_of_user)),
            ]),
            network_mode: Some(network.clone()),
            ipc_mode: Some("private".to_owned()),
            privileged: Some(false),
            readonly_rootfs: Some(*read_only),
            // Whatever the engine's own default, this one can be read back. (Podman calls its own so, too.)
            log_config: Some(HostConfigLogConfig {
                typ: Some("json-file".to_owned()),
                config: None,
            }),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

impl From<Answer> for Container {
    fn from(answer: Answer) -> Self {
        // An event that has not come yet is told as the year one.
        let happened =
            |time: Option<String>| time.filter(|time| !time.is_empty() && !time.starts_with("0001-"));
        Self {
            id: answer.id,
            labels: answer.config.labels.unwrap_or_default(),
            state: match answer.state.status.as_str() {
                "created" | "configured" | "initialized" => State::Created,
                "running" | "paused" | "restarting" | "stopping" => State::Running,
                _ => State::Ended,
            },
            exit_code: answer.state.exit_code,
            out_of_memory: answer.state.out_of_memory,
            error: answer.state.error,
            started_on: happened(answer.state.started_at),
            finished_on: happened(answer.state.finished_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(status: &str) -> Container {
        let text = format!(
            r#"{{"Id":"c","State":{{"Status":"{status}","ExitCode":3,"OOMKilled":true,"StartedAt":"2026-01-01T00:00:00Z",
            "FinishedAt":"0001-01-01T00:00:00Z","Paused":false}},"Config":{{"Labels":null}},"Name":"/x"}}"#
        );
        serde_json::from_str::<Answer>(&text).unwrap().into()
    }

    #[test]
    fn every_engines_words_for_a_state_are_understood() {
        for (status, expected) in [
            ("created", State::Created),
            ("configured", State::Created),
            ("running", State::Running),
            ("paused", State::Running),
            ("stopping", State::Running),
            ("exited", State::Ended),
            ("stopped", State::Ended),
            ("dead", State::Ended),
        ] {
            assert_eq!(container(status).state, expected, "{status}");
        }
    }

    #[test]
    fn a_time_that_has_not_come_is_none() {
        let container = container("running");
        assert_eq!(container.started_on.as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(container.finished_on, None);
        assert!(container.out_of_memory && container.labels.is_empty());
    }

    #[test]
    fn engines_are_told_all_that_confines() {
        let specification = Specification {
            name: "x".to_owned(),
            image: "sha256:1".to_owned(),
            command: None,
            environment: vec![("A".to_owned(), "b=c".to_owned())],
            labels: HashMap::new(),
            user: Some("1000:1000".to_owned()),
            binds: vec![Bind {
                source: "/staging".to_owned(),
                target: "/artifacts".to_owned(),
            }],
            in_memory: vec![InMemory {
                path: "/tmp".to_owned(),
                uid: 1000,
                gid: 5,
            }],
            capabilities_dropped: vec!["ALL".to_owned()],
            security_options: vec!["no-new-privileges:true".to_owned()],
            memory: 1 << 30,
            nano_processors: 1_500_000_000,
            processes: 100,
            open_files: 1024,
            processes_of_user: 4096,
            network: "none".to_owned(),
            read_only: true,
        };
        let options = |product| {
            let sent = serde_json::to_value(body(&specification, product)).unwrap();
            sent["HostConfig"]["Tmpfs"]["/tmp"].as_str().map(str::to_owned)
        };
        assert_eq!(
            options(Product::Docker).as_deref(),
            Some("exec,nosuid,nodev,uid=1000,gid=5,mode=0700")
        );
        assert_eq!(
            options(Product::Podman).as_deref(),
            Some("exec,nosuid,nodev,mode=1777")
        );
        let sent = serde_json::to_value(body(&specification, Product::Docker)).unwrap();
        for (pointer, expected) in [
            ("/Env/0", serde_json::json!("A=b=c")),
            ("/User", serde_json::json!("1000:1000")),
            ("/HostConfig/CapDrop", serde_json::json!(["ALL"])),
            (
                "/HostConfig/SecurityOpt",
                serde_json::json!(["no-new-privileges:true"]),
            ),
            ("/HostConfig/Memory", serde_json::json!(1 << 30)),
            ("/HostConfig/MemorySwap", serde_json::json!(1 << 30)),
            ("/HostConfig/NanoCpus", serde_json::json!(1_500_000_000)),
            ("/HostConfig/PidsLimit", serde_json::json!(100)),
            ("/HostConfig/Privileged", serde_json::json!(false)),
            ("/HostConfig/ReadonlyRootfs", serde_json::json!(true)),
            ("/HostConfig/NetworkMode", serde_json::json!("none")),
            ("/HostConfig/Mounts/0/Source", serde_json::json!("/staging")),
            ("/HostConfig/Mounts/0/Type", serde_json::json!("bind")),
            ("/HostConfig/Ulimits/2/Soft", serde_json::json!(4096)),
            (
                "/HostConfig/Ulimits/1",
                serde_json::json!({ "Name": "nofile", "Soft": 1024, "Hard": 1024 }),
            ),
        ] {
            assert_eq!(sent.pointer(pointer), Some(&expected), "{pointer}");
        }
        for pointer in [
            "/HostConfig/Binds",
            "/HostConfig/Devices",
            "/HostConfig/CapAdd",
            "/HostConfig/PidMode",
        ] {
            assert_eq!(sent.pointer(pointer), None, "{pointer}");
        }
    }
}
