//! Thins the features of a tile by count or by distance.
//!
//! In:     staged features in source order, which of them the rule applies to, the rule.
//! Out:    fewer features: at most `number` of those that match, and all others.
//! Keeps:  order, and every feature that does not match.
//! Source: recipe 4.1. Values rank as numbers, then booleans, then texts by code point; what has no
//!         value is worst in both directions; ties go by source order.
//!
//! By distance: from best to worst, a feature stays when no feature that stays is nearer than
//! `extent / √number`, until `number` have stayed. Squares of doubled coordinates are compared, in
//! integers, so that centres at half units are exact. Each look-up is logarithmic in what stays.

use rstar::RTree;
use zellige_model::{Extent, Geometry, Grid, GridBounds};
use zellige_recipe::plan::{Limit, RankOrder};

use crate::order::OrderKey;
use crate::staged::StagedFeature;

/// What a rule did in one tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitNotes {
    /// How many features went.
    pub n_dropped: u64,
    /// Whether the features that match have ranks of several types.
    pub is_mixed: bool,
}

/// Drops features that `matches` but do not stay under `rule`.
///
/// # Panics
///
/// When `matches` does not say yes or no for each feature.
pub fn limit(
    features: &mut Vec<StagedFeature>,
    matches: &[bool],
    rule: &Limit,
    extent: Extent,
) -> LimitNotes {
    assert_eq!(features.len(), matches.len(), "each feature matches or does not");
    let candidates = ranked(features, matches, rule);
    let kinds = candidates.iter().fold(0_u8, |kinds, (key, _)| kinds | key.kind());
    let mut stays: Vec<bool> = matches.iter().map(|is_match| !is_match).collect();
    let candidates = candidates.into_iter().map(|(_, feature_idx)| feature_idx);
    let kept = if rule.in_distance {
        spaced(features, candidates, rule.number, extent)
    } else {
        candidates.take(rule.number as usize).collect()
    };
    for feature_idx in kept {
        stays[feature_idx] = true;
    }
    let n_before = features.len();
    let mut stays = stays.into_iter();
    features.retain(|_| stays.next().unwrap_or(true));
    LimitNotes { n_dropped: (n_before - features.len()) as u64, is_mixed: kinds.count_ones() > 1 }
}

/// Returns the features that match with their ranks, best first.
fn ranked<'f>(features: &'f [StagedFeature], matches: &[bool], rule: &Limit) -> Vec<(OrderKey<'f>, usize)> {
    let key = |feature: &'f StagedFeature| {
        OrderKey::of(rule.attribute.as_ref().and_then(|name| feature.attributes.get(name)))
    };
    let mut ranked: Vec<_> = (features.iter().zip(matches).enumerate())
        .filter(|(_, (_, is_match))| **is_match)
        .map(|(feature_idx, (feature, _))| (key(feature), feature_idx))
        .collect();
    // The sort is stable, so ties stay in source order.
    ranked.sort_by(|(a, _), (b, _)| match (a, b, rule.order) {
        (OrderKey::Absent, _, _) | (_, OrderKey::Absent, _) | (_, _, RankOrder::Lowest) => a.compare(*b),
        (_, _, RankOrder::Highest) => b.compare(*a),
    });
    ranked
}

/// Returns the candidates that stay when they come in this order and must keep apart.
fn spaced(
    features: &[StagedFeature],
    candidates: impl Iterator<Item = usize>,
    number: u32,
    extent: Extent,
) -> Vec<usize> {
    let mut places = RTree::new();
    let mut kept = Vec::new();
    for feature_idx in candidates {
        if kept.len() == number as usize {
            break;
        }
        let place = place_doubled(&features[feature_idx].geometry);
        let nearest = places.nearest_neighbor_with_distance_2(place);
        if nearest.is_none_or(|(_, distance)| is_apart(distance, number, extent)) {
            places.insert(place);
            kept.push(feature_idx);
        }
    }
    kept
}

/// Whether a squared distance, in half units, is at least that of `extent / √number` units.
fn is_apart(distance_squared: i64, number: u32, extent: Extent) -> bool {
    let side = 2 * i128::from(extent.get());
    i128::from(distance_squared) * i128::from(number) >= side * side
}

