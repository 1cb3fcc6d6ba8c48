//! Batch builds and all automation: `cargo xtask VERB`, a verb a file.
//!
//! Prints and picks the exit code: 0 done, 1 failed, 2 wrong usage.
//!
//! Compiled twice, and on purpose. The checks need no engine, so what `cargo xtask` starts is small and not
//! optimised. `build` cuts tiles, which unoptimised code does many times slower; so it runs this same
//! program once more, in the release profile and with the engine in it (the feature `engine`). The
//! command line is built in that profile too and shares the work.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program for people")]

use std::process::ExitCode;

#[cfg(feature = "engine")]
mod build;
mod ci;
mod tidy;
mod bless;
mod fuzz;
mod judge;
mod run;
mod usage;

use usage::Usage;

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
  judge routes ROADS PACK [PAIRS]
                     routes on a navigation pack against those on tiles that Valhalla's own builder makes of the same
                     roads; needs Python 3.12 with pyvalhalla, and osmium
  judge rules ZELLIGE
                     routes on navigation packs that the program makes of small drawn networks: one-way streets,
                     bridges, turn restrictions and others; needs Python 3.12 with pyvalhalla
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
        _ if wants_help => help(),
        "build" => build(rest),
        "ci" => usage::none(verb, rest).and_then(|()| ci::run()),
        "tidy" => usage::none(verb, rest).and_then(|()| tidy::run()),
        "bless" => usage::none(verb, rest).and_then(|()| bless::run()),
        "fuzz" => fuzz::run(rest),
        "judge" => judge::run(rest),
        _ => Err(usage::unknown("verb", verb, &["build", "ci", "tidy", "bless", "fuzz", "judge", "help"])),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a verb like the others")]
fn help() -> anyhow::Result<ExitCode> {
    print!("{HELP}");
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "engine")]
fn build(arguments: &[String]) -> anyhow::Result<ExitCode> {
    build::run(arguments)
}

/// Starts this program again, optimised and with the engine.
#[cfg(not(feature = "engine"))]
fn build(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let manifest = run::root().join("Cargo.toml");
    let status = run::cargo(["run", "--release", "--package", "xtask", "--features", "engine"])
        .arg("--manifest-path")
        .arg(manifest)
        .args(arguments.iter().find(|argument| *argument == "--quiet"))
        .args(["--", "build"])
        .args(arguments)
        .status()?;
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code.clamp(0, 255) as u8)))
}
