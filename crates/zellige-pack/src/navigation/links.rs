//! Gives links the class of the roads that they connect, and tells ramps from turn channels.
//!
//! In:     the graph; links have the class that their tag names, which is that of the better road.
//! Out:    the same graph: class and usage of links, arms in order again.
//! Keeps:  a link that leads from no road or to none.
//! Source: a link from a motorway to a street is as important as the street. A numbered link goes on past smaller
//!         roads as long as its number does. A link is a turn channel when it is short and leads from one road to
//!         another without a fork, as at the corner of a junction.
//!
//! ```text
//!     motorway ═══╤═══════════     from: 0, the best class of a road that one can come from
//!                  ╲
//!                   ╲ link         class: the worse of the two, tertiary at worst
//!                    ╲
//!     street ─────────┴───────     to: 6, the best class of a road that one can get to
//! ```

use super::graph::{Graph, is_drivable};
use super::road::{ALONG, Flags, Name, class, mode, usage};

/// Classes of roads that links connect are at most this; driveways have no links.
const CLASS_MAX: u8 = class::RESIDENTIAL;
/// Turn channels are shorter, metres.
const CHANNEL_MAX_M: u32 = 200;

/// Settles all links of a graph.
pub(super) fn settle(graph: &mut Graph) {
    if !graph.roads.iter().any(|road| road.way.flags.has(Flags::LINK)) {
        return;
    }
    let own: Vec<Option<u8>> = (0..graph.nodes.len()).map(|node| best_road(graph, node)).collect();
    let mut spread = Spread { graph, own: &own, passed: vec![None; graph.nodes.len()] };
    let from = spread.along(Toward::Ends);
    let to = spread.along(Toward::Starts);
    for edge_idx in 0..graph.edges.len() {
        let edge = &graph.edges[edge_idx];
        if !graph.roads[edge.road as usize].way.flags.has(Flags::LINK) {
            continue;
        }
        let connected = |arm: u32| Some(from[arm as usize]?.max(to[arm as usize]?));
        let found = edge.arms.into_iter().filter_map(connected).min();
        let edge = &mut graph.edges[edge_idx];
        edge.usage = usage::RAMP;
        if let Some(class) = found.filter(|class| *class > edge.class) {
            edge.class = class.min(class::TERTIARY);
        }
    }
    for node in 0..graph.nodes.len() {
        if own[node].is_some() {
            for arm in graph.nodes[node].arms.clone() {
                mark_channel(graph, &own, arm);
            }
        }
    }
    graph.sort_arms();
}

/// Returns the class of the best road at a node that is no link and that cars may use.
fn best_road(graph: &Graph, node: usize) -> Option<u8> {
    let is_road = |arm: &u32| {
        let [leaves, comes] = graph.access(*arm);
        !is_link(graph, *arm) && (leaves | comes) & mode::CAR != 0
    };
    let classes = graph.nodes[node].arms.clone().filter(is_road).map(|arm| graph.edge(arm).class);
    classes.min().filter(|class| *class <= CLASS_MAX)
}

/// In which direction classes are handed on along links.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Toward {
    /// As one drives.
    Ends,
    /// Against it.
    Starts,
}

/// Hands the classes of roads on along links.
struct Spread<'a> {
    graph: &'a Graph,
    own: &'a [Option<u8>],
    /// For each node whether a link goes on past its roads, and the number under which it does.
    passed: Vec<Option<&'a Name>>,
}

impl<'a> Spread<'a> {
    /// Returns for each arm of a link the best class of a road that one comes from by it, or gets to.
    fn along(&mut self, toward: Toward) -> Vec<Option<u8>> {
        let mut known = vec![None; self.graph.arms.len()];
        for class in class::MOTORWAY..=CLASS_MAX {
            let starts = (0..self.own.len() as u32).filter(|node| self.own[*node as usize] == Some(class));
            let mut queue: Vec<(u32, Option<u32>)> = starts.map(|node| (node, None)).collect();
            while let Some((node, first)) = queue.pop() {
                for out in self.graph.nodes[node as usize].arms.clone() {
                    let arm = if toward == Toward::Ends { out } else { self.graph.opposite(out) };
                    let is_open = is_link(self.graph, arm) && is_drivable(self.graph.access(arm));
                    if !is_open || known[arm as usize].is_some() || !self.leads_on(node, first, arm) {
                        continue;
                    }
                    known[arm as usize] = Some(class);
                    let (first, next) = (first.unwrap_or(arm), self.graph.end(out));
                    if self.own[next as usize].is_none() || self.passes(next, first, arm, toward) {
                        queue.push((next, Some(first)));
                    }
                }
            }
        }
        known
    }

    /// Whether a link goes on from a node: past roads under the same number only.
    fn leads_on(&self, node: u32, first: Option<u32>, arm: u32) -> bool {
        first.is_none() || self.own[node as usize].is_none() || self.passed[node as usize] == self.number(arm)
    }

    /// Whether a link goes past the roads of a node, and notes it: all the way from its first part under one number.
    fn passes(&mut self, node: u32, first: u32, arm: u32, toward: Toward) -> bool {
        let number = self.number(arm);
        if toward == Toward::Starts || number.is_none() || self.number(first) != number {
            return number.is_some() && self.passed[node as usize] == number;
        }
        let back = self.graph.opposite(arm);
        let goes_on =
            |other: u32| other != back && is_link(self.graph, other) && self.number(other) == number;
        if self.graph.nodes[node as usize].arms.clone().any(goes_on) {
            self.passed[node as usize] = number;
        }
        self.passed[node as usize] == number
    }

