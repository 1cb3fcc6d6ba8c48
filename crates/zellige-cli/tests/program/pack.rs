//! Packs: made, made again, counted beforehand, checked, refused.

use crate::desk::{Desk, TOWNS, point};

const STYLE: &str = r##"{"version": 8, "sprite": "mapbox://sprites/me/map",
    "sources": {"towns": {"type": "vector", "url": "mapbox://me.towns"}},
    "layers": [{"id": "towns", "type": "circle", "source": "towns", "source-layer": "towns",
        "paint": {"circle-color": "#000"}}]}"##;
const REGION: &str = r#"{"name": "Here", "configuration": {
    "geography": {"type": "Polygon", "coordinates": [[[0,0],[10,0],[10,10],[0,10],[0,0]]]},
    "maps": {"style_url": "mapbox://styles/me/map", "min_zoom": 0, "max_zoom": 16, "include_ideographs": false}}}"#;
const ROADS: &str = r#"{"configuration": {
    "geography": {"type": "Polygon", "coordinates": [[[0,0],[10,0],[10,10],[0,10],[0,0]]]}, "navigation": true}}"#;
const ROAD: &str = "{\"type\":\"Feature\",\"properties\":{\"highway\":\"residential\"},\
    \"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,1],[1.01,1.01]]}}\n";
const ICON: &str =
    r#"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>"#;

/// Returns a folder with a tileset, a style and regions.
fn desk() -> Desk {
    let towns = point("a", 1.0, 2.0) + &point("b", 30.0, 40.0);
    let desk = Desk::new(&[
        ("recipe.json", TOWNS),
        ("towns.geojsonl", &towns),
        ("style.json", STYLE),
        ("here.json", REGION),
        ("ways.json", ROADS),
        ("roads.geojsonl", ROAD),
    ]);
    std::fs::create_dir(desk.path("icons")).unwrap();
    desk.write("icons/dot.svg", ICON.as_bytes());
    desk.run("publish recipe.json --source towns.geojsonl -o towns.pmtiles").done();
    desk
}

const MAPS: &str = "pack here.json --style style.json --tileset me.towns=towns.pmtiles --icons icons";

#[test]
fn region_becomes_a_pack_and_then_another_revision() {
    let desk = desk();
    let told = desk.run(&format!("{MAPS} -o out")).done();
    assert!(told.starts_with("out/1/maps.db: 4 tiles (0 of them empty), 6 resources, "), "{told}");
    assert!(told.contains("revision 1 in ") && told.ends_with("described by out/region.json\n"), "{told}");
    let region = desk.json("out/region.json");
    assert_eq!((region["name"].as_str(), region["revision"].as_u64()), (Some("Here"), Some(1)));
    let pack = &region["packs"][0];
    assert_eq!(pack["url"], "mapbox://offline-data/me/regions/here/1/maps/1");
    assert_eq!(pack["size"].as_u64(), Some(desk.read("out/1/maps.db").len() as u64));
    let checked = desk.run("pack verify out").done();
    assert_eq!(checked, "out/1/maps.db: maps, 4 tiles (0 of them empty), 6 resources\n  nothing is wrong\n");

    for revision in 2..4 {
        let object: serde_json::Value =
            serde_json::from_str(&desk.run(&format!("{MAPS} -o out --json --optimize")).done()).unwrap();
        assert_eq!(object["region"]["revision"].as_u64(), Some(revision));
        assert_eq!(object["maps"]["optimized"]["attributes"].as_u64(), Some(8));
    }
    assert!(!desk.path("out/1").exists() && desk.path("out/2/maps.db").exists());
}

#[test]
fn roads_become_a_pack() {
    let desk = desk();
    let told = desk.run("pack ways.json --roads roads.geojsonl --id here -o out").done();
    assert!(told.starts_with("out/1/navigation.tar: 2 junctions, 1 edge, 1 km, "), "{told}");
    desk.run("pack verify out").done();
    desk.write("none.geojsonl", format!("{}no feature\n", point("a", 1.0, 2.0).repeat(2)).as_bytes());
    let failed = desk.run("pack ways.json --roads none.geojsonl --id here -o out");
    failed.fails(1, &["the region has no road, so there is nothing to navigate on; found: 1 `line-undecodable`, 2 `not-a-road`"]);
    assert_eq!(desk.json("out/region.json")["revision"].as_u64(), Some(1));
    assert!(!desk.path("out/2").exists());
}

