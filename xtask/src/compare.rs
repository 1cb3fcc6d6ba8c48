//! Measures this tiler against others: `cargo xtask compare [INPUT]…`.
//!
//! In:     inputs by the names of `workload`, or files; the other tilers, where they are installed.
//! Out:    a table of wall and CPU time, peak memory and bytes, with ratios; what of the work was not equal.
//! Keeps:  rounds: all tilers run once before any runs again, so that a busy hour is busy for all of them.
//!
//! With `--growth` the inputs are cut once, four and sixteen times as large, with `--levels` at several
//! compression levels; both run this tiler alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::run;
use crate::usage::{self, Usage};
use crate::values;

mod made;
mod workload;
mod tiler;
mod tileset;
mod rounds;
mod form;
mod report;
mod growth;
mod levels;

use form::Form;
use tiler::Ours;
use workload::Workload;

/// The variable that names a folder of real files.
const DATA: &str = "ZELLIGE_DATA";
/// Memory for pieces while growth is measured, unless it is said.
const GROWTH_MEMORY_BYTES: u64 = 256 << 20;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Peers,
    Growth,
    Levels,
}

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    subject: Subject,
    form: Form,
    inputs: Vec<String>,
    /// Where files of inputs are looked for, in this order.
    data: Vec<PathBuf>,
    make: Option<PathBuf>,
    peers: Vec<String>,
    tippecanoe: String,
    python: String,
    rounds: usize,
    ours: Ours,
    work: PathBuf,
}

