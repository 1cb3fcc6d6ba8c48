//! Laws of limits and unions, whatever the features of a tile look like.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use proptest::prelude::*;
use zellige_model::{Extent, Geometry, GeometryKind, Grid, ValueRef};
use zellige_recipe::plan::{Limit, RankOrder, Union};
use zellige_recipe::recipe::Aggregation;
use zellige_testkit::polygon::polygon_faults;
use zellige_tile::limit::limit;
use zellige_tile::staged::StagedFeature;
use zellige_tile::union::union;
use zellige_tile::validate::{Validator, area_doubled};

/// Small enough that shapes meet often.
const SIDE: i32 = 40;

fn extent() -> Extent {
    Extent::new(SIDE as u32).unwrap()
}

fn grid() -> impl Strategy<Value = Grid> {
    (-4..SIDE + 4, -4..SIDE + 4).prop_map(|(x, y)| Grid::new(x, y))
}

fn geometry_of(kind: GeometryKind, points: &[Grid]) -> Geometry<Grid> {
    let mut geometry = Geometry::default();
    geometry.reset(kind);
    geometry.points.extend_from_slice(points);
    geometry.points.dedup();
    if kind != GeometryKind::Point {
        geometry.end_part();
    }
    if kind == GeometryKind::Polygon {
        geometry.end_polygon();
    }
    geometry
}

fn points() -> impl Strategy<Value = Geometry<Grid>> {
    prop::collection::vec(grid(), 1..3).prop_map(|points| geometry_of(GeometryKind::Point, &points))
}

/// Lines whose ends meet often.
fn line() -> impl Strategy<Value = Geometry<Grid>> {
    prop::collection::vec((0..4, 0..4).prop_map(|(x, y)| Grid::new(x, y)), 2..6)
        .prop_filter("a line has a segment", |points| points.windows(2).any(|pair| pair[0] != pair[1]))
        .prop_map(|points| geometry_of(GeometryKind::LineString, &points))
}

fn rectangle() -> impl Strategy<Value = Geometry<Grid>> {
    (0..SIDE, 0..SIDE, 1..SIDE / 2, 1..SIDE / 2).prop_map(|(x, y, width, height)| {
        let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)];
        geometry_of(GeometryKind::Polygon, &corners.map(|(x, y)| Grid::new(x, y)))
    })
}

/// Legal polygons of any form.
fn polygons() -> impl Strategy<Value = Geometry<Grid>> {
    prop::collection::vec(prop::collection::vec((0..1000, 0..1000), 3..10), 1..3)
        .prop_map(|rings| {
            let mut geometry = Geometry::default();
            geometry.reset(GeometryKind::Polygon);
            for ring in rings {
                geometry.points.extend(ring.into_iter().map(|(x, y)| Grid::new(x, y)));
                geometry.end_part();
            }
            geometry.end_polygon();
            Validator::default().validate(&mut geometry);
            geometry
        })
        .prop_filter("some area is left", |geometry| !geometry.is_empty())
}

fn anything() -> impl Strategy<Value = Geometry<Grid>> {
    prop_oneof![points(), line(), rectangle()]
}

/// A value of the attribute `n`.
#[derive(Clone, Debug)]
enum Rank {
    Absent,
    Int(i64),
    Double(f64),
    Text(String),
}

fn rank() -> impl Strategy<Value = Rank> {
    prop_oneof![
        Just(Rank::Absent),
        (-5_i64..5).prop_map(Rank::Int),
        (-9_i64..9).prop_map(|half| Rank::Double(half as f64 / 2.0)),
        "[ab]{0,2}".prop_map(Rank::Text),
    ]
}

