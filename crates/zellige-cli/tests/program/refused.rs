//! What is refused, with which exit code, and what stays as it was.

use crate::desk::{Desk, TOWNS, point};

fn desk() -> Desk {
    Desk::new(&[("towns.json", TOWNS), ("towns.geojsonl", &point("a", 1.0, 1.0))])
}

/// Runs `publish` with these words, expects that it is refused with `code` and leaves nothing.
fn check(words: &str, code: i32, parts: &[&str]) {
    let desk = desk();
    let before = desk.names();
    desk.run(&format!("publish {words}")).fails(code, parts);
    assert_eq!(desk.names(), before);
}

#[test]
fn wrong_words_are_usage_errors() {
    check(
        "towns.json --source towns.geojsonl",
        2,
        &["`--output OUTPUT` is missing", "see `zellige publish --help`"],
    );
    check("towns.json --source towns.geojsonl -o a.zip", 2, &["cannot tell the format of `a.zip`"]);
    check("towns.json --sorce towns.geojsonl", 2, &["unknown option `--sorce`, did you mean `--source`?"]);
    for (flag, value) in [
        ("threads", "0"),
        ("memory", "lots"),
        ("tile-size-limit", "0"),
        ("compression-level", "13"),
        ("borders", "none"),
        ("tiny", "huge"),
        ("format", "shp"),
        ("zoom-limit", "23"),
        ("temp", "no/such/folder"),
        ("job", "no/such/folder/job.json"),
    ] {
        let words = format!("towns.json --source towns.geojsonl -o a.pmtiles --{flag} {value}");
        check(&words, 2, &[&format!("--{flag}"), value]);
    }
}

#[test]
fn sources_that_do_not_fit_the_recipe_are_usage_errors() {
    let wanted = "--source towns=PATH  mapbox://tileset-source/me/towns for towns: ";
    check("towns.json -o a.pmtiles", 2, &["source `towns` was not given", wanted]);
    check("towns.json --source tons=towns.geojsonl -o a.pmtiles", 2, &["no source `tons`", wanted]);
}

#[test]
fn standard_input_is_read_once() {
    let desk = desk();
    let ran = desk.run_with("publish - --source - -o a.pmtiles", TOWNS.as_bytes());
    ran.fails(2, &["standard input cannot be both recipe and source"]);
    desk.run_with("publish - --source towns.geojsonl -o a.pmtiles", TOWNS.as_bytes()).done();
}

#[test]
fn recipe_with_problems_is_shown_as_check_shows_it() {
    let desk = desk();
    desk.write("bad.json", TOWNS.replace("maxzoom", "maxzom").as_bytes());
    let parts = ["layers.towns.maxzoom is required.", "did you mean \"maxzoom\"?"];
    desk.run("publish bad.json --source towns.geojsonl -o a.pmtiles --job job.json").fails(2, &parts);
    assert_eq!(desk.names(), ["bad.json", "towns.geojsonl", "towns.json"]);
}

#[test]
fn what_is_not_there_is_named() {
    check("none.json --source towns.geojsonl -o a.pmtiles", 1, &["none.json", "No such file"]);
    check("towns.json --source none.geojsonl -o a.pmtiles", 1, &["none.geojsonl", "No such file"]);
    check("towns.json --source . -o a.pmtiles", 1, &["it is a directory"]);
    check(
        "towns.json --source towns.geojsonl -o none/a.pmtiles",
        1,
        &["none/.a.pmtiles.part", "No such file", "hint: the folder"],
    );
}

#[test]
fn existing_tileset_is_replaced_only_on_request() {
    for target in ["a.pmtiles", "a.mbtiles", "a"] {
        let desk = desk();
        let words = format!("publish towns.json --source towns.geojsonl -o {target}");
        desk.run(&words).done();
        let before = desk.run(&format!("inspect {target} --json")).done();
        desk.write("other.geojsonl", point("b", 2.0, 2.0).repeat(2).as_bytes());
        let other = words.replace("towns.geojsonl", "other.geojsonl");
        desk.run(&other).fails(1, &["exists", "hint: `--force` replaces it"]);
        assert_eq!(desk.run(&format!("inspect {target} --json")).done(), before);
        desk.run(&format!("{other} --force")).done();
        assert_ne!(desk.run(&format!("inspect {target} --json")).done(), before);
    }
}

#[test]
fn failed_job_leaves_the_old_tileset_byte_for_byte() {
    let desk = desk();
    desk.run("publish towns.json --source towns.geojsonl -o a.pmtiles").done();
    let before = desk.read("a.pmtiles");
    desk.write("none.geojsonl", b"");
    desk.write("junk.geojsonl", b"junk\n");
    for (source, reason) in
        [("none", "No features in source data."), ("junk", "No GeoJSON features processed.")]
    {
        let words =
            format!("publish towns.json --source {source}.geojsonl -o a.pmtiles --force --job job.json");
        desk.run(&words).fails(1, &[reason]);
        assert_eq!(desk.read("a.pmtiles"), before);
        let job = desk.json("job.json");
        assert_eq!(job["stage"], "failed");
        assert_eq!(job["tilesetId"], "a");
        assert!(job["errors"][0].as_str().unwrap().starts_with(reason), "{job}");
        let there =
            ["a.pmtiles", "job.json", "junk.geojsonl", "none.geojsonl", "towns.geojsonl", "towns.json"];
        assert_eq!(desk.names(), there);
    }
}

#[test]
fn verbs_and_versions() {
    let desk = desk();
    assert!(desk.run("--version").done().starts_with("zellige "));
    assert!(desk.run("help").done().contains("publish"));
    for verb in ["publish", "check", "explain", "inspect"] {
        let help = desk.run(&format!("{verb} --help")).done();
        assert!(help.contains(&format!("usage: zellige {verb} ")) && help.contains("examples:"), "{help}");
    }
    desk.run("").fails(2, &["a verb is missing"]);
    desk.run("publsh").fails(2, &["did you mean `publish`?"]);
}

#[test]
fn what_is_read_is_never_replaced() {
    let desk = desk();
    let same = "`--job` and `--output` name the same file";
    for (words, part) in [
        ("-o a.pmtiles --job towns.json", "`--job` would replace"),
        ("-o a.pmtiles --job ./towns.geojsonl --force", "`--job` would replace"),
        ("-o a.pmtiles --job a.pmtiles", same),
    ] {
        check(&format!("towns.json --source towns.geojsonl {words}"), 2, &[part]);
    }
    std::fs::copy(desk.path("towns.geojsonl"), desk.path("towns.pmtiles")).unwrap();
    let words = "publish towns.json --source towns.pmtiles -o towns.pmtiles --force";
    desk.run(words).fails(2, &["`--output` would replace"]);
    let words = "publish towns.json --source towns.geojsonl -o a.pmtiles --quiet --job job.json";
    desk.run(words).done();
    desk.run(words).fails(2, &["`--job job.json` exists"]);
    desk.run(&format!("{words} --force")).done();
}

#[test]
fn surplus_words_are_taken_for_sources() {
    check("towns.json towns.geojsonl -o a.pmtiles", 2, &["sources go by `--source towns.geojsonl`"]);
    check("towns.json --source -o a.pmtiles", 2, &["`--source` needs a value"]);
}

#[test]
fn byte_order_marks_before_a_recipe_are_passed_over() {
    let desk = desk();
    desk.write("marked.json", format!("\u{feff}{TOWNS}").as_bytes());
    desk.run("check marked.json").done();
}