#[test]
fn json_tells_what_text_tells() {
    let desk = desk();
    let lines = format!("{}{ROAD}", point("a", 1.0, 2.0).repeat(5));
    desk.write("roads.geojsonl", lines.as_bytes());
    let told = desk.run("pack ways.json --roads roads.geojsonl -o out").done();
    let text = "not-a-road: The feature is no road and is in no navigation pack.\n    roads.geojsonl:1 it has neither ";
    assert!(told.contains(text) && told.contains("    and 2 more\n"), "{told}");
    let object = desk.run("pack ways.json --roads roads.geojsonl -o out --json").done();
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    let finding = &object["navigation"]["findings"][0];
    assert_eq!((finding["code"].as_str(), finding["count"].as_u64()), (Some("not-a-road"), Some(5)));
    assert_eq!(
        (&finding["examples"][4]["file"], &finding["examples"][4]["line"]),
        (&"roads.geojsonl".into(), &5.into())
    );
    let object = desk.run(&format!("{MAPS} -o maps --json")).done();
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert!(object["maps"]["optimized"].is_null() && object["maps"]["tiles"].is_u64(), "{object}");
}

#[test]
fn folders_of_other_regions_are_left_alone() {
    let desk = desk();
    desk.run(&format!("{MAPS} -o out")).done();
    desk.run(&format!("{MAPS} -o out --id there")).fails(
        1,
        &[
            "`out/region.json` describes region `here`, expected `there`",
            "revision of that region by `--id here`",
        ],
    );
    assert_eq!(desk.json("out/region.json")["revision"].as_u64(), Some(1));
}

#[test]
fn flags_for_packs_that_nobody_asks_for_are_noted() {
    let desk = desk();
    let ran = desk.run("pack ways.json --roads roads.geojsonl --style style.json --optimize -o out");
    let note = |flag: &str| format!("note: the region has no pack that `--{flag}` is for\n");
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains(&(note("style") + &note("optimize"))), "{}", ran.err);
    let ran = desk.run(&format!("{MAPS} --roads roads.geojsonl -o maps"));
    assert!(ran.err.contains(&note("roads")), "{}", ran.err);
}

