//! Batch builds and all automation: `cargo xtask VERB`, a verb a file.
//!
//! Prints and picks the exit code: 0 done, 1 failed, 2 wrong usage.
//!
//! Compiled twice, and on purpose. The checks need no engine, so what `cargo xtask` starts is small and not
//! optimised. `build`, `compare` and `tile` cut tiles, which unoptimised code does many times slower; so they run
//! this same program once more, in the release profile and with the engine in it (the feature `engine`). The
//! command line is built in that profile too and shares the work.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program for people")]

use std::process::ExitCode;

#[cfg(feature = "engine")]
mod build;
#[cfg(feature = "engine")]
mod compare;
#[cfg(feature = "engine")]
mod tile;
mod bench;
mod measure;
mod ci;
mod tidy;
mod bless;
mod fuzz;
mod judge;
mod run;
mod usage;
mod values;
mod table;
mod spread;

use usage::Usage;

/// The verbs, as `dispatch` knows them.
const VERBS: [&str; 11] =
    ["build", "ci", "tidy", "bless", "fuzz", "judge", "bench", "compare", "tile", "measure", "help"];

const HELP: &str = "\
Batch builds and automation of zellige.

usage: cargo xtask VERB [ARGUMENTS]

  build JOBS.json    build the tilesets and packs that a file lists; what has not changed is skipped
      --only NAME    only the job of this name; may be given several times
      --force        build also what has not changed
      --jobs N       so many jobs at a time, which share threads and memory (1)
      --quiet        print nothing but errors and the table at the end
  ci                 all checks: format, tidy, lints, documentation, benches, example, tests
  tidy               the checks that compilers do not make: arrows between crates, headers, sizes
  bless              writes what the golden cases give now; read the difference before you keep it
  fuzz TARGET        run a fuzz target of `fuzz/`; needs a nightly compiler and cargo-fuzz
      --seconds N    for so long (600)
  judge borders SOURCE TILESET LAYER [ZOOM]...
                     gaps and overlaps between neighbouring polygons of a PMTiles file, by GEOS; needs Python
                     with shapely, pmtiles and mapbox-vector-tile
  judge maps PACK STYLE_URL LON LAT ZOOM OUT.png [SIZE]
                     a picture of a maps pack by MapLibre Native, without a network; needs Python with pymgl and
                     pillow, and xvfb
  judge outlines ZELLIGE SOURCE [ZOOM]
                     how far outlines and lines lie from the source at a zoom (14) with nothing simplified, and whether
                     lines keep their length; needs Python with shapely, pmtiles and mapbox-vector-tile
  judge rings ZELLIGE [N_RINGS [SEED]]
                     random rings that cross and touch themselves (100000): valid, and as large as they should be; needs
                     Python with shapely, pmtiles and mapbox-vector-tile
  judge routes ROADS PACK [PAIRS]
                     routes on a navigation pack against those on tiles that Valhalla's own builder makes of the same
                     roads; needs Python 3.12 with pyvalhalla, and osmium
  judge rules ZELLIGE
                     routes on navigation packs that the program makes of small drawn networks: one-way streets,
                     bridges, turn restrictions and others; needs Python 3.12 with pyvalhalla
  judge tiles ZELLIGE SOURCE [ZOOM]...
                     whether polygons are valid and as large as in the source, no feature is lost, and neighbouring
                     tiles agree, at four margins and some zooms (4 6 8); needs Python with shapely, pmtiles and mapbox-vector-tile
  bench --base REVISION
                     this tree against another revision: criterion benches and whole runs of both, in turn; prints
                     ratios, below 1 where this tree is faster
      --bench NAME   only this bench, several times; none of them when only files are given
      --filter TEXT  only measurements whose names contain this
      --publish FILE@MAXZOOM
                     a file that is published as a whole, several times
      --rounds N  --seconds N
                     so many pairs of runs (3), and so long a measurement (1)
      --json         everything that was measured
  compare [INPUT]... wall and CPU time, peak memory and bytes of this tiler and of others, where they are installed, on
                     inputs by name or as FILE@MAXZOOM; see `docs/performance.md`
      --data DIR     where files of inputs are, several times (the folder that ZELLIGE_DATA names, if it is set, and
                     target/compare/made)
      --make DIR     makes the large inputs, about 900 MB, and ends
      --peer NAME    only this peer, several times: tippecanoe, freestiler, or none
      --tippecanoe PATH  --python PATH
                     programs that are not on the path; the interpreter has freestiler and geopandas
      --rounds N     so many runs of each tiler, in turn (3)
      --growth       this tiler alone, on one, four and sixteen times the input, copies of it around the world; inputs
                     that leave no room for them are left out
      --levels       this tiler alone, at several compression levels
      --level N  --memory SIZE  --own-detail
                     how this tiler runs; --own-detail simplifies and overlaps as its recipes do, not as peers do
      --markdown  --json
                     the form of the results
      --work DIR     where tilesets are written (target/compare)
  tile OUTPUT MAXZOOM LAYER=FILE...
                     cuts files with nothing left out, as `compare` does; takes --level, --memory and --as-peers
  measure PROGRAM [ARGUMENTS]
                     runs a program and prints its wall and CPU time and its peak memory as JSON
  help               this text

Exit codes: 0 done, 1 failed, 2 wrong usage.

examples:
  cargo xtask build testdata/jobs/world.json
  cargo xtask build testdata/jobs/world.json --only liechtenstein --force
  cargo xtask ci
  cargo xtask fuzz recipe --seconds 60
";

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<Usage>() { 2 } else { 1 })
        }
    }
}

fn dispatch(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (verb, rest) = arguments.split_first().map_or(("help", &[][..]), |(verb, rest)| (verb, rest));
    let wants_help = rest.iter().any(|argument| argument == "--help" || argument == "-h");
    match verb {
        "help" | "--help" | "-h" => help(),
        _ if wants_help && verb != "measure" => help(),
        "build" | "compare" | "tile" => engine(verb, rest),
        "bench" => bench::run(rest),
        "measure" => measure::run(rest),
        "ci" => usage::none(verb, rest).and_then(|()| ci::run()),
        "tidy" => usage::none(verb, rest).and_then(|()| tidy::run()),
        "bless" => usage::none(verb, rest).and_then(|()| bless::run()),
        "fuzz" => fuzz::run(rest),
        "judge" => judge::run(rest),
        _ => Err(usage::unknown("verb", verb, &VERBS)),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a verb like the others")]
fn help() -> anyhow::Result<ExitCode> {
    print!("{HELP}");
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "engine")]
fn engine(verb: &str, arguments: &[String]) -> anyhow::Result<ExitCode> {
    match verb {
        "build" => build::run(arguments),
        "compare" => compare::run(arguments),
        _ => tile::run(arguments),
    }
}

/// Starts this program again, optimised and with the engine.
#[cfg(not(feature = "engine"))]
fn engine(verb: &str, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let manifest = run::root().join("Cargo.toml");
    let status = run::cargo(["run", "--release", "--package", "xtask", "--features", "engine"])
        .arg("--manifest-path")
        .arg(manifest)
        .args(arguments.iter().find(|argument| *argument == "--quiet"))
        .args(["--", verb])
        .args(arguments)
        .status()?;
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code.clamp(0, 255) as u8)))
}
