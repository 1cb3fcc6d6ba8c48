//! Batch builds: `cargo xtask build JOBS.json`.
//!
//! In:     a file that lists jobs, see `docs/batch.md`.
//! Out:    their tilesets and then their packs, a stamp beside each, and a table at the end.
//! Keeps:  what has not changed since its last build; the order of the file in the table. A job that fails
//!         leaves its old tileset as it was and stops no other.
//!
//! With `--jobs N` this program starts threads that do nothing but wait for jobs; each job has the share of
//! the machine's threads and memory that N leaves it, unless the file gives it numbers of its own.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::Value;
use zellige::Settings;
use zellige::pack::file;

use crate::usage::{self, Usage};
use crate::values;

mod jobs;
mod stamp;
mod publish;
mod packs;
mod table;

use jobs::Batch;
use publish::Share;

/// Jobs that may run at a time.
const JOBS_MAX: usize = 64;
/// Bytes of a file of jobs, with the recipes and regions that stand in it.
const FILE_BYTES_MAX: usize = 64 << 20;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    file: PathBuf,
    only: Vec<String>,
    force: bool,
    jobs: usize,
    quiet: bool,
}

/// How a job ended.
#[derive(Debug)]
struct Outcome {
    status: Status,
    elapsed: Duration,
    /// The job object of the build that made the tileset; nothing when there is none.
    report: Option<Value>,
}

impl Outcome {
    /// Builds a job and says how it ended; `tell` goes on with what was built, unless all is to be `quiet`.
    fn of(
        name: &str,
        quiet: bool,
        build: impl FnOnce() -> anyhow::Result<(Status, Option<Value>)>,
        tell: impl FnOnce(&Value),
    ) -> Self {
        let started = Instant::now();
        let (status, report) = build().unwrap_or_else(|error| {
            eprintln!("{name}: failed: {error:#}");
            (Status::Failed, None)
        });
        let elapsed = started.elapsed();
        if let (Status::Built, Some(report), false) = (status, &report, quiet) {
            println!("{name}: built in {:.1} s", elapsed.as_secs_f64());
            tell(report);
        }
        Self { status, elapsed, report }
    }
}