/// Returns the center of the box around `geometry` in half units.
fn place_doubled(geometry: &Geometry<Grid>) -> [i64; 2] {
    let Some(GridBounds { min, max }) = GridBounds::of(&geometry.points) else { return [0, 0] };
    [i64::from(min.x) + i64::from(max.x), i64::from(min.y) + i64::from(max.y)]
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn;

    use zellige_model::ValueRef;

    use super::*;

    const BY_VALUE: Limit =
        Limit { order: RankOrder::Lowest, in_distance: false, number: 2, attribute: None };

    fn by(attribute: &str, order: RankOrder, number: u32) -> Limit {
        Limit { order, number, attribute: Some(attribute.to_owned()), ..BY_VALUE }
    }

    fn feature(id: u64, wkt: &str, rank: Option<ValueRef<'_>>) -> StagedFeature {
        let mut feature =
            StagedFeature { id: Some(id), geometry: drawn::geometry(wkt), ..StagedFeature::default() };
        if let Some(rank) = rank {
            feature.attributes.push("v", rank);
        }
        feature
    }

    /// Limits features with ids from 0 in a tile of 100 units and compares the ids that stay.
    fn check(features: &[(&str, Option<ValueRef<'_>>)], rule: &Limit, expected: &[u64]) -> LimitNotes {
        let mut features: Vec<_> =
            features.iter().zip(0..).map(|((wkt, rank), id)| feature(id, wkt, *rank)).collect();
        let matches = vec![true; features.len()];
        let notes = limit(&mut features, &matches, rule, Extent::new(100).unwrap());
        let ids: Vec<u64> = features.iter().filter_map(|feature| feature.id).collect();
        assert_eq!(ids, expected, "{rule:?}");
        notes
    }

    fn ints<'a>(values: &[i64]) -> Vec<(&'a str, Option<ValueRef<'static>>)> {
        values.iter().map(|value| ("POINT(0 0)", Some(ValueRef::Int(*value)))).collect()
    }

    #[test]
    fn lowest_and_highest_stay_in_source_order() {
        check(&ints(&[3, 1, 4, 1, 5]), &by("v", RankOrder::Lowest, 2), &[1, 3]);
        check(&ints(&[3, 1, 4, 1, 5]), &by("v", RankOrder::Highest, 2), &[2, 4]);
        check(&ints(&[3, 1]), &by("v", RankOrder::Highest, 9), &[0, 1]);
    }

    #[test]
    fn ties_and_no_attribute_go_by_source_order() {
        check(&ints(&[1, 1, 1]), &by("v", RankOrder::Highest, 2), &[0, 1]);
        check(&ints(&[3, 1, 2]), &BY_VALUE, &[0, 1]);
        check(&ints(&[3, 1, 2]), &Limit { order: RankOrder::Highest, ..BY_VALUE }, &[0, 1]);
    }

    #[test]
    fn whole_numbers_are_compared_exactly() {
        let large = 9_007_199_254_740_992;
        check(&ints(&[large, large + 1]), &by("v", RankOrder::Highest, 1), &[1]);
    }

    #[test]
    fn no_value_is_worst_in_both_directions() {
        let features = [
            ("POINT(0 0)", None),
            ("POINT(0 0)", Some(ValueRef::Null)),
            ("POINT(0 0)", Some(ValueRef::Json("[1]"))),
            ("POINT(0 0)", Some(ValueRef::Int(5))),
        ];
        check(&features, &by("v", RankOrder::Lowest, 1), &[3]);
        assert!(!check(&features, &by("v", RankOrder::Highest, 1), &[3]).is_mixed);
    }

    #[test]
    fn types_rank_one_after_the_other_and_are_noted() {
        let features = [
            ("POINT(0 0)", Some(ValueRef::String("a"))),
            ("POINT(0 0)", Some(ValueRef::Bool(true))),
            ("POINT(0 0)", Some(ValueRef::Bool(false))),
            ("POINT(0 0)", Some(ValueRef::Double(7.5))),
        ];
        let notes = check(&features, &by("v", RankOrder::Lowest, 2), &[2, 3]);
        assert_eq!(notes, LimitNotes { n_dropped: 2, is_mixed: true });
        check(&features, &by("v", RankOrder::Highest, 2), &[0, 1]);
    }

    #[test]
    fn features_that_do_not_match_pass() {
        let mut features: Vec<_> = (0..4).map(|id| feature(id, "POINT(0 0)", None)).collect();
        let notes = limit(
            &mut features,
            &[false, true, true, false],
            &Limit { number: 1, ..BY_VALUE },
            Extent::DEFAULT,
        );
        let ids: Vec<_> = features.iter().filter_map(|feature| feature.id).collect();
        assert_eq!((ids, notes.n_dropped), (vec![0, 1, 3], 1));
    }

    #[test]
    fn points_closer_than_the_spacing_lose_to_better_ones() {
        // Four in a tile of 100 units: 50 units apart.
        let rule = Limit { in_distance: true, ..by("v", RankOrder::Highest, 4) };
        let at = |wkt, rank| (wkt, Some(ValueRef::Int(rank)));
        check(&[at("POINT(0 0)", 1), at("POINT(49 0)", 2), at("POINT(99 0)", 1)], &rule, &[1, 2]);
        check(&[at("POINT(0 0)", 1), at("POINT(30 39)", 2), at("POINT(30 40)", 0)], &rule, &[1]);
        check(&[at("POINT(0 0)", 3), at("POINT(30 39)", 2), at("POINT(30 40)", 0)], &rule, &[0, 2]);
    }

    #[test]
    fn never_more_than_the_number_in_distance() {
        let rule = Limit { in_distance: true, number: 1, ..BY_VALUE };
        check(&[("POINT(-90 0)", None), ("POINT(190 0)", None)], &rule, &[0]);
    }

    #[test]
    fn lines_and_polygons_stand_at_the_center_of_their_box() {
        let rule = Limit { in_distance: true, number: 100, ..BY_VALUE };
        // Spacing 10; the centers are at 4.5 and 14.5, then at 14.
        check(&[("LINESTRING(0 0,9 0,1 0)", None), ("LINESTRING(14 0,15 0)", None)], &rule, &[0, 1]);
        check(&[("LINESTRING(0 0,9 0,1 0)", None), ("MULTIPOINT(13 0,15 0)", None)], &rule, &[0]);
    }
}