/// Measures what the arguments ask for.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let real = std::env::var_os(DATA).map(PathBuf::from);
    let arguments = Arguments::parse(arguments, &run::target()?, real)?;
    if let Some(folder) = &arguments.make {
        made::write(folder, &mut |sentence| eprintln!("{sentence}"))
            .with_context(|| format!("making inputs in `{}` failed", folder.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let work = &arguments.work;
    std::fs::create_dir_all(work).with_context(|| format!("making `{}` failed", work.display()))?;
    let workloads = workload::find(&arguments.inputs, &arguments.data, work)?;
    anyhow::ensure!(
        !workloads.is_empty(),
        "no input was found; name a folder with `--data` or `{DATA}`, or make some with `--make FOLDER`"
    );
    match arguments.subject {
        Subject::Peers => compare(&arguments, &workloads)?,
        Subject::Growth => growth::run(&arguments, &workloads)?,
        Subject::Levels => levels::run(&arguments, &workloads)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(arguments: &Arguments, workloads: &[Workload]) -> anyhow::Result<()> {
    let tilers = tiler::installed(arguments)?;
    let mut results = Vec::new();
    for workload in workloads {
        results.push(rounds::run(workload, &tilers, arguments.rounds, &arguments.work)?);
    }
    match arguments.form {
        Form::Screen => print!("{}", report::screen(&results)),
        Form::Markdown => print!("{}", report::markdown(&results, &tilers)),
        Form::Json => println!("{:#}", report::json(&results, &tilers)),
    }
    Ok(())
}

impl Arguments {
    /// Reads what was typed. What it does not say follows from the target directory and the folder of real files, if
    /// there is one.
    fn parse(arguments: &[String], target: &Path, real: Option<PathBuf>) -> anyhow::Result<Self> {
        const FLAGS: [&str; 14] = [
            "--growth",
            "--levels",
            "--json",
            "--markdown",
            "--data",
            "--make",
            "--peer",
            "--tippecanoe",
            "--python",
            "--rounds",
            "--memory",
            "--level",
            "--own-detail",
            "--work",
        ];
        let target = target.join("compare");
        let mut parsed = Self {
            subject: Subject::Peers,
            form: Form::Screen,
            inputs: Vec::new(),
            data: Vec::new(),
            make: None,
            peers: Vec::new(),
            tippecanoe: tiler::TIPPECANOE.to_owned(),
            python: std::env::var(run::PYTHON).unwrap_or_else(|_| "python3".to_owned()),
            rounds: 3,
            ours: Ours { level: None, memory_bytes: None, as_peers: true },
            work: target.clone(),
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Usage(format!("`{argument}` needs a value")));
            match argument.as_str() {
                "--growth" => parsed.subject = Subject::Growth,
                "--levels" => parsed.subject = Subject::Levels,
                "--json" => parsed.form = Form::Json,
                "--markdown" => parsed.form = Form::Markdown,
                "--data" => parsed.data.push(value()?.into()),
                "--make" => parsed.make = Some(value()?.into()),
                "--peer" => parsed.peers.push(known_peer(value()?)?),
                "--tippecanoe" => value()?.clone_into(&mut parsed.tippecanoe),
                "--python" => value()?.clone_into(&mut parsed.python),
                "--rounds" => parsed.rounds = values::rounds(value()?)?,
                "--memory" => parsed.ours.memory_bytes = Some(values::memory(value()?)?),
                "--level" => parsed.ours.level = Some(values::level(value()?)?),
                "--own-detail" => parsed.ours.as_peers = false,
                "--work" => parsed.work = value()?.into(),
                _ if argument.starts_with('-') => return Err(usage::unknown("flag", argument, &FLAGS)),
                _ => parsed.inputs.push(argument.clone()),
            }
        }
        if parsed.data.is_empty() {
            parsed.data = real.into_iter().chain([target.join("made")]).collect();
        }
        if parsed.subject == Subject::Growth {
            parsed.ours.memory_bytes.get_or_insert(GROWTH_MEMORY_BYTES);
        }
        Ok(parsed)
    }
}

fn known_peer(name: &str) -> anyhow::Result<String> {
    if name != tiler::NONE && !tiler::PEERS.contains(&name) {
        return Err(usage::unknown("peer", name, &[&tiler::PEERS[..], &[tiler::NONE]].concat()));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: Result<&str, &str>) {
        let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
        let parsed = Arguments::parse(&arguments, Path::new("t"), None);
        let told = parsed.map_err(|error| error.to_string()).map(|parsed| {
            let Arguments { subject, form, inputs, data, peers, rounds, ours, .. } = parsed;
            format!("{subject:?} {form:?} {inputs:?} {data:?} {peers:?} {rounds} {:?}", ours.memory_bytes)
        });
        assert_eq!(told, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn inputs_and_flags_stand_in_any_order() {
        check("", Ok(r#"Peers Screen [] ["t/compare/made"] [] 3 None"#));
        check(
            "roads --data d --peer tippecanoe --rounds 5 census --json",
            Ok(r#"Peers Json ["roads", "census"] ["d"] ["tippecanoe"] 5 None"#),
        );
        check("--growth roads", Ok(r#"Growth Screen ["roads"] ["t/compare/made"] [] 3 Some(268435456)"#));
        check("--levels --memory 1GiB", Ok(r#"Levels Screen [] ["t/compare/made"] [] 3 Some(1073741824)"#));
    }

    #[test]
    fn real_files_stand_before_made_ones() {
        let parsed = Arguments::parse(&[], Path::new("t"), Some("real".into())).unwrap();
        assert_eq!(parsed.data, [PathBuf::from("real"), "t/compare/made".into()]);
        assert_eq!(parsed.work, Path::new("t/compare"));
    }

    #[test]
    fn wrong_usage_is_explained() {
        check("--rounds 0", Err("`0` is no number of rounds, expected 1 to 99"));
        check("--rounds", Err("`--rounds` needs a value"));
        check(
            "--peer tippercanoe",
            Err("unknown peer `tippercanoe`, did you mean `tippecanoe`?; see `cargo xtask help`"),
        );
        check(
            "--markdon",
            Err("unknown flag `--markdon`, did you mean `--markdown`?; see `cargo xtask help`"),
        );
    }
}
