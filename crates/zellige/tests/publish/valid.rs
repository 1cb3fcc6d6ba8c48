//! The recipes of `testdata/recipe/valid`: what each of them makes of a small source.

use serde_json::{Value, json};

use crate::common::{Published, publish, settings, testdata};
use crate::rows::{Row, area, feature, line, point, rows};

fn recipe(name: &str) -> String {
    std::fs::read_to_string(testdata().join(format!("recipe/valid/{name}.json"))).unwrap()
}

fn run(name: &str, lines: &[String]) -> Published {
    publish(&recipe(name), &lines.join("\n"), &settings(2, 64 << 20)).unwrap()
}

/// Returns a place so many degrees from one that is far from the edges of tiles, and of their thirds, at all zooms.
fn inside(east: f64, north: f64) -> [f64; 2] {
    [60.0 + east, 51.327_178 + north]
}

/// Returns one text a zoom, of the features of `layer` there.
fn by_zoom(rows: &[Row], layer: &str, show: impl Fn(&Row) -> &str) -> Vec<(u8, String)> {
    let mut zooms: Vec<(u8, Vec<&str>)> = Vec::new();
    for row in rows.iter().filter(|row| row.layer == layer) {
        match zooms.iter_mut().find(|(zoom, _)| *zoom == row.zoom()) {
            Some((_, texts)) => texts.push(show(row)),
            None => zooms.push((row.zoom(), vec![show(row)])),
        }
    }
    zooms.sort_by_key(|(zoom, _)| *zoom);
    zooms.into_iter().map(|(zoom, texts)| (zoom, texts.join(" "))).collect()
}

fn ids(rows: &[Row], layer: &str) -> Vec<(u8, String)> {
    by_zoom(rows, layer, |row| &row.id)
}

fn attributes(rows: &[Row], layer: &str) -> Vec<(u8, String)> {
    by_zoom(rows, layer, |row| &row.attributes)
}

/// Spreads texts over the zooms from `minzoom` on; a number says for how many zooms a text holds.
fn bands(minzoom: u8, bands: &[(usize, &str)]) -> Vec<(u8, String)> {
    let texts = bands.iter().flat_map(|(times, text)| std::iter::repeat_n((*text).to_owned(), *times));
    (minzoom..).zip(texts).collect()
}