/// Features with ids from 0, a group `k` and a value `n`.
fn features(
    geometry: impl Strategy<Value = Geometry<Grid>>,
    rank: impl Strategy<Value = Rank>,
) -> impl Strategy<Value = Vec<StagedFeature>> {
    prop::collection::vec((geometry, 0_i64..3, rank), 0..24).prop_map(|members| {
        let feature = |((geometry, group, rank), id)| {
            let mut feature = StagedFeature { id: Some(id), geometry, ..StagedFeature::default() };
            feature.attributes.push("k", ValueRef::Int(group));
            match rank {
                Rank::Absent => {}
                Rank::Int(number) => feature.attributes.push("n", ValueRef::Int(number)),
                Rank::Double(number) => feature.attributes.push("n", ValueRef::Double(number)),
                Rank::Text(text) => feature.attributes.push("n", ValueRef::String(&text)),
            }
            feature
        };
        members.into_iter().zip(0..).map(feature).collect()
    })
}

fn rule() -> impl Strategy<Value = Limit> {
    let order = prop_oneof![Just(RankOrder::Lowest), Just(RankOrder::Highest)];
    (order, any::<bool>(), 1_u32..20, prop::option::of(Just("n".to_owned())))
        .prop_map(|(order, in_distance, number, attribute)| Limit { order, in_distance, number, attribute })
}

fn by(names: &[&str]) -> Union {
    Union {
        group_by: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        aggregate: Vec::new(),
        maintain_direction: true,
        cluster: None,
    }
}

fn ids(features: &[StagedFeature]) -> Vec<u64> {
    features.iter().map(|feature| feature.id.unwrap()).collect()
}

/// Merges all features into one a kind.
fn merge_all(geometries: &[Geometry<Grid>], rule: &Union) -> Vec<StagedFeature> {
    let features: Vec<_> = geometries
        .iter()
        .map(|geometry| StagedFeature { geometry: geometry.clone(), ..StagedFeature::default() })
        .collect();
    let takes_part = vec![true; features.len()];
    union(features, &takes_part, rule, extent()).0
}

/// All segments, sorted; turned so that the lower end comes first if asked.
fn segments<'g>(lines: impl Iterator<Item = &'g Geometry<Grid>>, is_turned: bool) -> Vec<(Grid, Grid)> {
    let mut segments: Vec<_> = lines
        .flat_map(Geometry::parts)
        .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])))
        .map(|(a, b)| if is_turned && b < a { (b, a) } else { (a, b) })
        .collect();
    segments.sort_unstable();
    segments
}

fn area(geometry: &Geometry<Grid>) -> i64 {
    geometry.parts().map(area_doubled).sum()
}

/// Returns the area of the union of legal members.
///
/// Between two neighbouring places where an edge ends or crosses another one, the length that a vertical
/// line has in common with the union grows evenly, so its length in the middle counts for all of them.
fn area_of_union(members: &[Geometry<Grid>]) -> f64 {
    let members: Vec<Vec<[f64; 4]>> = members.iter().map(edges).collect();
    let all: Vec<[f64; 4]> = members.iter().flatten().copied().collect();
    let mut places: Vec<f64> = all.iter().flat_map(|[ax, _, bx, _]| [*ax, *bx]).collect();
    for (nth, a) in all.iter().enumerate() {
        places.extend(all[nth + 1..].iter().filter_map(|b| crossing(*a, *b)));
    }
    places.sort_by(f64::total_cmp);
    places
        .windows(2)
        .map(|slab| length_at(f64::midpoint(slab[0], slab[1]), &members) * (slab[1] - slab[0]))
        .sum()
}

/// Returns all edges that are not vertical, from west to east.
fn edges(geometry: &Geometry<Grid>) -> Vec<[f64; 4]> {
    let edge = |(a, b): (&Grid, &Grid)| {
        let (west, east) = (a.min(b), a.max(b));
        [west.x.into(), west.y.into(), east.x.into(), east.y.into()]
    };
    let rings = geometry.parts().flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
    rings.filter(|(a, b)| a.x != b.x).map(edge).collect()
}

/// Returns where the lines through two edges cross, if that is between their ends.
fn crossing(a: [f64; 4], b: [f64; 4]) -> Option<f64> {
    let slope = |[ax, ay, bx, by]: [f64; 4]| (by - ay) / (bx - ax);
    let at_zero = |edge: [f64; 4]| edge[1] - slope(edge) * edge[0];
    let x = (at_zero(b) - at_zero(a)) / (slope(a) - slope(b));
    (a[0].max(b[0]) < x && x < a[2].min(b[2])).then_some(x)
}

