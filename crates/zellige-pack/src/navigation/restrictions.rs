//! Finds the arms that bans of turns speak of.
//!
//! In:     the graph, bans that name roads by keys.
//! Out:    [`Restrictions`]: forbidden turns as bits of an arm, and longer or partial ones as lists of arms.
//! Keeps:  a ban counts whole or not at all; one whose roads do not meet, or meet too often, is counted as a finding.
//! Source: a ban binds vehicles; one that binds all of them and has two roads is a bit, others are lists.

use rustc_hash::FxHashMap;
use zellige_model::{Example, FindingCode, Findings};

use super::graph::Graph;
use super::road::{AGAINST, ALONG, Ban, BanKind, mode};
use super::turns::LOCAL_MAX;
use crate::progress::{Counter, Stopped};

/// So many arms a list has at most: the number of those between the first and the last has five bits.
const ARMS_MAX: usize = 33;
/// So many lists all bans make at most, about 64 bytes each; a ban with which there would be more is left out.
const LISTS_MAX: usize = 1 << 22;
/// A ban that has so many ways through the roads that it names is left out.
const PATHS_MAX: usize = 1000;

/// Forbidden turns of a graph.
#[derive(Debug, Default)]
pub(super) struct Restrictions {
    /// For each arm, bits of the arms at its end that must not follow.
    pub(super) bits: Vec<u8>,
    /// Sequences of arms that must not be travelled, sorted.
    pub(super) lists: Vec<Restriction>,
}

/// A sequence of arms that must not be travelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Restriction {
    /// At least two.
    pub(super) arms: Vec<u32>,
    pub(super) modes: u16,
}

impl Restrictions {
    /// Resolves all bans, each a step.
    pub(super) fn of(
        graph: &Graph,
        bans: &[Ban],
        findings: &mut Findings,
        counter: &mut Counter<'_>,
    ) -> Result<Self, Stopped> {
        Self::within(LISTS_MAX, graph, bans, findings, counter)
    }

    /// Resolves all bans with `n_lists_max` lists at most.
    fn within(
        n_lists_max: usize,
        graph: &Graph,
        bans: &[Ban],
        findings: &mut Findings,
        counter: &mut Counter<'_>,
    ) -> Result<Self, Stopped> {
        let mut restrictions = Self { bits: vec![0; graph.arms.len()], lists: Vec::new() };
        if bans.is_empty() {
            return Ok(restrictions);
        }
        let mut by_key: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
        for (road_idx, road) in graph.roads.iter().enumerate() {
            for key in road.keys.into_iter().filter(|key| *key != 0) {
                let roads = by_key.entry(key).or_default();
                if roads.last() != Some(&(road_idx as u32)) {
                    roads.push(road_idx as u32);
                }
            }
        }
        for ban in bans {
            counter.add(1)?;
            let paths = paths(graph, ban, &by_key);
            let done = match paths.len() {
                0 => Err("the roads of a turn restriction do not meet as it says".to_owned()),
                PATHS_MAX.. => {
                    Err(format!("the roads of a turn restriction meet in {PATHS_MAX} places or more"))
                }
                _ => restrictions.add(graph, ban.modes, forbidden(graph, ban.kind, paths), n_lists_max),
            };
            if let Err(reason) = done {
                let example = || Example { source: 0, place: ban.place, reason, text: String::new() };
                findings.add(FindingCode::TurnBanIgnored, 0, ban.place, example);
            }
        }
        restrictions.lists.sort();
        restrictions.lists.dedup();
        Ok(restrictions)
    }

    /// Forbids all sequences of arms of a ban; none of them when there is no room for their lists, which is why.
    fn add(
        &mut self,
        graph: &Graph,
        modes: u16,
        forbidden: Vec<Vec<u32>>,
        n_lists_max: usize,
    ) -> Result<(), String> {
        let n_lists = self.lists.len();
        let mut turns = Vec::new();
        for arms in forbidden {
            match arms[..] {
                [from, to] if modes == mode::VEHICLE && graph.local(to) < LOCAL_MAX as u32 => {
                    turns.push((from, graph.local(to)));
                }
                _ if self.lists.len() == n_lists_max => {
                    self.lists.truncate(n_lists);
                    return Err(format!("there are more than {n_lists_max} turn restrictions of its kind"));
                }
                _ => self.lists.push(Restriction { arms, modes }),
            }
        }
        for (from, local) in turns {
            self.bits[from as usize] |= 1 << local;
        }
        Ok(())
    }
}

/// Returns the sequences of arms that a ban forbids along its paths.
fn forbidden(graph: &Graph, kind: BanKind, paths: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    if kind == BanKind::No {
        return paths;
    }
    let mut out = Vec::new();
    for path in &paths {
        let [first @ .., before, last] = &path[..] else { continue };
        let others = graph.nodes[graph.end(*before) as usize].arms.clone();
        out.extend(others.filter(|other| other != last).map(|other| [first, &[*before, other]].concat()));
    }
    out
}

