//! Has tilesets and packs judged by programs that others wrote: `cargo xtask judge NAME ARGUMENTS`.
//!
//! In:     a judge of `testdata/judge`, a Python script, and its arguments.
//! Out:    what it prints, and its exit code; or which packages and programs are missing.
//! Keeps:  the machine as it is: nothing is installed.
//! Source: GEOS through `shapely`; decoders through `pmtiles` and `mapbox_vector_tile`; Valhalla through `pyvalhalla`;
//!         `MapLibre` Native through `pymgl`.

use std::process::{Command, ExitCode, Stdio};

use anyhow::Context;

use crate::run::{self, PYTHON};
use crate::usage::{self, Usage};

/// A script and what it needs.
struct Judge {
    name: &'static str,
    /// What it imports, with the names by which it is installed.
    packages: &'static [(&'static str, &'static str)],
    /// What it starts, with the names of the packages of Debian.
    programs: &'static [(&'static str, &'static str)],
}

/// The judges.
const JUDGES: [Judge; 7] = [
    Judge { name: "borders", packages: TILES, programs: &[] },
    Judge {
        name: "maps",
        packages: &[("pymgl", "pymgl"), ("PIL", "pillow")],
        programs: &[("xvfb-run", "xvfb")],
    },
    Judge { name: "outlines", packages: TILES, programs: &[] },
    Judge { name: "rings", packages: TILES, programs: &[] },
    Judge { name: "routes", packages: &[("valhalla", "pyvalhalla")], programs: &[("osmium", "osmium-tool")] },
    Judge { name: "rules", packages: &[("valhalla", "pyvalhalla")], programs: &[] },
    Judge { name: "tiles", packages: TILES, programs: &[] },
];
/// What reads tiles and knows geometry.
const TILES: &[(&str, &str)] =
    &[("shapely", "shapely"), ("pmtiles", "pmtiles"), ("mapbox_vector_tile", "mapbox-vector-tile")];

/// Runs the judge that `arguments` name.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let names = JUDGES.map(|judge| judge.name);
    let Some((name, rest)) = arguments.split_first() else {
        return Err(Usage(format!("which judge? known are `{}`", names.join("`, `"))).into());
    };
    let Some(judge) = JUDGES.iter().find(|judge| judge.name == name) else {
        return Err(usage::unknown("judge", name, &names));
    };
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let missing = missing(&python, judge.packages)?;
    anyhow::ensure!(
        missing.is_empty(),
        "`{python}` lacks {}; install it with pip, or name another interpreter by `{PYTHON}`",
        missing.join(", ")
    );
    for (program, package) in judge.programs {
        let started =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        started.with_context(|| format!("starting `{program}` failed; Debian has it as `{package}`"))?;
    }
    let script = run::root().join("testdata/judge").join(name).with_extension("py");
    let status = Command::new(&python)
        .arg(script)
        .args(rest)
        .status()
        .with_context(|| format!("starting `{python}` failed"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the packages that the interpreter lacks.
fn missing(python: &str, packages: &[(&str, &'static str)]) -> anyhow::Result<Vec<&'static str>> {
    let mut missing = Vec::new();
    for (module, package) in packages {
        let status = Command::new(python)
            .args(["-c", &format!("import {module}")])
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("starting `{python}` failed; name another interpreter by `{PYTHON}`"))?;
        if !status.success() {
            missing.push(*package);
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expected: &str) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(run(&words).map(|_| ()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn judges_are_known_by_name() {
        check(
            &[],
            "which judge? known are `borders`, `maps`, `outlines`, `rings`, `routes`, `rules`, `tiles`",
        );
        check(&["boarders"], "unknown judge `boarders`, did you mean `borders`?; see `cargo xtask help`");
        for judge in &JUDGES {
            assert!(run::root().join(format!("testdata/judge/{}.py", judge.name)).is_file());
        }
    }

    #[test]
    fn interpreter_that_is_not_there_is_named() {
        let error = missing("no-such-python", &[("shapely", "shapely")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "starting `no-such-python` failed; name another interpreter by `ZELLIGE_PYTHON`"
        );
    }
}
