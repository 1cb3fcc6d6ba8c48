//! Laws that hold for whole jobs, whatever the data: compared with jobs that ask for less.

use serde_json::{Value, json};

use crate::common::{publish, settings};
use crate::rows::{Row, feature, rows};

/// How many different sources each law is tried on.
const N_SOURCES: u64 = 3;

/// Draws numbers that look random and are the same in every run (the generator is `SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn degrees(&mut self, from: f64, to: f64) -> f64 {
        (to - from).mul_add(self.below(1 << 20) as f64 / f64::from(1 << 20), from)
    }

    fn near(&mut self, [lon, lat]: [f64; 2], n_points: u64, reach: f64) -> Vec<[f64; 2]> {
        let mut place = || [lon + self.degrees(-reach, reach), lat + self.degrees(-reach, reach)];
        (0..n_points).map(|_| place()).collect()
    }

    fn geometry(&mut self) -> (&'static str, Value) {
        let center = [self.degrees(-100.0, 100.0), self.degrees(-60.0, 60.0)];
        match self.below(6) {
            0 => ("Point", json!(center)),
            1 => ("MultiPoint", json!(self.near(center, 3, 20.0))),
            2 => ("LineString", json!(self.near(center, 6, 10.0))),
            3 => ("MultiLineString", json!([self.near(center, 4, 10.0), self.near(center, 3, 10.0)])),
            4 => ("Polygon", json!([closed(self.near(center, 7, 15.0))])),
            _ => {
                let polygons = [closed(self.near(center, 4, 9.0)), closed(self.near(center, 5, 9.0))];
                ("MultiPolygon", json!(polygons.map(|ring| [ring])))
            }
        }
    }

    /// Returns the lines of a source; ids count from 1, and `k` is different in all of them.
    fn source(&mut self) -> String {
        let mut lines = Vec::new();
        for id in 1..=80 {
            let (kind, coordinates) = self.geometry();
            let mut properties =
                json!({"k": format!("k{id}"), "class": (["a", "b", "c"][self.below(3) as usize])});
            match self.below(8) {
                0 => {}
                1 => properties["rank"] = json!(["x", "y"][self.below(2) as usize]),
                _ => properties["rank"] = json!(self.below(5)),
            }
            lines.push(feature(id, kind, &coordinates, &properties));
        }
        lines.join("\n")
    }
}

fn closed(mut ring: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    ring.push(ring[0]);
    ring
}

fn recipe(minzoom: u8, maxzoom: u8, features: &Value, tiles: &Value) -> String {
    json!({"version": 1, "layers": {"all": {"source": "mapbox://tileset-source/acme/all",
        "minzoom": minzoom, "maxzoom": maxzoom, "features": features, "tiles": tiles}}})
    .to_string()
}

/// Publishes zooms 0 to 3 of `source` and returns the features of all tiles.
fn made(source: &str, tiles: &Value) -> Vec<Row> {
    rows(&publish(&recipe(0, 3, &json!({}), tiles), source, &settings(2, 64 << 20)).unwrap())
}

fn by_tile(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    rows.chunk_by(|a, b| a.tile == b.tile)
}

fn values(row: &Row) -> Value {
    serde_json::from_str(&row.attributes).unwrap()
}

#[test]
fn what_depends_on_the_zoom_equals_one_job_a_zoom() {
    let filters = [
        json!(["==", ["get", "class"], "a"]),
        json!(["!=", ["get", "class"], "a"]),
        json!(["==", ["geometry-type"], "Polygon"]),
        json!(true),
    ];
    let limits = json!([["highest_where", ["==", ["get", "class"], "b"], 9, "rank"]]);
    let tiles = |extent: Value, buffer: Value, filter: Value| json!({"extent": extent, "buffer_size": buffer, "limit": limits, "filter": filter});
    for seed in 0..N_SOURCES {
        let source = Draw(seed).source();
        let pick = |values: [Value; 4]| {
            let [first, second, third, fourth] = values;
            json!(["step", ["zoom"], first, 1, second, 2, third, 3, fourth])
        };
        let filter = pick(filters.clone());
        let simplification = pick([9, 0, 20, 1].map(|units| json!(units)));
        let extent = pick([512, 4096, 1024, 8192].map(|units| json!(units)));
        let buffer = pick([0, 1, 5, 2].map(|percent| json!(percent)));
        let kept = json!(["any", ["<", ["zoom"], 2], ["!=", ["get", "class"], "c"]]);
        let features = json!({"filter": filter, "simplification": simplification});
        let whole = recipe(0, 3, &features, &tiles(extent, buffer, kept));
        let whole = publish(&whole, &source, &settings(2, 64 << 20)).unwrap();
        let mut parts = String::new();
        for zoom in 0..4 {
            let at = usize::from(zoom);
            let features = json!({"filter": filters[at], "simplification": ([9, 0, 20, 1][at])});
            let kept = if zoom < 2 { json!(true) } else { json!(["!=", ["get", "class"], "c"]) };
            let tiles = tiles(json!([512, 4096, 1024, 8192][at]), json!([0, 1, 5, 2][at]), kept);
            let part = recipe(zoom, zoom, &features, &tiles);
            parts.push_str(&publish(&part, &source, &settings(2, 64 << 20)).unwrap().text);
        }
        assert_eq!(whole.text, parts, "source {seed}");
    }
}