/// Returns the sequences of arms that a ban means, [`PATHS_MAX`] of them at most.
fn paths(graph: &Graph, ban: &Ban, by_key: &FxHashMap<u64, Vec<u32>>) -> Vec<Vec<u32>> {
    let none = Vec::new();
    let then: Vec<&Vec<u32>> = ban.then.iter().map(|key| by_key.get(key).unwrap_or(&none)).collect();
    let mut found = Vec::new();
    for road in ban.from.clone() {
        for edge in edges_of(graph, road) {
            for direction in [ALONG, AGAINST] {
                let arm = graph.edges[edge].arms[direction];
                let is_meant = ban.first_direction.is_none_or(|wanted| wanted == direction)
                    && ban.at.is_none_or(|at| graph.nodes[graph.end(arm) as usize].at == at);
                if is_meant {
                    found.extend(follow(graph, arm, &then, ban.last_direction));
                    if found.len() == PATHS_MAX {
                        return found;
                    }
                }
            }
        }
    }
    found
}

/// Follows roads from the end of an arm; along a road in between as far as the next one.
fn follow(graph: &Graph, first: u32, then: &[&Vec<u32>], last_direction: Option<usize>) -> Option<Vec<u32>> {
    let mut path = vec![first];
    for (step, roads) in then.iter().enumerate() {
        let wanted = if step + 1 == then.len() { last_direction } else { None };
        loop {
            let last = *path.last()?;
            let leaves = |arm: &u32| {
                let edge = graph.edge(*arm);
                let is_same_feature =
                    graph.roads[edge.road as usize].keys == graph.roads[graph.edge(last).road as usize].keys;
                roads.binary_search(&edge.road).is_ok()
                    && match wanted {
                        Some(direction) => graph.direction(*arm) == direction,
                        // Back along the same road, and not on.
                        None if is_same_feature => *arm == graph.opposite(last),
                        None => *arm != graph.opposite(last),
                    }
            };
            let arms = graph.nodes[graph.end(last) as usize].arms.clone();
            if let Some(next) = arms.clone().find(leaves) {
                path.push(next);
                break;
            }
            if step == 0 || path.len() == ARMS_MAX {
                return None;
            }
            // Not there yet: on along the road in between.
            let goes_on = |arm: &u32| {
                graph.edge(*arm).road == graph.edge(last).road
                    && graph.direction(*arm) == graph.direction(last)
            };
            path.push(arms.clone().find(goes_on)?);
        }
    }
    (path.len() <= ARMS_MAX).then_some(path)
}

/// Returns the edges of a road, which stand together.
fn edges_of(graph: &Graph, road: u32) -> std::ops::Range<usize> {
    let start = graph.edges.partition_point(|edge| edge.road < road);
    let end = graph.edges.partition_point(|edge| edge.road <= road);
    start..end
}

#[cfg(test)]
mod tests {
    use zellige_model::Place;

    use super::*;
    use crate::navigation::bans::key;
    use crate::navigation::drawn::{self, Drawn, corner};
    use crate::navigation::geometry::Vertex;

    /// Road 1 comes from the west to a crossing in (2, 0), road 2 leads on to the east, 3 to the north, 4 to the south.
    const CROSS: [Drawn<'_>; 5] = [
        ("highway=primary", &[(0, 0), (1, 0), (2, 0)]),
        ("highway=primary", &[(2, 0), (3, 0)]),
        ("highway=primary", &[(2, 0), (2, 1)]),
        ("highway=primary", &[(2, 0), (2, -1)]),
        ("highway=primary", &[(2, 1), (3, 1)]),
    ];

    fn ban(kind: BanKind, then: &[&str]) -> Ban {
        Ban {
            from: 0..1,
            place: Place::default(),
            modes: mode::VEHICLE,
            kind,
            first_direction: None,
            last_direction: None,
            at: None,
            then: then.iter().map(|road| key(road)).collect(),
        }
    }

    /// Checks what is forbidden: corners of each sequence, and how many bans mean nothing.
    fn check(bans: &[Ban], expected: &str) {
        let graph = drawn::graph(&CROSS);
        let mut findings = Findings::default();
        let restrictions = drawn::unwatched(|counter| Restrictions::of(&graph, bans, &mut findings, counter));
        let end = |arm: u32| corner(graph.nodes[graph.end(arm) as usize].at);
        let mut texts = Vec::new();
        for (arm, bits) in restrictions.bits.iter().enumerate() {
            let follow = graph.nodes[graph.end(arm as u32) as usize].arms.clone();
            for to in follow.filter(|to| bits & 1 << graph.local(*to) != 0) {
                texts.push(format!("{:?}{:?}", end(arm as u32), end(to)));
            }
        }
        for list in &restrictions.lists {
            let ends: Vec<String> = list.arms.iter().map(|arm| format!("{:?}", end(*arm))).collect();
            texts.push(ends.concat());
        }
        texts.sort();
        let ignored = findings.get(FindingCode::TurnBanIgnored).map_or(0, |tally| tally.count);
        assert_eq!(format!("{} {ignored}", texts.join(" ")), expected);
    }