#[test]
fn what_is_given_in_vain_is_noted() {
    let desk = desk();
    desk.write("style.json", STYLE.replace(r#""sprite": "mapbox://sprites/me/map","#, "").as_bytes());
    for end in ["-o out", "--estimate"] {
        let ran = desk.run(&format!("{MAPS} {end} --file https://example.org/a.json=style.json"));
        assert_eq!(ran.code, Some(0));
        for note in [
            "note: the style has no sprite for icons, those that were given are left out\n",
            "note: no source of the style asks for file `https://example.org/a.json`\n",
        ] {
            assert!(ran.err.contains(note), "{}", ran.err);
        }
    }
}

#[test]
fn estimates_count_and_make_nothing() {
    let desk = desk();
    let before = desk.names();
    let told = desk.run(&format!("{MAPS} --estimate")).done();
    assert!(told.contains("me.towns     3      1"), "{told}");
    assert!(told.contains("6 resources: style, sources, glyphs, sprite; "), "{told}");
    let object = desk.run(&format!("{MAPS} --estimate --json")).done();
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!((object["tiles"].as_u64(), object["resources"].as_u64()), (Some(4), Some(6)));
    assert_eq!(desk.names(), before);
}

#[test]
fn navigation_packs_are_not_estimated_and_that_is_told() {
    let desk = desk();
    desk.write("both.json", REGION.replace(r#""maps""#, r#""navigation": true, "maps""#).as_bytes());
    let both = MAPS.replace("here.json", "both.json");
    let told = desk.run(&format!("{both} --estimate")).done();
    assert!(told.contains("\nthe maps pack will have about "), "{told}");
    assert!(
        told.ends_with("\nthe navigation pack is not estimated, its size follows from the roads\n"),
        "{told}"
    );
    let object = desk.run(&format!("{both} --estimate --json")).done();
    let object: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!((&object["domain"], &object["notes"]), (&"maps".into(), &serde_json::json!([])));
}

/// Returns the first region that a page shows.
fn region_of(page: &str) -> String {
    let lines = page.lines().skip_while(|line| *line != "    {").take_while(|line| line.starts_with("    "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn help_and_pages_agree() {
    let desk = desk();
    let [offline, navigation] =
        [include_str!("../../../../docs/offline.md"), include_str!("../../../../docs/navigation.md")];
    desk.write("vaduz.json", region_of(offline).as_bytes());
    desk.write("trails.json", region_of(navigation).as_bytes());
    desk.write("map.json", STYLE.replace("me.towns", "me.city").as_bytes());
    std::fs::rename(desk.path("towns.pmtiles"), desk.path("city.pmtiles")).unwrap();
    desk.write(
        "roads.geojsonl",
        ROAD.replace("[[1,1],[1.01,1.01]]", "[[9.52,47.12],[9.53,47.12]]").as_bytes(),
    );
    let help = desk.run("pack --help").done();
    let commands: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  zellige ")).collect();
    assert_eq!(commands.len(), 4, "{help}");
    for command in commands {
        desk.run(command).done();
    }
    assert!(navigation.contains("zellige pack trails.json --roads roads.geojsonl -o trails/"));
    assert!(desk.path("vaduz/1/navigation.tar").exists() && desk.path("trails/1/navigation.tar").exists());
}

#[test]
fn what_is_wrong_with_region_style_or_usage_is_told_at_once() {
    let desk = desk();
    desk.write("bad.json", br#"{"configuration": {"maps": {"min_zoom": 17}}}"#);
    desk.run("pack bad.json -o out").fails(
        2,
        &[
            "POST body is misformatted: `configuration.geography` is missing\n",
            "POST body is misformatted: `configuration.maps.min_zoom` is `17`, expected an integer from 0 to 16\n",
            "the region is refused\n",
        ],
    );
    desk.run("pack here.json --style style.json -o out").fails(
        1,
        &[
            "the region needs what was not given: tileset `me.towns`",
            "hint: tilesets go by `--tileset ID=PATH`",
        ],
    );
    desk.write("bad-style.json", br#"{"version": 7}"#);
    desk.run("pack here.json --style bad-style.json -o out").fails(2, &["the style is refused\n"]);
    desk.run("pack here.json -o out")
        .fails(2, &["the region asks for maps, and `--style STYLE.json` is missing"]);
    desk.run("pack here.json --style style.json").fails(2, &["`--output FOLDER` is missing"]);
    desk.run("pack here.json --style style.json --output=")
        .fails(2, &["`--output` is empty, expected a folder"]);
    desk.run(&format!("{MAPS} -o out --user a/b"))
        .fails(2, &["`a/b` is no value of `--user`, expected 1 to 32"]);
    desk.run(&format!("{MAPS} -o out --tileset mapbox://me.towns=other.pmtiles"))
        .fails(2, &["`--tileset` is given twice for `me.towns`"]);
    desk.run("pack ways.json -o out").fails(1, &["the region needs what was not given: roads"]);
    for (words, bytes_max) in [
        ("/dev/zero --id here --style style.json -o out", 8 << 20),
        ("here.json --style /dev/zero -o out", 1 << 20),
        ("here.json --style style.json --font /dev/zero -o out", 256 << 20),
    ] {
        let ran = desk.run(&format!("pack {words}"));
        ran.fails(1, &[&format!("`/dev/zero` has more than {bytes_max} bytes")]);
    }
    desk.write("a b.json", REGION.as_bytes());
    let ran = desk.command("pack --style style.json -o out").arg("a b.json").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(!desk.path("out").exists());
}

#[test]
fn broken_packs_are_told() {
    let desk = desk();
    desk.run(&format!("{MAPS} -o out")).done();
    let mut pack = desk.read("out/1/maps.db");
    // The version of the database.
    pack[63] = 5;
    desk.write("out/1/maps.db", &pack);
    let ran = desk.run("pack verify out");
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("  its checksum is `"), "{}", ran.out);
    assert!(ran.out.contains("  user_version is `5`, expected 6\n"), "{}", ran.out);
    assert_eq!(ran.err, "error: found 2 faults\n");
    let ran = desk.run("pack verify out nowhere");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.out.contains("  its checksum is `") && ran.err.contains("nowhere"),
        "{} {}",
        ran.out,
        ran.err
    );
    std::fs::remove_file(desk.path("out/1/maps.db")).unwrap();
    let ran = desk.run("pack verify out");
    assert_eq!((ran.code, &*ran.err), (Some(1), "error: found 1 fault\n"));
    assert!(ran.out.contains("maps.db: no pack\n  it is described and not there\n"), "{}", ran.out);
    desk.run("pack verify style.json --json");
    desk.run("pack verify").fails(2, &["PACK is missing", "see `zellige pack verify --help`"]);
}