#[test]
fn union_of_groups_of_one_changes_attributes_alone() {
    for seed in 0..N_SOURCES {
        let source = Draw(seed).source();
        let plain = made(&source, &json!({}));
        let all_equal = made(&source, &json!({"union": [{}, {"maintain_direction": false}]}));
        assert_eq!(all_equal, plain, "all attributes differ somewhere, source {seed}");
        let mut expected = plain;
        for row in &mut expected {
            row.attributes = json!({"k": values(row)["k"]}).to_string();
        }
        let grouped = made(&source, &json!({"union": [{"group_by": ["k"], "maintain_direction": false}]}));
        assert_eq!(grouped, expected, "source {seed}");
    }
}

#[test]
fn limits_keep_at_most_what_they_say_and_all_that_does_not_match() {
    let rules = ["lowest_where", "highest_where", "lowest_where_in_distance", "highest_where_in_distance"];
    let matches = |row: &&Row| values(row)["class"] != "c";
    for seed in 0..N_SOURCES {
        let source = Draw(seed).source();
        let plain = made(&source, &json!({}));
        for (rule, number) in rules.into_iter().flat_map(|rule| [1, 4, 17].map(|number| (rule, number))) {
            let limited =
                made(&source, &json!({"limit": [[rule, ["!=", ["get", "class"], "c"], number, "rank"]]}));
            for tile in by_tile(&limited) {
                let before: Vec<&Row> = plain.iter().filter(|row| row.tile == tile[0].tile).collect();
                let mut rest = before.iter();
                assert!(tile.iter().all(|row| rest.any(|other| *other == row)), "{rule} keeps order");
                let (n_before, n_after) =
                    (before.iter().copied().filter(matches).count(), tile.iter().filter(matches).count());
                assert!(n_after <= number, "{rule} {number} keeps {n_after} in {:?}", tile[0].tile);
                assert!((n_before == 0) == (n_after == 0), "the best one always stays");
                if !rule.ends_with("distance") {
                    assert_eq!(n_after, n_before.min(number), "{rule} {number} in {:?}", tile[0].tile);
                }
                assert_eq!(tile.len() - n_after, before.len() - n_before, "others stay");
            }
        }
    }
}

#[test]
fn order_is_stable() {
    // Numbers, then texts, then nothing.
    let compare = |a: &Row, b: &Row| match (&values(a)["rank"], &values(b)["rank"]) {
        (Value::Number(a), Value::Number(b)) => a.as_u64().cmp(&b.as_u64()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => {
            let class = |value: &Value| match value {
                Value::Number(_) => 0,
                Value::String(_) => 1,
                _ => 2,
            };
            class(a).cmp(&class(b))
        }
    };
    for seed in 0..N_SOURCES {
        let source = Draw(seed).source();
        let mut expected = made(&source, &json!({}));
        assert!(expected.iter().any(|row| values(row)["rank"].is_string()), "source {seed}");
        for tile in expected.chunk_by_mut(|a, b| a.tile == b.tile) {
            // The plain job writes source order, which the ids tell.
            assert!(tile.is_sorted_by_key(|row| row.id.parse::<u32>().unwrap()));
            tile.sort_by(compare);
        }
        // A filter that says nothing takes the tiles through the other road, which must not matter.
        for tiles in [json!({"order": "rank"}), json!({"order": "rank", "filter": ["has", "k"]})] {
            assert_eq!(made(&source, &tiles), expected, "source {seed}");
        }
    }
}