/// Returns how much of the vertical line at `x` lies in any member.
fn length_at(x: f64, members: &[Vec<[f64; 4]>]) -> f64 {
    let mut covered: Vec<(f64, f64)> = Vec::new();
    for member in members {
        let met = member.iter().filter(|[ax, _, bx, _]| *ax < x && x < *bx);
        let mut ys: Vec<f64> = met.map(|[ax, ay, bx, by]| ay + (by - ay) * (x - ax) / (bx - ax)).collect();
        ys.sort_by(f64::total_cmp);
        covered.extend(ys.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    }
    covered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut length, mut end) = (0.0, f64::NEG_INFINITY);
    for (from, to) in covered {
        length += (to - from.max(end)).max(0.0);
        end = end.max(to);
    }
    length
}

fn value(feature: &StagedFeature, rule: &Limit) -> Option<f64> {
    match feature.attributes.get(rule.attribute.as_ref()?)? {
        ValueRef::Int(number) => Some(number as f64),
        ValueRef::Double(number) => Some(number),
        _ => None,
    }
}

/// Whether `a` ranks before `b`; numbers only.
fn is_better(a: &StagedFeature, b: &StagedFeature, rule: &Limit) -> bool {
    match (value(a, rule), value(b, rule)) {
        (Some(x), Some(y)) if x < y => rule.order == RankOrder::Lowest,
        (Some(x), Some(y)) if x > y => rule.order == RankOrder::Highest,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        _ => a.id < b.id,
    }
}