    fn number(&self, arm: u32) -> Option<&'a Name> {
        self.graph.way(arm).names.iter().find(|name| name.is_number)
    }
}

/// Follows a link from a road to the next road, and marks it when it is a turn channel.
fn mark_channel(graph: &mut Graph, own: &[Option<u8>], first: u32) {
    let mut chain = Vec::new();
    let mut length_m = 0;
    let mut arm = first;
    loop {
        let [leaves, comes] = graph.access(arm);
        let is_oneway = leaves & mode::CAR != 0 && comes & mode::CAR == 0;
        length_m += graph.edge(arm).length_m;
        let is_major = graph.edge(arm).class <= class::TRUNK;
        let start = graph.edge(arm).ends[graph.direction(arm)];
        let n_links = graph.nodes[start as usize].arms.clone().filter(|arm| is_link(graph, *arm)).count();
        if !is_link(graph, arm) || !is_oneway || is_major || n_links > 2 || length_m >= CHANNEL_MAX_M {
            return;
        }
        chain.push(arm);
        let end = graph.end(arm);
        if own[end as usize].is_some() {
            break;
        }
        let back = graph.opposite(arm);
        let leads_on =
            |arm: &u32| *arm != back && is_link(graph, *arm) && graph.access(*arm)[ALONG] & mode::CAR != 0;
        match graph.nodes[end as usize].arms.clone().find(leads_on) {
            Some(next) => arm = next,
            None => return,
        }
    }
    for arm in chain {
        let edge = graph.arms[arm as usize].edge;
        graph.edges[edge as usize].usage = usage::TURN_CHANNEL;
    }
}

fn is_link(graph: &Graph, arm: u32) -> bool {
    graph.way(arm).flags.has(Flags::LINK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn::{self, Drawn};

    /// Checks class and usage of the link from one corner to another.
    fn check(drawing: &[Drawn<'_>], [from, to]: [(i32, i32); 2], class: u8, usage: u8) {
        let mut graph = drawn::graph(drawing);
        settle(&mut graph);
        let edge = graph.edge(drawn::arm(&graph, from, to));
        assert_eq!((edge.class, edge.usage), (class, usage));
    }

    const MOTORWAY: Drawn<'_> = ("highway=motorway", &[(0, 0), (5, 0), (9, 0)]);

    #[test]
    fn ramp_is_as_important_as_the_lesser_road() {
        let ramp: Drawn<'_> = ("highway=motorway_link oneway=yes", &[(5, 0), (7, 2), (9, 9)]);
        let street = |highway| (highway, &[(8, 9), (9, 9), (10, 9)][..]);
        check(
            &[MOTORWAY, ramp, street("highway=secondary")],
            [(5, 0), (9, 9)],
            class::SECONDARY,
            usage::RAMP,
        );
        check(
            &[MOTORWAY, ramp, street("highway=residential")],
            [(5, 0), (9, 9)],
            class::TERTIARY,
            usage::RAMP,
        );
        check(&[MOTORWAY, ramp], [(5, 0), (9, 9)], class::MOTORWAY, usage::RAMP);
    }

    #[test]
    fn parts_of_a_ramp_look_beyond_each_other() {
        let ramp: [Drawn<'_>; 4] = [
            MOTORWAY,
            ("highway=motorway_link oneway=yes", &[(5, 0), (7, 2)]),
            ("highway=motorway_link oneway=yes", &[(7, 2), (9, 9)]),
            ("highway=tertiary", &[(8, 9), (9, 9), (10, 9)]),
        ];
        check(&ramp, [(5, 0), (7, 2)], class::TERTIARY, usage::RAMP);
        check(&ramp, [(7, 2), (9, 9)], class::TERTIARY, usage::RAMP);
    }

    #[test]
    fn numbered_ramp_goes_on_past_a_small_road() {
        let road = |number: &'static str| -> [Drawn<'_>; 5] {
            [
                MOTORWAY,
                ("highway=motorway_link oneway=yes ref=9", &[(5, 0), (7, 2)]),
                (number, &[(7, 2), (9, 9)]),
                ("highway=residential", &[(7, 2), (8, 2)]),
                ("highway=primary", &[(8, 9), (9, 9), (10, 9)]),
            ]
        };
        check(&road("highway=motorway_link oneway=yes ref=9"), [(5, 0), (7, 2)], class::PRIMARY, usage::RAMP);
        check(&road("highway=motorway_link oneway=yes"), [(5, 0), (7, 2)], class::TERTIARY, usage::RAMP);
    }

    #[test]
    fn short_link_at_a_corner_is_a_turn_channel() {
        let corner = |link| -> [Drawn<'_>; 3] {
            [
                ("highway=primary", &[(0, 0), (1, 0), (2, 0), (3, 0)]),
                ("highway=secondary", &[(2, 0), (2, 1), (2, 2)]),
                (link, &[(1, 0), (2, 1)]),
            ]
        };
        check(
            &corner("highway=primary_link oneway=yes"),
            [(1, 0), (2, 1)],
            class::SECONDARY,
            usage::TURN_CHANNEL,
        );
        check(&corner("highway=primary_link"), [(1, 0), (2, 1)], class::SECONDARY, usage::RAMP);
    }
}
