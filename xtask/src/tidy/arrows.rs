//! The arrows between the crates of the workspace, and which of them may be.
//!
//! In:     what `cargo metadata` says.
//! Out:    a fault for each arrow that points up or sideways.
//! Source: the picture "Arrows" in `ARCHITECTURE.md`.

use std::path::Path;

use anyhow::Context;

use crate::run;

/// From the top to the bottom: each crate and the crates it may use. A crate may only name those below it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("zellige-cli", &["zellige"]),
    ("xtask", &["zellige"]),
    (
        "zellige",
        &[
            "zellige-job",
            "zellige-survey",
            "zellige-pack",
            "zellige-style",
            "zellige-archive",
            "zellige-tile",
            "zellige-recipe",
            "zellige-ingest",
            "zellige-model",
        ],
    ),
    (
        "zellige-job",
        &["zellige-archive", "zellige-tile", "zellige-recipe", "zellige-ingest", "zellige-model"],
    ),
    (
        "zellige-survey",
        &["zellige-archive", "zellige-tile", "zellige-recipe", "zellige-ingest", "zellige-model"],
    ),
    (
        "zellige-pack",
        &[
            "zellige-style",
            "zellige-archive",
            "zellige-tile",
            "zellige-recipe",
            "zellige-ingest",
            "zellige-model",
        ],
    ),
    ("zellige-style", &["zellige-tile", "zellige-recipe", "zellige-model"]),
    ("zellige-archive", &["zellige-model"]),
    ("zellige-tile", &["zellige-recipe", "zellige-model"]),
    ("zellige-recipe", &["zellige-model"]),
    ("zellige-ingest", &["zellige-model"]),
    ("zellige-model", &[]),
];
/// May use everything, and is used by nobody.
const BENCHES: &str = "zellige-benches";
/// May use the words and foreign code, and is used by tests alone.
const TESTKIT: &str = "zellige-testkit";
/// What the words of the house may use beside the standard library.
const MODEL_GUESTS: [&str; 1] = ["geo-types"];

/// A dependency of a crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    from: String,
    to: String,
    is_for_tests: bool,
}

/// Asks cargo for all arrows that start in the workspace of `root`.
pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Arrow>> {
    let metadata = run::metadata(root)?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    let arrows = packages.iter().flat_map(|package| {
        let from = package["name"].as_str().unwrap_or_default();
        let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
        dependencies.iter().map(move |dependency| Arrow {
            from: from.to_owned(),
            to: dependency["name"].as_str().unwrap_or_default().to_owned(),
            is_for_tests: dependency["kind"] == "dev",
        })
    });
    Ok(arrows.collect())
}

/// Returns a sentence for each arrow that must not be.
pub(super) fn faults(arrows: &[Arrow]) -> Vec<String> {
    arrows.iter().filter_map(fault).collect()
}

fn fault(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, is_for_tests } = arrow;
    let is_house = |name: &str| name.starts_with("zellige") || name == "xtask";
    if !is_house(to) {
        let is_guest = from != "zellige-model" || *is_for_tests || MODEL_GUESTS.contains(&to.as_str());
        return (!is_guest)
            .then(|| format!("arrow {from} -> {to}: the model uses geo-types and nothing else"));
    }
    if to == BENCHES || (to == TESTKIT && !is_for_tests) {
        return Some(format!("arrow {from} -> {to}: only tests use the testkit, and nobody the benches"));
    }
    if *is_for_tests || from == BENCHES {
        return None;
    }
    if from == TESTKIT {
        return (to != "zellige-model")
            .then(|| format!("arrow {from} -> {to}: the testkit uses the model alone"));
    }
    match MAY_USE.iter().find(|(name, _)| name == from) {
        None => Some(format!("arrow {from} -> {to}: `{from}` has no place yet, name it in `MAY_USE`")),
        Some((_, below)) if below.contains(&to.as_str()) => None,
        Some((_, below)) => Some(format!(
            "arrow {from} -> {to}: points up or sideways, `{from}` may use {}",
            if below.is_empty() { "no other crate".to_owned() } else { below.join(", ") }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expected: Option<&str>) {
        let arrow = Arrow { from: from.into(), to: to.into(), is_for_tests: false };
        assert_eq!(fault(&arrow).as_deref(), expected);
    }

    #[test]
    fn table_reads_from_the_top_to_the_bottom() {
        let height = |wanted: &str| MAY_USE.iter().position(|(name, _)| *name == wanted).unwrap();
        for (name, below) in MAY_USE {
            assert!(below.iter().all(|used| height(name) < height(used)), "{name}");
        }
    }

    #[test]
    fn arrows_down_may_be() {
        check("zellige-cli", "zellige", None);
        check("zellige-job", "zellige-tile", None);
        check("zellige-tile", "i_overlay", None);
        check("zellige-model", "geo-types", None);
    }

    #[test]
    fn arrows_up_and_sideways_are_named() {
        check(
            "zellige-tile",
            "zellige-ingest",
            Some(
                "arrow zellige-tile -> zellige-ingest: points up or sideways, \
                 `zellige-tile` may use zellige-recipe, zellige-model",
            ),
        );
        check(
            "zellige-model",
            "zellige-recipe",
            Some(
                "arrow zellige-model -> zellige-recipe: points up or sideways, `zellige-model` may use no other crate",
            ),
        );
        check(
            "zellige-model",
            "serde",
            Some("arrow zellige-model -> serde: the model uses geo-types and nothing else"),
        );
    }

    #[test]
    fn testkit_is_for_tests() {
        let mut arrow = Arrow { from: "zellige".into(), to: TESTKIT.into(), is_for_tests: true };
        assert_eq!(fault(&arrow), None);
        arrow.is_for_tests = false;
        assert!(fault(&arrow).is_some());
    }
}
