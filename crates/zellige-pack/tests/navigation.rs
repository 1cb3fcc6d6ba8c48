//! Navigation packs from the outside: sources in, packs and reports out.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use zellige_ingest::Source;
use zellige_model::{FindingCode, Geometry, GeometryKind, LonLat};
use zellige_pack::moment::Moment;
use zellige_pack::navigation::{Error, Report, Settings, build, verify};
use zellige_pack::progress::{Phase, Progress, Watch};

/// The roads of a small place in the words of `OpenStreetMap`, and in those of Overture.
const OSM: &str = r#"{"type":"Feature","id":1,"properties":{"highway":"secondary","maxspeed":"50","name":"Harbour Road"},"geometry":{"type":"LineString","coordinates":[[11.57,48.13],[11.573,48.13],[11.576,48.13]]}}
{"type":"Feature","id":2,"properties":{"highway":"residential","name":"Mill Lane"},"geometry":{"type":"LineString","coordinates":[[11.57,48.13],[11.57,48.133],[11.573,48.133],[11.576,48.133]]}}
{"type":"Feature","id":3,"properties":{"highway":"residential","oneway":"yes","name":"Church Way"},"geometry":{"type":"LineString","coordinates":[[11.576,48.133],[11.576,48.13]]}}
{"type":"Feature","id":4,"properties":{"highway":"footway","name":"Towpath"},"geometry":{"type":"LineString","coordinates":[[11.573,48.13],[11.573,48.133]]}}
"#;
const OVERTURE: &str = r#"{"type":"Feature","id":1,"properties":{"subtype":"road","class":"secondary","speed_limits":[{"max_speed":{"value":50,"unit":"km/h"}}],"names":{"primary":"Harbour Road"}},"geometry":{"type":"LineString","coordinates":[[11.57,48.13],[11.573,48.13],[11.576,48.13]]}}
{"type":"Feature","id":2,"properties":{"subtype":"road","class":"residential","names":"{\"primary\":\"Mill Lane\"}"},"geometry":{"type":"LineString","coordinates":[[11.57,48.13],[11.57,48.133],[11.573,48.133],[11.576,48.133]]}}
{"type":"Feature","id":3,"properties":{"subtype":"road","class":"residential","access_restrictions":"[{\"access_type\":\"denied\",\"when\":{\"heading\":\"backward\"}}]","names":{"primary":"Church Way"}},"geometry":{"type":"LineString","coordinates":[[11.576,48.133],[11.576,48.13]]}}
{"type":"Feature","id":4,"properties":{"subtype":"road","class":"footway","names":{"primary":"Towpath"}},"geometry":{"type":"LineString","coordinates":[[11.573,48.13],[11.573,48.133]]}}
"#;
const BOX: [f64; 4] = [11.569, 48.129, 11.577, 48.134];

/// Builds a pack of lines within a box of west, south, east, north.
fn pack(lines: &str, within: [f64; 4], target: &Path) -> Result<Report, Error> {
    watched(lines, within, target, &mut |_| ControlFlow::Continue(()))
}

fn watched(
    lines: &str,
    [west, south, east, north]: [f64; 4],
    target: &Path,
    watch: Watch<'_>,
) -> Result<Report, Error> {
    let mut area = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
    let corners = [(west, south), (east, south), (east, north), (west, north)];
    area.points = corners.map(|(lon, lat)| LonLat::new(lon, lat)).into();
    area.end_part();
    area.end_polygon();
    let source = Source::new("roads").reader("lines", Box::new(std::io::Cursor::new(lines.to_owned())));
    let settings = Settings { created: Moment::from_milliseconds(1_700_000_000_000), overwrite: false };
    build(source, &area, target, &settings, watch)
}

/// Checks a pack of lines: tiles by level, roads, junctions, edges, forbidden turns; and that nothing is wrong with it.
fn check(lines: &str, within: [f64; 4], expected: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.tar");
    let report = pack(lines, within, &path).unwrap();
    let counts = report.counts;
    let found = format!(
        "{:?} {} {} {} {}",
        counts.tiles, counts.roads, counts.junctions, counts.edges, counts.restrictions
    );
    assert_eq!(found, expected);
    let verdict = verify(&path).unwrap();
    assert_eq!(verdict.faults.first, []);
    assert_eq!((verdict.tiles, verdict.edges), (counts.tiles, 2 * counts.edges));
    assert_eq!(report.digest.bytes, fs::metadata(&path).unwrap().len());
    report
}

/// A line of a road with properties.
fn road(id: u32, properties: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":{id},"properties":{{{properties}}},"geometry":{{"type":"LineString","coordinates":{coordinates}}}}}"#
    ) + "\n"
}