/// Tells the warnings or notes of a job, each on its first line.
fn warn(name: &str, word: &str, report: &Value) {
    for warning in report["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        eprintln!("{name}: {word}: {}", warning.lines().next().unwrap_or_default());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Built,
    Unchanged,
    Failed,
}

/// Builds what the arguments ask for.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse(arguments)?;
    let Batch { jobs, packs } = chosen(read(&arguments.file)?, &arguments.only)?;
    let (force, quiet) = (arguments.force, arguments.quiet);
    let n_threads = arguments.jobs;
    let mut outcomes = run_all(&jobs, n_threads, |job, share| publish::run(job, share, force, quiet));
    // Packs are made of tilesets, so those come first.
    outcomes.extend(run_all(&packs, n_threads, |pack, share| packs::run(pack, share, force, quiet)));
    let names = jobs.iter().map(|job| job.name.as_str()).chain(packs.iter().map(|pack| pack.name.as_str()));
    print!("{}", table::summary(&names.collect::<Vec<_>>(), &outcomes));
    let failed = outcomes.iter().any(|outcome| outcome.status == Status::Failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Arguments {
    fn parse(arguments: &[String]) -> anyhow::Result<Self> {
        const FLAGS: [&str; 4] = ["--only", "--force", "--jobs", "--quiet"];
        let mut parsed = Self { file: PathBuf::new(), only: Vec::new(), force: false, jobs: 1, quiet: false };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let (flag, attached) = argument
                .split_once('=')
                .map_or((argument.as_str(), None), |(flag, value)| (flag, Some(value)));
            let mut value = || {
                let value = attached.or_else(|| rest.next().map(String::as_str));
                value.ok_or_else(|| Usage(format!("`{flag}` needs a value")))
            };
            match flag {
                "--only" => parsed.only.push(value()?.to_owned()),
                "--jobs" => parsed.jobs = values::count("jobs", value()?, JOBS_MAX)?,
                "--force" | "--quiet" if attached.is_some() => {
                    return Err(Usage(format!("`{flag}` takes no value")).into());
                }
                "--force" => parsed.force = true,
                "--quiet" => parsed.quiet = true,
                _ if argument.starts_with('-') => return Err(usage::unknown("flag", flag, &FLAGS)),
                _ if parsed.file.as_os_str().is_empty() => parsed.file = argument.into(),
                _ => return Err(Usage(format!("`build` takes one file, found also `{argument}`")).into()),
            }
        }
        if parsed.file.as_os_str().is_empty() {
            let text = "`build` needs a file that lists jobs, such as `testdata/jobs/world.json`";
            return Err(Usage(text.to_owned()).into());
        }
        Ok(parsed)
    }
}

/// Reads the file of jobs; what is wrong with it is told all at once.
fn read(path: &Path) -> anyhow::Result<Batch> {
    let failure = || Usage(format!("reading the jobs in `{}` failed", path.display()));
    let bytes = file::read(path, FILE_BYTES_MAX).with_context(failure)?;
    let text = String::from_utf8(bytes).with_context(failure)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    jobs::parse(&text, folder).map_err(|problems| {
        Usage(format!("`{}` is refused:\n  {}", path.display(), problems.join("\n  "))).into()
    })
}

fn chosen(mut batch: Batch, only: &[String]) -> anyhow::Result<Batch> {
    if only.is_empty() {
        return Ok(batch);
    }
    let names = batch.jobs.iter().map(|job| &job.name).chain(batch.packs.iter().map(|pack| &pack.name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(usage::unknown("job", unknown, &names));
    }
    batch.jobs.retain(|job| only.contains(&job.name));
    batch.packs.retain(|pack| only.contains(&pack.name));
    Ok(batch)
}

/// Returns what each of `n_jobs` at a time may use of the machine.
fn share(n_jobs: usize) -> Share {
    let n_jobs = n_jobs.max(1);
    let machine = Settings::for_machine();
    Share {
        threads: NonZeroUsize::new(machine.threads.get() / n_jobs).unwrap_or(NonZeroUsize::MIN),
        memory_bytes: machine.memory_bytes / n_jobs as u64,
    }
}

/// Runs the jobs, `n_threads` of them at a time, and returns how they ended, in their own order.
fn run_all<J: Sync>(
    jobs: &[J],
    n_threads: usize,
    run: impl Fn(&J, &Share) -> Outcome + Sync,
) -> Vec<Outcome> {
    let n_threads = n_threads.min(jobs.len());
    let share = share(n_threads);
    let next = AtomicUsize::new(0);
    let ended = Mutex::new(Vec::new());
    let work = || {
        while let Some((number, job)) = take(jobs, &next) {
            let outcome = run(job, &share);
            ended.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
        }
    };
    thread::scope(|scope| {
        for _ in 1..n_threads {
            scope.spawn(work);
        }
        work();
    });
    let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    ended.sort_by_key(|(number, _)| *number);
    ended.into_iter().map(|(_, outcome)| outcome).collect()
}

fn take<'j, J>(jobs: &'j [J], next: &AtomicUsize) -> Option<(usize, &'j J)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, jobs.get(number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: Result<Arguments, &str>) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let parsed = Arguments::parse(&arguments).map_err(|error| error.to_string());
        assert_eq!(parsed, expected.map_err(str::to_owned));
    }

    #[test]
    fn flags_stand_anywhere_and_take_their_value_in_both_forms() {
        let expected = || Arguments {
            file: "a.json".into(),
            only: vec!["x".into(), "y".into()],
            force: true,
            jobs: 2,
            quiet: false,
        };
        check("--only x a.json --force --only=y --jobs 2", Ok(expected()));
        check("a.json --jobs=2 --only x --only y --force", Ok(expected()));
    }

    #[test]
    fn wrong_usage_is_explained() {
        check("", Err("`build` needs a file that lists jobs, such as `testdata/jobs/world.json`"));
        check("a.json b.json", Err("`build` takes one file, found also `b.json`"));
        check("a.json --job 2", Err("unknown flag `--job`, did you mean `--jobs`?; see `cargo xtask help`"));
        check("a.json --force=no", Err("`--force` takes no value"));
        check("a.json --jobs", Err("`--jobs` needs a value"));
        check("a.json --jobs 0", Err("`0` is no number of jobs, expected 1 to 64"));
    }

    #[test]
    fn file_of_jobs_is_text_and_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let check = |path: &Path, expected: &str| {
            let error = read(path).unwrap_err();
            assert!(error.is::<Usage>());
            assert_eq!(
                format!("{error:#}"),
                format!("reading the jobs in `{}` failed: {expected}", path.display())
            );
        };
        std::fs::write(&path, [b'{', 0xff]).unwrap();
        check(&path, "invalid utf-8 sequence of 1 bytes from index 1");
        check(Path::new("/dev/zero"), "`/dev/zero` has more than 67108864 bytes");
    }
}