/// Distance between the centers of two boxes, squared.
fn distance_squared(a: &StagedFeature, b: &StagedFeature) -> f64 {
    let center = |feature: &StagedFeature| {
        let middle = |of: fn(&Grid) -> i32| {
            let range = || feature.geometry.points.iter().map(of);
            f64::from(range().min().unwrap() + range().max().unwrap()) / 2.0
        };
        (middle(|point| point.x), middle(|point| point.y))
    };
    let ((ax, ay), (bx, by)) = (center(a), center(b));
    (ax - bx).powi(2) + (ay - by).powi(2)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn limits_keep_no_more_than_asked_and_all_others_in_order(
        features in features(anything(), rank()), rule in rule(), pattern in any::<u32>(),
    ) {
        let matches: Vec<bool> = (0..features.len()).map(|nth| pattern >> (nth % 32) & 1 == 1).collect();
        let mut left = features.clone();
        let notes = limit(&mut left, &matches, &rule, extent());
        prop_assert!(left.is_sorted_by_key(|feature| feature.id));
        prop_assert_eq!(notes.n_dropped as usize, features.len() - left.len());
        let left = ids(&left);
        let n_kept = left.iter().filter(|id| matches[**id as usize]).count();
        let n_matches = matches.iter().filter(|is_match| **is_match).count();
        prop_assert!(n_kept <= rule.number as usize);
        prop_assert!(rule.in_distance || n_kept == n_matches.min(rule.number as usize));
        for id in ids(&features) {
            prop_assert!(matches[id as usize] || left.contains(&id));
        }
    }

    #[test]
    fn what_goes_had_no_place_beside_better_ones(
        features in features(anything(), prop_oneof![Just(Rank::Absent), (-5_i64..5).prop_map(Rank::Int)]),
        rule in rule(),
    ) {
        let mut kept = features.clone();
        limit(&mut kept, &vec![true; features.len()], &rule, extent());
        let gone: Vec<_> = features.iter().filter(|feature| !kept.contains(feature)).collect();
        let spacing_squared = f64::from(SIDE).powi(2) / f64::from(rule.number);
        for feature in gone {
            let mut better = kept.iter().filter(|other| is_better(other, feature, &rule));
            let is_full = better.clone().count() == rule.number as usize;
            let is_near = better.any(|other| distance_squared(other, feature) < spacing_squared);
            prop_assert!(is_full || rule.in_distance && is_near, "{:?}", feature);
        }
        for (nth, a) in kept.iter().enumerate() {
            for b in &kept[nth + 1..] {
                prop_assert!(!rule.in_distance || distance_squared(a, b) >= spacing_squared);
            }
        }
    }

    #[test]
    fn nothing_to_merge_changes_nothing_but_attributes(
        mut features in features(anything(), rank()),
    ) {
        for (nth, feature) in features.iter_mut().enumerate() {
            feature.attributes.set("k", ValueRef::Int(nth as i64));
        }
        let takes_part = vec![true; features.len()];
        let all = Union { group_by: None, ..by(&[]) };
        let (merged, _) = union(features.clone(), &takes_part, &all, extent());
        prop_assert_eq!(&merged, &features);
        let (merged, _) = union(features.clone(), &takes_part, &by(&["k"]), extent());
        for feature in &mut features {
            feature.attributes.remove("n");
        }
        let attributes = |feature: &StagedFeature| {
            feature.attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
        };
        for (before, after) in features.iter().zip(&merged) {
            prop_assert_eq!(before.id, after.id);
            prop_assert_eq!(&before.geometry, &after.geometry);
            prop_assert_eq!(attributes(before), attributes(after));
        }
    }

    #[test]
    fn merging_twice_is_merging_once(
        features in features(anything(), rank()), maintain_direction in any::<bool>(),
        operation in prop_oneof![Just(Aggregation::Sum), Just(Aggregation::Max), Just(Aggregation::Comma)],
    ) {
        let rule = Union { aggregate: vec![("n".to_owned(), operation)], maintain_direction, ..by(&["k"]) };
        let (once, _) = union(features.clone(), &vec![true; features.len()], &rule, extent());
        prop_assert!(once.is_sorted_by_key(|feature| feature.id));
        let (twice, _) = union(once.clone(), &vec![true; once.len()], &rule, extent());
        let texts = |features: &[StagedFeature]| {
            features.iter().map(|feature| feature.attributes.get("n").map(ValueRef::to_owned)).collect::<Vec<_>>()
        };
        prop_assert_eq!(texts(&once), texts(&twice));
        for (once, twice) in once.iter().zip(&twice) {
            prop_assert_eq!(&once.geometry, &twice.geometry);
        }
    }

    #[test]
    fn sums_of_groups_add_up_to_the_sum_of_all(
        features in features(points(), (-50_i64..50).prop_map(Rank::Int)), cluster in prop::option::of(1_u32..30),
    ) {
        let sum = |features: &[StagedFeature]| {
            let number = |feature: &StagedFeature| match feature.attributes.get("n") {
                Some(ValueRef::Int(number)) => number,
                _ => 0,
            };
            features.iter().map(number).sum::<i64>()
        };
        let expected = sum(&features);
        let rule = Union { aggregate: vec![("n".to_owned(), Aggregation::Sum)], cluster, ..by(&["k"]) };
        let takes_part = vec![true; features.len()];
        prop_assert_eq!(sum(&union(features, &takes_part, &rule, extent()).0), expected);
    }

    #[test]
    fn neighbours_agree_on_clusters(
        features in features(points(), Just(Rank::Absent)), region_count in 1_u32..30,
    ) {
        let rule = Union { cluster: Some(region_count), ..by(&[]) };
        let takes_part = vec![true; features.len()];
        let (here, _) = union(features.clone(), &takes_part, &rule, extent());
        let mut there = features;
        for point in there.iter_mut().flat_map(|feature| &mut feature.geometry.points) {
            point.x -= SIDE;
        }
        let (there, _) = union(there, &takes_part, &rule, extent());
        prop_assert_eq!(ids(&here), ids(&there));
        for (here, there) in here.iter().zip(&there) {
            let (here, there) = (&here.geometry.points, &there.geometry.points);
            prop_assert_eq!(here.len(), 1);
            prop_assert_eq!(here[0], Grid::new(there[0].x + SIDE, there[0].y));
        }
    }

    #[test]
    fn joined_lines_keep_their_segments(
        lines in prop::collection::vec(line(), 1..12), maintain_direction in any::<bool>(),
    ) {
        let merged = merge_all(&lines, &Union { maintain_direction, ..by(&[]) });
        prop_assert_eq!(merged.len(), 1);
        let joined = segments(merged.iter().map(|feature| &feature.geometry), !maintain_direction);
        prop_assert_eq!(joined, segments(lines.iter(), !maintain_direction));
    }

    #[test]
    fn no_two_lone_ends_are_left_to_join(
        lines in prop::collection::vec(line(), 2..12), maintain_direction in any::<bool>(),
    ) {
        let merged = merge_all(&lines, &Union { maintain_direction, ..by(&[]) });
        // All ends of open lines before, and those that are left after.
        let ends = |lines: &mut dyn Iterator<Item = &[Grid]>| {
            let open = lines.filter(|line| line.first() != line.last());
            open.flat_map(|line| [(line[0], false), (line[line.len() - 1], true)]).collect::<Vec<_>>()
        };
        let before = ends(&mut lines.iter().flat_map(Geometry::parts));
        let after = ends(&mut merged[0].geometry.parts());
        for (point, is_end) in &after {
            let met = before.iter().filter(|(other, _)| other == point).count();
            let partners = after.iter().filter(|(other, other_is_end)| {
                other == point && (!maintain_direction || other_is_end != is_end)
            });
            // One end may find itself.
            let n_partners = partners.count() - usize::from(!maintain_direction);
            prop_assert!(met > 2 || n_partners == 0, "{:?}", point);
        }
    }

    #[test]
    fn dissolved_rectangles_cover_the_same_cells(
        rectangles in prop::collection::vec(rectangle(), 1..12),
    ) {
        let merged = merge_all(&rectangles, &by(&[]));
        prop_assert_eq!(polygon_faults(&merged[0].geometry), [""; 0], "{:?}", rectangles);
        let covers = |rectangle: &Geometry<Grid>, x, y| {
            let (min, max) = (rectangle.points[0], rectangle.points[2]);
            min.x <= x && x < max.x && min.y <= y && y < max.y
        };
        let cells = (0..2 * SIDE).flat_map(|x| (0..2 * SIDE).map(move |y| (x, y)));
        let covered = cells.filter(|(x, y)| rectangles.iter().any(|rectangle| covers(rectangle, *x, *y))).count();
        prop_assert_eq!(area(&merged[0].geometry), 2 * covered as i64);
    }

    #[test]
    fn dissolved_polygons_are_legal_and_keep_the_area_of_the_union(
        members in prop::collection::vec(polygons(), 1..6),
    ) {
        let merged = merge_all(&members, &by(&[]));
        prop_assert_eq!(polygon_faults(&merged[0].geometry), [""; 0], "{:?}", members);
        let expected = area_of_union(&members);
        let found = area(&merged[0].geometry) as f64 / 2.0;
        // A crossing is rounded to the grid: by half a unit, along edges of at most the side.
        prop_assert!((found - expected).abs() <= 0.005 * expected + 500.0, "{} {}", found, expected);
    }

    #[test]
    fn polygons_full_of_touches_dissolve_into_legal_ones(
        rings in prop::collection::vec(prop::collection::vec((0..8, 0..8), 3..7), 2..8),
    ) {
        let members: Vec<_> = rings
            .iter()
            .map(|ring| {
                let points: Vec<Grid> = ring.iter().map(|(x, y)| Grid::new(*x, *y)).collect();
                let mut geometry = geometry_of(GeometryKind::Polygon, &points);
                Validator::default().validate(&mut geometry);
                geometry
            })
            .filter(|geometry| !geometry.is_empty())
            .collect();
        for feature in merge_all(&members, &by(&[])) {
            prop_assert_eq!(polygon_faults(&feature.geometry), [""; 0], "{:?}", members);
        }
    }
}