#[test]
fn both_schemas_give_equal_bytes() {
    let osm = check(OSM, BOX, "[0, 1, 1] 4 5 6 0");
    let overture = check(OVERTURE, BOX, "[0, 1, 1] 4 5 6 0");
    assert_eq!(osm.digest, overture.digest);
    assert_eq!(osm.findings.iter().len() + overture.findings.iter().len(), 0);
}

#[test]
fn packs_that_say_something_else_have_another_number() {
    let number = |lines: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack.tar");
        pack(lines, BOX, &path).unwrap();
        let bytes = fs::read(path).unwrap();
        // It stands behind the version in the header of each tile.
        let version = bytes.windows(6).position(|window| window == b"3.4.0\0").unwrap();
        bytes[version + 16..][..8].to_vec()
    };
    assert_eq!(number(OSM), number(OVERTURE));
    for (written, other) in [("Mill Lane", "Mill Street"), ("\"50\"", "\"60\""), ("footway", "cycleway")] {
        assert_ne!(number(OSM), number(&OSM.replace(written, other)), "{other}");
    }
}

#[test]
fn long_values_are_cut_in_findings() {
    let folder = tempfile::tempdir().unwrap();
    let long = "ä".repeat(100_000);
    let lines = OSM.to_owned()
        + &road(5, &format!(r#""highway":"path","surface":"{long}""#), "[[11.57,48.13],[11.571,48.131]]")
        + &road(6, &format!(r#""highway":"{long}""#), "[[11.57,48.13],[11.571,48.131]]");
    let report = pack(&lines, BOX, &folder.path().join("pack.tar")).unwrap();
    let examples = report.findings.iter().flat_map(|(_, tally)| &tally.examples);
    let lengths: Vec<usize> = examples.map(|example| example.reason.len()).collect();
    assert_eq!(lengths.len(), 2);
    assert!(lengths.iter().all(|length| (1990..=2010).contains(length)), "{lengths:?}");
}

#[test]
fn region_without_roads_is_an_error_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for (lines, within) in [(OSM, [0.0, 0.0, 1.0, 1.0]), ("", BOX)] {
        let error = pack(lines, within, &folder.path().join("pack.tar")).unwrap_err();
        assert!(matches!(error, Error::NoRoads { .. }));
        assert_eq!(error.to_string(), "the region has no road, so there is nothing to navigate on");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn building_tells_how_far_it_is_and_can_be_stopped_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.tar");
    let mut told = Vec::new();
    watched(OSM, BOX, &path, &mut |progress| {
        told.push(*progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    let mut phases: Vec<Phase> = told.iter().map(|progress| progress.phase).collect();
    phases.dedup();
    assert_eq!(phases, [Phase::Roads, Phase::Graph, Phase::Weights, Phase::Tiles]);
    assert_eq!(told.last().and_then(Progress::share), Some(1.0));
    fs::remove_file(&path).unwrap();
    for n_heard in 0..told.len() {
        let mut n_left = n_heard;
        let stopped = watched(OSM, BOX, &path, &mut |_| {
            if n_left == 0 {
                return ControlFlow::Break(());
            }
            n_left -= 1;
            ControlFlow::Continue(())
        });
        assert!(matches!(stopped, Err(Error::Stopped)), "{n_heard}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn pack_that_is_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.tar");
    fs::write(&path, "old").unwrap();
    assert!(matches!(pack(OSM, BOX, &path), Err(Error::Archive { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn source_that_is_not_there_is_an_error() {
    let source = Source::new("roads").file("nowhere.geojsonl");
    let settings = Settings { created: Moment::from_milliseconds(0), overwrite: false };
    let watch: Watch<'_> = &mut |_| ControlFlow::Continue(());
    let error = build(source, &Geometry::default(), Path::new("pack.tar"), &settings, watch).unwrap_err();
    assert_eq!(error.to_string(), "cannot read roads");
}

#[test]
fn whole_roads_are_kept_where_they_leave_the_region() {
    let lines = road(1, r#""highway":"residential""#, "[[11.51,48.1],[11.7,48.1]]")
        + &road(2, r#""highway":"residential""#, "[[11.7,48.1],[11.8,48.1]]");
    check(&lines, [11.55, 48.05, 11.6, 48.15], "[0, 0, 1] 1 2 1 0");
}

#[test]
fn road_across_a_tile_border_is_in_both_tiles() {
    let lines = road(1, r#""highway":"residential""#, "[[8.49,47.1],[8.51,47.1]]");
    check(&lines, [8.0, 47.0, 9.0, 48.0], "[0, 0, 2] 1 2 1 0");
    // With a main road of a tile of 4 degrees, across whose border another one leads.
    let lines = road(1, r#""highway":"primary""#, "[[7.99,47.1],[8.01,47.1]]");
    check(&lines, [7.0, 47.0, 9.0, 48.0], "[2, 0, 2] 1 2 1 0");
}

#[test]
fn road_across_the_antimeridian_is_one() {
    let lines = road(1, r#""highway":"residential""#, "[[179.99,-17.1],[180.01,-17.1]]")
        + &road(2, r#""highway":"residential""#, "[[-179.99,-17.1],[-179.98,-17.1]]");
    check(&lines, [179.0, -18.0, 181.0, -17.0], "[0, 0, 2] 2 3 2 0");
}

#[test]
fn rules_that_hold_between_cut_a_road() {
    let limits = r#""subtype":"road","class":"primary","speed_limits":[{"max_speed":{"value":50,"unit":"km/h"},"between":[0,0.5]}]"#;
    let lines = road(1, limits, "[[8.1,47.1],[8.2,47.1]]");
    check(&lines, [8.0, 47.0, 9.0, 48.0], "[1, 0, 1] 2 3 2 0");
}

#[test]
fn turn_restrictions_of_both_schemas_are_kept() {
    let arm = |id, end: &str| road(id, r#""highway":"residential""#, &format!("[[8.1,47.1],{end}]"));
    let own = r#""highway":"residential","turn_restrictions":[{"restriction":"no_left_turn","to":2,"at":[8.1,47.1]}]"#;
    let lines = road(1, own, "[[8.0,47.1],[8.1,47.1]]") + &arm(2, "[8.1,47.2]") + &arm(3, "[8.2,47.1]");
    check(&lines, [8.0, 47.0, 9.0, 48.0], "[0, 0, 2] 3 4 3 1");
    let segment = |id: &str| format!(r#""subtype":"road","class":"residential","id":"{id}""#);
    let from = segment("a")
        + r#","connectors":[{"connector_id":"x","at":0},{"connector_id":"y","at":1}],
            "prohibited_transitions":[{"sequence":[{"connector_id":"y","segment_id":"b"}],"final_heading":"forward"}]"#;
    let lines = road(1, &from.replace('\n', ""), "[[8.0,47.1],[8.1,47.1]]")
        + &road(2, &segment("b"), "[[8.1,47.1],[8.1,47.2]]")
        + &road(3, &segment("c"), "[[8.1,47.1],[8.2,47.1]]");
    check(&lines, [8.0, 47.0, 9.0, 48.0], "[0, 0, 2] 3 4 3 1");
}

#[test]
fn what_is_left_out_is_counted_with_its_line() {
    let lines = road(1, r#""highway":"residential","surface":"lava""#, "[[8.1,47.1],[8.2,47.1]]")
        + &road(2, r#""highway":"proposed""#, "[[8.1,47.1],[8.2,47.1]]")
        + &road(3, r#""waterway":"river""#, "[[8.1,47.1],[8.2,47.1]]")
        + &road(4, r#""highway":"path""#, "[[8.1,47.1],[8.1,47.1]]")
        + &road(5, r#""highway":"track""#, &format!("[{}[8.1,47.1]]", "[8.1,47.1],[178.1,47.1],".repeat(10)))
        + "no feature\n"
        + r#"{"type":"Feature","properties":{"highway":"crossing"},"geometry":{"type":"Point","coordinates":[8.1,47.1]}}"#;
    let report = check(&lines, [8.0, 47.0, 9.0, 48.0], "[0, 0, 1] 1 2 1 0");
    let mut lines = report.lines.iter().map(|line| line.as_ref().map_or(0, |(_, line)| *line));
    let mut found = Vec::new();
    for (code, tally) in report.findings.iter() {
        for example in &tally.examples {
            found.push((lines.next().unwrap(), code, example.reason.as_str()));
        }
    }
    let expected = [
        (6, FindingCode::LineUndecodable, "Line is not valid JSON: expected ident (column 2)"),
        (3, FindingCode::NotARoad, "it has neither `highway` nor `subtype` road"),
        (2, FindingCode::RoadUnusable, "its kind `proposed` is no road"),
        (4, FindingCode::RoadUnusable, "its line has no length"),
        (
            5,
            FindingCode::RoadUnusable,
            "its line passes through squares of 0.05 degrees more than 65536 times",
        ),
        (7, FindingCode::RoadUnusable, "its geometry is a Point, not a line"),
        (1, FindingCode::RoadValueIgnored, "`surface` `lava` is not understood"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn names_too_many_for_a_tile_are_refused() {
    // 16 MiB of names: more than offsets in a tile reach.
    let long = "x".repeat(990);
    let mut lines = String::new();
    for id in 0..17_000 {
        let at = f64::from(id) / 1e5;
        let name = format!(r#""highway":"path","name":"{long}{id}""#);
        lines += &road(id + 1, &name, &format!("[[8.0,{}],[8.001,{}]]", 47.0 + at, 47.0 + at));
    }
    let folder = tempfile::tempdir().unwrap();
    let error = pack(&lines, [7.0, 46.0, 9.0, 48.0], &folder.path().join("pack.tar")).unwrap_err();
    let expected = "graph tile `2/000/789/872` is too full: ";
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