    #[test]
    fn forbidden_turn_is_a_bit() {
        check(&[ban(BanKind::No, &["3"])], "(2, 0)(2, 1) 0");
    }

    #[test]
    fn only_turn_forbids_all_others() {
        check(&[ban(BanKind::Only, &["2"])], "(2, 0)(0, 0) (2, 0)(2, -1) (2, 0)(2, 1) 0");
    }

    #[test]
    fn turn_back_along_the_same_road_may_be_forbidden() {
        check(&[ban(BanKind::No, &["1"])], "(0, 0)(2, 0) (2, 0)(0, 0) 0");
        let at = Some(Vertex { lat: 0, lon: 20_000 });
        check(&[Ban { at, ..ban(BanKind::No, &["1"]) }], "(2, 0)(0, 0) 0");
    }

    #[test]
    fn roads_in_between_make_a_list() {
        check(&[ban(BanKind::No, &["3", "5"])], "(2, 0)(2, 1)(3, 1) 0");
    }

    #[test]
    fn ban_for_some_is_a_list() {
        check(&[Ban { modes: mode::TRUCK, ..ban(BanKind::No, &["3"]) }], "(2, 0)(2, 1) 0");
        let graph = drawn::graph(&CROSS);
        let bans = [Ban { modes: mode::TRUCK, ..ban(BanKind::No, &["3"]) }];
        let restrictions =
            drawn::unwatched(|counter| Restrictions::of(&graph, &bans, &mut Findings::default(), counter));
        assert_eq!(restrictions.lists.len(), 1);
    }

    #[test]
    fn bans_without_room_for_their_lists_are_left_out_whole() {
        let check = |n_lists_max: usize, bans: &[Ban], expected: [usize; 3]| {
            let (graph, mut findings) = (drawn::graph(&CROSS), Findings::default());
            let restrictions = drawn::unwatched(|counter| {
                Restrictions::within(n_lists_max, &graph, bans, &mut findings, counter)
            });
            let n_turns: u32 = restrictions.bits.iter().map(|bits| bits.count_ones()).sum();
            let n_ignored = findings.get(FindingCode::TurnBanIgnored).map_or(0, |tally| tally.count);
            assert_eq!([restrictions.lists.len(), n_turns as usize, n_ignored as usize], expected);
        };
        // Of the three turns that trucks must not take, a list each; then a turn that nobody may take.
        let trucks = Ban { modes: mode::TRUCK, ..ban(BanKind::Only, &["2"]) };
        let bans = [trucks, ban(BanKind::No, &["3"])];
        check(3, &bans, [3, 1, 0]);
        check(2, &bans, [0, 1, 1]);
        check(0, &bans[1..], [0, 1, 0]);
    }

    #[test]
    fn ban_that_means_too_much_is_counted() {
        let rungs = |n: usize| -> usize {
            // A ladder, and a ban from its one stile to all of its rungs.
            let n = n as i32;
            let stile: Vec<(i32, i32)> = (0..=n).map(|x| (x, 0)).collect();
            let rungs: Vec<[(i32, i32); 2]> = (1..=n).map(|x| [(x, 0), (x, 1)]).collect();
            let mut ladder: Vec<Drawn<'_>> = vec![("highway=primary", &stile)];
            ladder.extend(rungs.iter().map(|rung| ("highway=primary", &rung[..])));
            let mut roads = drawn::roads(&ladder);
            for rung in &mut roads[1..] {
                rung.keys = [key("rung"), 0];
            }
            let mut findings = Findings::default();
            let bans = [Ban { first_direction: Some(ALONG), ..ban(BanKind::No, &["rung"]) }];
            let restrictions = drawn::unwatched(|counter| {
                let graph = Graph::new(roads, &mut Findings::default(), counter)?;
                Restrictions::of(&graph, &bans, &mut findings, counter)
            });
            let n_ignored = findings.get(FindingCode::TurnBanIgnored).map_or(0, |tally| tally.count as usize);
            assert!(n_ignored < 2);
            restrictions.bits.iter().filter(|bits| **bits != 0).count() + n_ignored
        };
        assert_eq!(rungs(PATHS_MAX - 1), PATHS_MAX - 1);
        assert_eq!(rungs(PATHS_MAX), 1);
    }

    #[test]
    fn bans_that_mean_nothing_are_counted() {
        check(&[ban(BanKind::No, &["5"]), ban(BanKind::No, &["nowhere"])], " 2");
        check(&[Ban { first_direction: Some(AGAINST), ..ban(BanKind::No, &["3"]) }], " 1");
    }
}