#[test]
fn v01_smallest_recipe_keeps_everything() {
    let rows = rows(&run("V01", &[point(5, [9.5, 47.1], &json!({"name": "A", "n": 1}))]));
    assert_eq!(ids(&rows, "countries"), bands(0, &[(6, "5")]));
    assert_eq!(attributes(&rows, "countries"), bands(0, &[(6, r#"{"name":"A","n":1}"#)]));
}

#[test]
fn v02_empty_list_of_output_hides_all_and_empty_objects_change_nothing() {
    let rows = rows(&run("V02", &[point(5, [9.5, 47.1], &json!({"name": "A"}))]));
    assert_eq!(attributes(&rows, "blocks"), bands(4, &[(7, "{}")]));
    assert_eq!(attributes(&rows, "blocks_plain"), bands(4, &[(7, r#"{"name":"A"}"#)]));
}

#[test]
fn v03_each_feature_is_in_exactly_one_layer() {
    let none = json!({});
    let square = |west: f64| {
        json!([[[west, 0.001], [west + 0.001, 0.001], [west + 0.001, 0.002], [west, 0.002], [west, 0.001]]])
    };
    let lines = [
        point(1, [0.01, 0.01], &none),
        feature(2, "MultiPoint", &json!([[0.01, 0.012], [0.012, 0.012]]), &none),
        line(3, &[[0.001, 0.01], [0.005, 0.01]], &none),
        feature(4, "MultiLineString", &json!([[[0.001, 0.012], [0.005, 0.012]]]), &none),
        feature(5, "Polygon", &square(0.001), &none),
        feature(6, "MultiPolygon", &json!([square(0.004), square(0.007)]), &none),
    ];
    let rows = rows(&run("V03", &lines));
    assert_eq!(ids(&rows, "osm-points"), bands(10, &[(5, "1 2")]));
    // Below about z10 these shapes are smaller than a unit.
    let last = |layer| ids(&rows, layer).into_iter().filter(|(zoom, _)| *zoom > 11).collect::<Vec<_>>();
    assert_eq!(last("osm-lines"), bands(12, &[(3, "3 4")]));
    assert_eq!(last("osm-areas"), bands(12, &[(3, "5 6")]));
    for row in &rows {
        let expected = ["osm-points", "osm-lines", "osm-areas"][(row.id.parse::<usize>().unwrap() - 1) / 2];
        assert_eq!(row.layer, expected, "{row:?}");
    }
}

#[test]
fn v04_roads_come_by_class_and_zoom_and_last_zoom_is_finer() {
    // The middle stands three units of z14 beside the chord.
    let along = [inside(-0.005, 0.0), inside(0.0, 0.000_01), inside(0.005, 0.0)];
    let road = |id, class| line(id, &along, &json!({"class": class}));
    let rows = rows(&run("V04", &[road(1, "motorway"), road(2, "trunk"), road(3, "path")]));
    let expected = bands(5, &[(1, "1"), (3, "1 2"), (6, "1 2 3")]);
    assert_eq!(ids(&rows, "roads"), expected);
    for row in &rows {
        assert_eq!(row.positions().len(), if row.zoom() == 14 { 3 } else { 2 }, "{row:?}");
    }
}

#[test]
fn v05_computed_names_and_hidden_ranks() {
    let mut lines = vec![
        point(1, [16.0, 48.0], &json!({"name": "Wien", "name_en": "Vienna", "population": "1900000.4"})),
        point(2, [-60.0, -20.0], &json!({})),
    ];
    for people in 1..=201 {
        lines.push(point(100 + people, [100.0, 20.0], &json!({"name": "n", "population": people})));
    }
    let rows = rows(&run("V05", &lines));
    let of = |id: &str| rows.iter().filter(|row| row.id == id).cloned().collect::<Vec<_>>();
    let vienna = r#"{"name":"Vienna","people":1900000}"#;
    assert_eq!(attributes(&of("1"), "places"), bands(2, &[(8, vienna)]));
    assert_eq!(attributes(&of("2"), "places"), bands(6, &[(4, r#"{"name":"unnamed"}"#)]));
    assert_eq!(of("101"), [], "the smallest of 201 goes");
    for zoom in 6..=9 {
        let n_small = rows.iter().filter(|row| row.zoom() == zoom && row.id.len() == 3).count();
        assert_eq!(n_small, 200);
    }
}

#[test]
fn v06_ranks_follow_the_zoom() {
    let lines = [
        point(1, [10.0, 10.0], &json!({"rank": [9, 9, 7, 3, 1]})),
        point(2, [170.0, 10.0], &json!({"rank": [null, 2]})),
        point(3, [11.0, 10.0], &json!({"rank": 8})),
        point(4, [60.0, 10.0], &json!({"rank": []})),
    ];
    let rows = rows(&run("V06", &lines));
    // The first and the third are too close together until z6; the better one stays, and z1 sorts by rank.
    let near: Vec<Row> = rows.iter().filter(|row| row.id != "2").cloned().collect();
    assert_eq!(ids(&near, "labels"), bands(0, &[(2, "3"), (4, "1"), (5, "1 3")]));
    let ranks = attributes(&near, "labels");
    assert_eq!(ranks[2].1, r#"{"rank":7}"#);
    assert_eq!(ranks[3].1, r#"{"rank":3}"#);
    assert_eq!(ranks[6].1, r#"{"rank":1} {"rank":8}"#);
    let far: Vec<Row> = rows.iter().filter(|row| row.id == "2").cloned().collect();
    assert_eq!(attributes(&far, "labels"), bands(1, &[(10, r#"{"rank":2}"#)]));
    assert_eq!(ids(&rows, "labels")[1].1, "2 3");
}

#[test]
fn v07_digits_become_numbers_and_other_texts_hashes() {
    let county = |id, code: &str, east| point(id, [east, 1.0], &json!({"GEOID": code, "NAME": "n", "x": 1}));
    let rows = rows(&run("V07", &[county(1, "06037", 1.0), county(2, "A-17", 1.001)]));
    assert_eq!(ids(&rows, "counties"), bands(1, &[(8, "6037 6624059366446691")]));
    assert_eq!(rows[0].attributes, r#"{"NAME":"n","code":"06037"}"#);
    assert_eq!(rows[1].attributes, r#"{"NAME":"n","code":"A-17"}"#);
}

#[test]
fn v08_strips_are_cut_and_carry_no_ids() {
    let rows = rows(&run("V08", &[area(7, [1.0, -10.0, 20.0, 10.0], &json!({"a": 1}))]));
    assert!(rows.iter().all(|row| row.id == "-"));
    for (layer, sign) in [("grid_north", 1.0), ("grid_south", -1.0)] {
        let mut latitudes =
            rows.iter().filter(|row| row.layer == layer).flat_map(Row::lon_lats).map(|(_, lat)| lat * sign);
        assert!(latitudes.clone().count() > 0 && latitudes.all(|lat| lat > -1e-9), "{layer}");
    }
}

#[test]
fn v09_box_of_features_cuts_and_box_of_tiles_chooses() {
    let land = [area(1, [0.0, 40.0, 20.0, 52.0], &json!({}))];
    let [west, south, east, north] = [5.9, 45.8, 10.5, 47.9];
    let chosen = rows(&run("V09", &land));
    for row in chosen.iter().filter(|row| row.layer == "cut") {
        let unit = 360.0 / f64::from(4096 << row.zoom());
        for (lon, lat) in row.lon_lats() {
            assert!((west - unit..=east + unit).contains(&lon), "{row:?}");
            assert!((south - unit..=north + unit).contains(&lat), "{row:?}");
        }
    }
    let mut open: Value = serde_json::from_str(&recipe("V09")).unwrap();
    open["layers"]["whole"]["tiles"] = json!({});
    let open = rows(&publish(&open.to_string(), &land.join("\n"), &settings(2, 64 << 20)).unwrap());
    let meets = |row: &Row| {
        let corners = Row { shape: "0 0 4096 4096".to_owned(), ..row.clone() }.lon_lats();
        corners[0].0 <= east && west <= corners[1].0 && corners[1].1 <= north && south <= corners[0].1
    };
    let whole = |rows: Vec<Row>| rows.into_iter().filter(|row| row.layer == "whole").collect::<Vec<_>>();
    let expected: Vec<Row> = whole(open).into_iter().filter(meets).collect();
    assert_eq!(whole(chosen), expected);
    assert!(expected.iter().any(|row| row.zoom() == 3));
}

#[test]
fn v10_streets_of_one_name_become_one_line() {
    let street = |id, along: [[f64; 2]; 2], ref_: &str, speed, length| {
        line(
            id,
            &along,
            &json!({"name": "High", "class": "a", "ref": ref_, "speed": speed, "length": length,
            "lanes": id, "width": id, "surface": format!("s{id}"), "gone": 1}),
        )
    };
    let lines = [
        street(1, [[0.002, 0.01], [0.006, 0.01]], "A", 50, 1.5),
        street(2, [[0.010, 0.014], [0.006, 0.01]], "B", 70, 2.0),
        street(3, [[0.010, 0.014], [0.015, 0.002]], "C", 30, 0.25),
        line(4, &[[0.002, 0.002], [0.004, 0.002]], &json!({"class": "b", "gone": 1})),
    ];
    let rows = rows(&run("V10", &lines));
    let joined = r#""segments":3,"length":3.75,"speed":70,"lanes":1,"width":2,"ref":"A,B,C","surface":"s1"}"#;
    for zoom in 10..=14 {
        let here: Vec<&Row> = rows.iter().filter(|row| row.zoom() == zoom).collect();
        assert_eq!(here.len(), 2, "{here:?}");
        let merged: Value = serde_json::from_str(&here[0].attributes).unwrap();
        let expected: Value =
            serde_json::from_str(&format!(r#"{{"name":"High","class":"a",{joined}"#)).unwrap();
        assert_eq!(merged, expected);
        assert_eq!((here[0].id.as_str(), here[1].id.as_str()), ("1", "4"));
        assert!(here[0].shape.starts_with("LINESTRING"), "{here:?}");
        let passed: Value = serde_json::from_str(&here[1].attributes).unwrap();
        assert_eq!(passed, json!({"class": "b", "gone": 1, "segments": 1}));
    }
    assert_eq!(rows.iter().find(|row| row.zoom() == 14).unwrap().positions().len(), 4);
}

#[test]
fn v11_sums_follow_the_zoom_and_borders_dissolve() {
    let tract = |id: u64, keys: [&str; 3], income| {
        let west = 1.0 + 0.02 * id as f64;
        let properties =
            json!({"state": keys[0], "county": keys[1], "tract": keys[2], "land": id, "income": income});
        area(id, [west, 1.0, west + 0.02, 1.02], &properties)
    };
    let lines = [
        tract(1, ["01", "001", "1"], 10),
        tract(2, ["01", "001", "2"], 20),
        tract(3, ["01", "002", "1"], 60),
        tract(4, ["02", "001", "1"], 5),
    ];
    let rows = rows(&run("V11", &lines));
    let at = |zoom| {
        let mut found: Vec<(String, i64, f64, usize)> = Vec::new();
        for row in rows.iter().filter(|row| row.zoom() == zoom) {
            let values: Value = serde_json::from_str(&row.attributes).unwrap();
            assert_eq!(values.as_object().unwrap().len(), 3, "{row:?}");
            let key = values["key"].as_str().unwrap().to_owned();
            let n_rings = row.shape.matches("((").count();
            found.push((key, values["land"].as_i64().unwrap(), values["income"].as_f64().unwrap(), n_rings));
        }
        found
    };
    assert_eq!(
        at(7),
        [("01001".to_owned(), 3, 15.0, 1), ("01002".to_owned(), 3, 60.0, 1), ("02001".to_owned(), 4, 5.0, 1)]
    );
    assert_eq!(at(4), [("01".to_owned(), 6, 30.0, 1), ("02".to_owned(), 4, 5.0, 1)]);
    let tracts: Vec<(String, i64)> = at(8).into_iter().map(|(key, land, ..)| (key, land)).collect();
    let expected = [("010011", 1), ("010012", 2), ("010021", 3), ("020011", 4)];
    assert_eq!(tracts, expected.map(|(key, land)| (key.to_owned(), land)));
}

#[test]
fn v12_limits_follow_each_other_and_spare_museums() {
    let kind = |id, at, kind: &str, name: &str| point(id, at, &json!({"kind": kind, "name": name}));
    let mut lines = vec![
        kind(1, inside(0.0, 0.0), "museum", "m"),
        kind(2, inside(0.0, 0.0), "museum", "n"),
        kind(3, inside(0.004, 0.0), "shop", "b"),
        kind(4, inside(0.004, 0.0), "shop", "a"),
    ];
    for station in 0..41 {
        let east = 0.0001 * station as f64;
        lines.push(point(
            100 + station,
            [30.0 + east, 30.0],
            &json!({"kind": "station", "passengers": 50 - station}),
        ));
    }
    let rows = rows(&run("V12", &lines));
    let near: Vec<Row> = rows.iter().filter(|row| row.id.len() == 1).cloned().collect();
    // Below z10 the last rule thins everything, first come first kept; from there on it applies to nothing.
    assert_eq!(ids(&near, "pois"), bands(6, &[(4, "1"), (4, "1 2 4")]));
    let stations: Vec<&Row> = rows.iter().filter(|row| row.zoom() == 10 && row.id.len() == 3).collect();
    assert_eq!(stations.len(), 40);
    assert!(stations.iter().all(|row| row.id != "140"), "the least busy station goes");
}

#[test]
fn v13_stores_cluster_below_z12() {
    let store =
        |id: u64, rating| point(id, inside(0.001 * id as f64, 0.0), &json!({"rating": rating, "s": id}));
    let rows = rows(&run("V13", &[store(1, 3), store(2, 5), store(3, 4)]));
    let cluster = r#"{"rating":5,"count":3}"#;
    let all = by_zoom(&rows, "store-locations-clustered", |row| &row.attributes);
    let expected: Vec<(u8, String)> = bands(0, &[(12, cluster)]);
    assert_eq!(all[..12], expected);
    let single = r#"{"rating":3,"s":1,"count":1} {"rating":5,"s":2,"count":1} {"rating":4,"s":3,"count":1}"#;
    assert_eq!(all[12..], bands(12, &[(3, single)]));
    // The mean of three points in a row is the second.
    let second = rows.iter().find(|row| row.zoom() == 12 && row.id == "2").unwrap().positions()[0];
    let merged = rows.iter().find(|row| row.zoom() == 11).unwrap().positions()[0];
    assert!((second.0 - 2 * merged.0).abs() <= 2, "{second:?} {merged:?}");
}

#[test]
fn v14_grid_and_buffer_follow_the_zoom() {
    let rows = rows(&run("V14", &[area(1, [-0.2, -0.2, 0.2, 0.2], &json!({}))]));
    for row in &rows {
        assert_eq!(row.extent, if row.zoom() < 8 { 1024 } else { 4096 });
        let buffer = match row.zoom() {
            ..8 => 15,
            8..12 => 61,
            _ => 0,
        };
        let inside = -buffer..=row.extent as i32 + buffer;
        assert!(row.positions().iter().all(|(x, y)| inside.contains(x) && inside.contains(y)), "{row:?}");
    }
    let reaches = |zoom, units| {
        rows.iter().filter(|row| row.zoom() == zoom).flat_map(Row::positions).any(|(x, _)| x == units)
    };
    assert!(reaches(12, 0) && reaches(12, 4096) && reaches(11, -61) && reaches(11, 4157));
}

#[test]
fn v15_filled_tiles_go_above_z5_unless_something_else_is_in_them() {
    let lines = [
        area(2, [6.0, 6.0, 6.01, 6.01], &json!({"depth": 9})),
        area(1, [-0.5, -0.5, 12.0, 12.0], &json!({"depth": 3})),
    ];
    let rows = rows(&run("V15", &lines));
    let is_filled = |row: &Row| {
        let positions = row.positions();
        positions.len() == 4
            && positions.iter().all(|(x, y)| [-20, 4116].contains(x) && [-20, 4116].contains(y))
    };
    let filled: Vec<&Row> = rows.iter().filter(|row| is_filled(row)).collect();
    assert!(filled.iter().any(|row| row.zoom() == 5));
    for row in filled.iter().filter(|row| row.zoom() > 5) {
        let here: Vec<&str> =
            rows.iter().filter(|other| other.tile == row.tile).map(|other| other.id.as_str()).collect();
        assert_eq!(here, ["1", "2"], "the island keeps the sea, shallow before deep: {row:?}");
    }
    assert!(filled.iter().any(|row| row.zoom() == 12));
}

#[test]
fn v16_ids_come_from_an_attribute() {
    let station = |id, station: Value| point(id, [1.0, 1.0], &json!({"station_id": station}));
    let rows = rows(&run("V16", &[station(1, json!(77)), station(2, json!("0088"))]));
    assert_eq!(ids(&rows, "stations"), bands(8, &[(9, "77 88")]));
}

#[test]
fn v17_groups_are_filtered_then_labelled_then_sorted() {
    let operators = ["A-17", "town", "town", "A-17", "town", "town", "town"];
    let lines: Vec<String> = (1..)
        .zip(operators)
        .map(|(id, operator)| point(id, [1.0, 1.0], &json!({"operator": operator, "gone": id})))
        .collect();
    let rows = rows(&run("V17", &lines));
    let town = r#"{"operator":"town","n":5,"label":"town (5)","sort":-5}"#;
    let other = r#"{"operator":"A-17","n":2,"label":"A-17 (2)","sort":-2}"#;
    assert_eq!(attributes(&rows, "parks"), bands(5, &[(3, town), (5, &format!("{town} {other}"))]));
    let all = ids(&rows, "parks");
    assert!(all[7].1.ends_with(" 6624059366446691"), "{all:?}");
}

#[test]
fn v18_cells_double_with_every_zoom_out() {
    let side = 360.0 / 4096.0;
    let cell = |gx: u64, gy: u64, value: i32| {
        let (west, south) = (side * gx as f64, -side * (gy as f64 + 1.0));
        area(
            1 + gx + 2 * gy,
            [west, south, west + side, south + side],
            &json!({"gx": gx, "gy": gy, "value": value}),
        )
    };
    let rows = rows(&run("V18", &[cell(0, 0, 1), cell(1, 0, 1), cell(0, 1, 3), cell(1, 1, 3)]));
    let expected = bands(2, &[(10, r#"{"value":2}"#)]);
    let (last, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.zoom() == 12);
    let main: Vec<Row> = others.into_iter().filter(|row| row.tile.1 == 1 << (row.zoom() - 1)).collect();
    let south: Vec<Row> = main.into_iter().filter(|row| row.tile.2 == 1 << (row.zoom() - 1)).collect();
    assert_eq!(attributes(&south, "cells"), expected);
    assert!(last.iter().all(|row| [r#"{"value":1}"#, r#"{"value":3}"#].contains(&row.attributes.as_str())));
}

#[test]
fn v19_bounds_that_set_removes_bound_nothing() {
    let lines = [point(1, [1.0, 1.0], &json!({"minzoom": 5, "maxzoom": 7, "n": 1}))];
    let rows = rows(&run("V19", &lines));
    assert_eq!(attributes(&rows, "sights"), bands(0, &[(15, r#"{"n":1}"#)]));
}

#[test]
fn v20_walk_through_the_language() {
    let properties = json!({"a": [3, 1, 2], "o": {"k": "v"}, "s": "Ärger", "x": -1.5, "t": "12.50"});
    let line = json!({"type": "Feature", "properties": properties,
        "geometry": {"type": "Point", "coordinates": [1, 1]}});
    let rows = rows(&run("V20", &[line.to_string()]));
    assert_eq!(rows.len(), 1);
    let found: Value = serde_json::from_str(&rows[0].attributes).unwrap();
    let expected = json!({
        "s": "Ärger", "x": -1.5, "t": "12.50",
        "a1": 1, "key": "v", "len": 3, "kind": "string", "up": "ÄRGER", "r": -2, "num": 12.5, "m": 2,
        "stepped": "mid", "let1": 9, "txt": "3/true/", "bool": false, "has": true, "ang": 1, "mod": -1.5,
        "str": "[3,1,2]", "noid": "none", "pow": 8, "empty": 0, "pick": "Point"
    });
    assert_eq!(found, expected);
}

#[test]
fn v21_recipe_inside_an_envelope_runs() {
    let rows = rows(&run("V21", &[point(1, [1.0, 1.0], &json!({}))]));
    assert_eq!(ids(&rows, "parks"), bands(0, &[(13, "1")]));
}

#[test]
fn v22_every_option_at_once() {
    let thing = |uid: &str, at, kind: &str, size: Value| {
        let properties =
            json!({"uid": uid, "kind": kind, "size": size, "rank": [1, 2, 3], "name": kind, "x": 1});
        point(900, at, &properties)
    };
    let block = |id: &str, west: f64| {
        area(
            901,
            [west, 47.0, west + 0.1, 47.1],
            &json!({"uid": id, "kind": "block", "name": "b", "size": 2000}),
        )
    };
    let lines = [
        thing("11", [9.0, 47.5], "label", json!(5000)),
        thing("12", [9.5, 47.5], "hidden", json!(5000)),
        thing("13", [9.7, 47.5], "label", json!("small")),
        thing("14", [-8.0, 47.5], "label", json!(5000)),
        thing("15", [40.0, 47.5], "label", json!(5000)),
        block("21", 9.0),
        block("22", 9.1),
    ];
    let rows = rows(&run("V22", &lines));
    let last: Vec<&Row> = rows.iter().filter(|row| row.zoom() == 13).collect();
    let has = |zoom, id| rows.iter().any(|row| row.zoom() == zoom && row.id == id);
    // `to-number` falls back on 0 for what is no number, so the thirteenth is small and comes at z8.
    assert!(has(4, "11") && has(13, "11") && !has(7, "13") && has(8, "13"));
    assert!(!rows.iter().any(|row| row.attributes.contains("hidden") || row.id == "15"));
    assert!(has(4, "14") && !has(13, "14"), "outside of the box of tiles, but in a tile that meets it");
    assert!(last.iter().all(|row| row.extent == 8192));
    let label: Value =
        serde_json::from_str(&last.iter().find(|row| row.id == "11").unwrap().attributes).unwrap();
    assert_eq!(label, json!({"name": "label", "kind": "label", "n": 1, "rank": 3, "total": 2}));
    let blocks: Vec<&Row> = rows.iter().filter(|row| row.zoom() == 8 && row.id == "21").collect();
    assert!(blocks.iter().any(|row| row.attributes.contains(r#""n":2"#)), "{blocks:?}");
    assert!(!has(4, "22"));
}

#[test]
fn v23_constant_filter_removes_everything() {
    let published = publish(&recipe("V23"), &point(1, [1.0, 1.0], &json!({})), &settings(1, 64 << 20));
    let message = published.err().unwrap().to_string();
    assert!(
        message.starts_with("No tiles were created because the recipe removed every feature."),
        "{message}"
    );
    let mut kept: Value = serde_json::from_str(&recipe("V23")).unwrap();
    kept["layers"]["1st_layer-2"]["features"]["filter"] = json!(["==", "highway", "highway"]);
    let line = json!({"type": "Feature", "properties": {"a": 2}, "geometry": {"type": "Point", "coordinates": [1, 1]}});
    let published = publish(&kept.to_string(), &line.to_string(), &settings(1, 64 << 20)).unwrap();
    let rows = rows(&published);
    assert_eq!(attributes(&rows, "1st_layer-2"), bands(1, &[(1, r#"{"a":2,"fixed":"x","yes":true}"#)]));
    assert_eq!(rows[0].id, "7");
}

#[test]
fn v24_last_zoom_knows_more() {
    let house = |id: u64, height: Value| {
        let west = 0.001 * id as f64;
        let properties = json!({"address": format!("Way {id}"), "height": height});
        area(id, [west, 0.001, west + 0.0005, 0.0015], &properties)
    };
    let rows = rows(&run("V24", &[house(1, json!(12)), house(2, json!("high"))]));
    let plain = r#"{"height":12} {"height":3}"#;
    let full = r#"{"address":"Way 1","height":12} {"address":"Way 2","height":3}"#;
    assert_eq!(attributes(&rows, "buildings"), bands(13, &[(2, plain), (1, full)]));
}
