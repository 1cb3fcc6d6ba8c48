//! Small polygons keep their area at low zooms: some stand for all.

use zellige::model::Grid;
use zellige::tile::decode::decode;
use zellige::tile::validate::area_doubled;
use zellige::{Settings, Tiny};

use crate::common::{Published, publish, settings};

const MAXZOOM: usize = 6;

fn run(options: &str, lines: &[String], settings: &Settings) -> Published {
    let recipe = format!(
        r#"{{"version":1,"layers":{{"a":{{"source":"mapbox://tileset-source/me/a","minzoom":0,"maxzoom":{MAXZOOM}{options}}}}}}}"#
    );
    publish(&recipe, &lines.join("\n"), settings).unwrap()
}

/// Returns `n` turned rectangles and pentagons near the equator, and their area as a part of the world.
fn field(n: u32) -> (Vec<String>, f64) {
    let mut state = 7_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let mut area = 0.0;
    let lines = (0..n).map(|id| {
        let (lon, lat) = (40.0 * random() + 1.0, 8.0 * random() - 4.0);
        let (width, height, turn) = (0.08 * random() + 0.002, 0.05 * random() + 0.002, 6.0 * random());
        let bulge = if random() < 0.5 { 0.0 } else { 0.4 };
        let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5 + bulge, 0.0), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)];
        let corners: Vec<String> = (corners.iter())
            .map(|(x, y)| (x * width, y * height))
            .map(|(x, y)| (x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()))
            .map(|(x, y)| format!("[{},{}]", lon + x, lat + y))
            .collect();
        // Mercator stretches by less than 0.25 percent here, on the average by a third of that.
        area += width * height * (1.0 + bulge / 2.0) / (360.0 * 360.0) * 1.0008;
        let ring = corners.join(",");
        format!(r#"{{"type":"Feature","id":{id},"properties":{{"rank":{id}}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#)
    });
    (lines.collect(), area)
}

/// Returns the area of the polygons in the tiles of each zoom, as a part of the world; cut at no tile's edge.
fn areas(published: &Published) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pmtiles");
    std::fs::write(&path, &published.bytes).unwrap();
    let mut areas = vec![0.0; MAXZOOM + 1];
    let archive = zellige::archive::open(&path).unwrap();
    let read = archive.for_each(&mut |tile, bytes| {
        for feature in decode(bytes).unwrap().layers.iter().flat_map(|layer| &layer.features) {
            let points = &feature.geometry.points;
            let middle =
                |along: fn(&Grid) -> i32| points.iter().map(along).sum::<i32>() / points.len() as i32;
            // What stands across an edge is in two tiles: it counts where the middle of its vertices lies.
            if (0..4096).contains(&middle(|point| point.x)) && (0..4096).contains(&middle(|point| point.y)) {
                let doubled: i64 = feature.geometry.parts().map(area_doubled).sum();
                let side = 4096.0 * f64::from(tile.zoom().tiles_per_side());
                areas[usize::from(tile.zoom().get())] += doubled as f64 / 2.0 / (side * side);
            }
        }
        Ok(())
    });
    read.unwrap();
    areas
}

#[test]
fn area_is_kept_at_every_zoom() {
    let (lines, area) = field(4_000);
    let published = run("", &lines, &settings(2, 1 << 30));
    for (zoom, kept) in areas(&published).iter().enumerate() {
        let unit = 1.0 / (4096.0 * 4096.0 * 4_f64.powi(zoom as i32));
        assert!((kept - area).abs() < 0.005 * area + 2.0 * unit, "zoom {zoom}: {} of {area}", kept / area);
    }
}

#[test]
fn every_feature_is_drawn_or_counted() {
    let (lines, _) = field(1_000);
    for tiny in [Tiny::Keep, Tiny::Drop] {
        let published =
            run(r#","tiles":{"buffer_size":0}"#, &lines, &Settings { tiny, ..settings(2, 1 << 30) });
        let stats = &published.report.layers[0].stats;
        let lowest = stats.zooms.values().next().unwrap();
        assert_eq!(lowest.polygons + lowest.features_vanished + lowest.features_merged, 1_000);
        let sum = |code: &str| {
            let found = published.report.findings.iter().find(|finding| finding.code.code() == code);
            found.map_or(0, |found| found.count)
        };
        assert_eq!(sum("feature-merged"), stats.total(|zoom| zoom.features_merged));
        assert_eq!(sum("feature-vanished"), stats.total(|zoom| zoom.features_vanished));
        assert_eq!(sum("feature-merged") > 0, tiny == Tiny::Keep);
        assert_eq!(lowest.placeholders > 0, tiny == Tiny::Keep);
    }
}

#[test]
fn bytes_do_not_depend_on_threads_or_memory() {
    let (lines, _) = field(3_000);
    let once = run("", &lines, &settings(1, 1 << 30));
    assert!(once.bytes == run("", &lines, &settings(3, 16 << 20)).bytes);
}

#[test]
fn limits_and_filters_see_what_is_drawn() {
    let (lines, _) = field(1_000);
    let limited =
        run(r#","tiles":{"limit":[["highest_where",true,10,"rank"]]}"#, &lines, &settings(1, 1 << 30));
    let stats = &limited.report.layers[0].stats;
    assert!(stats.zooms.values().all(|zoom| zoom.polygons <= 10 * zoom.tiles));
    let filtered = run(r#","tiles":{"filter":["<",["get","rank"],500]}"#, &lines, &settings(1, 1 << 30));
    let ranks: Vec<u32> = (filtered.text.split("\"rank\":").skip(1))
        .map(|rest| rest.split('}').next().unwrap().parse().unwrap())
        .collect();
    assert!(ranks.len() > 1_000 && ranks.iter().all(|rank| *rank < 500));
}

#[test]
fn a_ring_walked_twice_has_no_area_that_others_stand_for() {
    // Even-odd, as a polygon is read, nothing is inside; about forty units wide at zoom 6.
    let star = "[5,5.03],[5.018,4.976],[4.97,5.009],[5.03,5.009],[4.982,4.976]";
    let ring = format!("[[[{star},{star},[5,5.03]]]]").replace("[[[[", "[[[").replace("]]]]", "]]]");
    let twice = format!(
        r#"{{"type":"Feature","properties":{{}},"geometry":{{"type":"Polygon","coordinates":{ring}}}}}"#
    );
    let square = r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[5.2,5],[5.4,5],[5.4,5.2],[5.2,5.2],[5.2,5]]]}}"#;
    let alone = run("", &[square.to_owned()], &settings(1, 64 << 20));
    let both = run("", &[twice, square.to_owned()], &settings(1, 64 << 20));
    let (both, alone) = (areas(&both)[MAXZOOM], areas(&alone)[MAXZOOM]);
    assert!((both - alone).abs() < f64::EPSILON * alone, "{both} {alone}");
}
