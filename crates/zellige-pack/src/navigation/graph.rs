//! Cuts roads into a graph of junctions and the edges between them.
//!
//! In:     [`Road`]s.
//! Out:    [`Graph`]: nodes, edges, and for each node its arms, which are the edges as one leaves it.
//! Keeps:  order of roads; no vertex is moved. Lines that cross without a common vertex are not joined.
//! Source: a vertex is a junction when a road ends there, or when two roads of one level pass through it.
//!
//! ```text
//!     a──b──c──d        roads a b c d and e c f: c is a vertex of both
//!           │           nodes a, c, d, e, f; edges a-b-c, c-d, e-c, c-f
//!        e──┴──f        arms of c: to a, d, e, f
//! ```
//!
//! An edge never leads from a node to itself: a road that comes back to a vertex of its own is cut halfway, too.

use std::ops::Range;

use rustc_hash::FxHashMap;
use zellige_model::{Example, FindingCode, Findings};

use super::geometry::{Vertex, curvature, length_m};
use super::level::{FINEST, tile_at};
use super::road::{ALONG, Access, Road, Way, mode};
use crate::progress::{Counter, Stopped};

/// So many arms a node has at most: their number has seven bits in a graph tile.
pub(super) const ARMS_MAX: usize = 127;
/// So many vertices an edge has at most: its shape has 65,535 bytes in a graph tile, and a vertex ten.
const EDGE_VERTICES_MAX: usize = 6500;
/// Edges are at least so long, metres.
const LENGTH_MIN_M: u32 = 1;
/// Edges are at most so long, metres: their length has 24 bits in a graph tile.
const LENGTH_MAX_M: u32 = (1 << 24) - 1;

/// The level of nodes at which a road ends: there, roads of all levels meet.
const ALL_LEVELS: i16 = i16::MIN;

/// Junctions and what connects them.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) roads: Vec<Road>,
    /// Sorted by tile of the finest level, then by position.
    pub(super) nodes: Vec<Node>,
    /// In the order of roads and their vertices.
    pub(super) edges: Vec<Edge>,
    /// Those of a node stand together, the important ones first.
    pub(super) arms: Vec<Arm>,
}

/// A junction, or an end of a road.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Vertex,
    /// Its arms.
    pub(super) arms: Range<u32>,
}

/// A part of a road between two nodes.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) road: u32,
    /// First and last vertex in the line of the road.
    pub(super) span: [u32; 2],
    /// Nodes at these vertices; they differ.
    pub(super) ends: [u32; 2],
    /// The arm along the road and the one against it.
    pub(super) arms: [u32; 2],
    pub(super) length_m: u32,
    pub(super) curvature: u8,
    /// As that of the road, unless it is a link of a less important one.
    pub(super) class: u8,
    pub(super) usage: u8,
}

/// An edge as one leaves a node.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arm {
    pub(super) edge: u32,
    /// Whether it leads along the road or against it.
    pub(super) direction: u8,
}

/// What an edge is to be made of.
#[derive(Clone, Copy)]
struct Piece {
    road: u32,
    span: [u32; 2],
    ends: [u32; 2],
}

/// Where a node may be: tile, position, level.
type Key = (u32, Vertex, i16);

impl Graph {
    /// Cuts roads; those that a junction has no room for are counted. Each vertex is two steps.
    pub(super) fn new(
        roads: Vec<Road>,
        findings: &mut Findings,
        counter: &mut Counter<'_>,
    ) -> Result<Self, Stopped> {
        let junctions = Junctions::of(&roads, counter)?;
        // Of each road the vertices that are nodes, and where.
        let mut cuts: Vec<(u32, u32, Key)> = Vec::new();
        let (mut own, mut of_road) = (FxHashMap::default(), Vec::new());
        for (road_idx, road) in roads.iter().enumerate() {
            of_road.clear();
            junctions.cut(road, &mut own, &mut of_road);
            counter.add(road.line.len())?;
            cuts.extend(of_road.iter().map(|(vertex_idx, key)| (road_idx as u32, *vertex_idx, *key)));
        }
        let mut keys: Vec<Key> = cuts.iter().map(|(_, _, key)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let node_of = |key: &Key| keys.binary_search(key).unwrap_or_default() as u32;
        let mut graph = Self { roads, ..Self::default() };
        let mut n_arms = vec![0_u8; keys.len()];
        for pair in cuts.windows(2) {
            let ((road, start, from), (next_road, end, to)) = (pair[0], pair[1]);
            if road == next_road {
                let piece = Piece { road, span: [start, end], ends: [node_of(&from), node_of(&to)] };
                graph.push(piece, &mut n_arms, findings);
            }
        }
        graph.place(&keys, &n_arms);
        Ok(graph)
    }

    /// Returns the edge that an arm is a side of.
    pub(super) fn edge(&self, arm: u32) -> &Edge {
        &self.edges[self.arms[arm as usize].edge as usize]
    }

    /// Returns the road that an arm leads along.
    pub(super) fn way(&self, arm: u32) -> &Way {
        &self.roads[self.edge(arm).road as usize].way
    }

    /// Returns the node that an arm leads to.
    pub(super) fn end(&self, arm: u32) -> u32 {
        self.edge(arm).ends[1 - self.direction(arm)]
    }

    /// Returns the arm of the same edge at its other end.
    pub(super) fn opposite(&self, arm: u32) -> u32 {
        self.edge(arm).arms[1 - self.direction(arm)]
    }

    /// Returns whether an arm leads along its road or against it.
    pub(super) fn direction(&self, arm: u32) -> usize {
        usize::from(self.arms[arm as usize].direction)
    }

    /// Returns who may leave a node by an arm, and who may come by it.
    pub(super) fn access(&self, arm: u32) -> Access {
        let access = self.way(arm).access;
        let direction = self.direction(arm);
        [access[direction], access[1 - direction]]
    }

    /// Returns the number of an arm among those of its node.
    pub(super) fn local(&self, arm: u32) -> u32 {
        let edge = self.edge(arm);
        arm - self.nodes[edge.ends[self.direction(arm)] as usize].arms.start
    }

    /// Returns the vertices of an edge along its road.
    pub(super) fn shape(&self, edge: &Edge) -> &[Vertex] {
        &self.roads[edge.road as usize].line[edge.span[0] as usize..=edge.span[1] as usize]
    }

    /// Appends an edge if both nodes have room for it.
    fn push(&mut self, piece: Piece, n_arms: &mut [u8], findings: &mut Findings) {
        let Piece { road, span, ends } = piece;
        let Road { way, line, place, .. } = &self.roads[road as usize];
        if ends.iter().any(|node| usize::from(n_arms[*node as usize]) == ARMS_MAX) {
            let reason = format!("more than {ARMS_MAX} roads meet at one of its vertices");
            let example = || Example { source: 0, place: *place, reason, text: String::new() };
            return findings.add(FindingCode::RoadUnusable, 0, *place, example);
        }
        for node in ends {
            n_arms[node as usize] += 1;
        }
        let line = &line[span[0] as usize..=span[1] as usize];
        self.edges.push(Edge {
            road,
            span,
            ends,
            arms: [0, 0],
            length_m: ((length_m(line) + 0.5) as u32).clamp(LENGTH_MIN_M, LENGTH_MAX_M),
            curvature: curvature(line),
            class: way.class,
            usage: way.usage,
        });
    }

    /// Makes the nodes, and their arms in order.
    fn place(&mut self, keys: &[Key], n_arms: &[u8]) {
        let mut start = 0;
        for ((_, at, _), n_arms) in keys.iter().zip(n_arms) {
            let end = start + u32::from(*n_arms);
            self.nodes.push(Node { at: *at, arms: start..end });
            start = end;
        }
        let mut next: Vec<u32> = self.nodes.iter().map(|node| node.arms.start).collect();
        self.arms = vec![Arm::default(); start as usize];
        for (edge_idx, edge) in self.edges.iter().enumerate() {
            for (direction, node) in edge.ends.into_iter().enumerate() {
                let arm = &mut next[node as usize];
                self.arms[*arm as usize] = Arm { edge: edge_idx as u32, direction: direction as u8 };
                *arm += 1;
            }
        }
        self.sort_arms();
    }

    /// Brings the arms of each node into order: those that cars leave by first, then by class, then named ones.
    pub(super) fn sort_arms(&mut self) {
        let rank = |arm: &Arm| {
            let edge = &self.edges[arm.edge as usize];
            let way = &self.roads[edge.road as usize].way;
            let is_drivable = way.access[usize::from(arm.direction)] & mode::CAR != 0;
            (!is_drivable, edge.class, way.names.is_empty(), arm.edge)
        };
        for node in &self.nodes {
            self.arms[node.arms.start as usize..node.arms.end as usize].sort_by_key(rank);
        }
        for (arm_idx, arm) in self.arms.iter().enumerate() {
            self.edges[arm.edge as usize].arms[usize::from(arm.direction)] = arm_idx as u32;
        }
    }
}

/// Which vertices are junctions.
struct Junctions {
    /// By position and level, whether the vertex is one; positions where a road ends stand at [`ALL_LEVELS`].
    met: FxHashMap<(Vertex, i16), bool>,
}

impl Junctions {
    fn of(roads: &[Road], counter: &mut Counter<'_>) -> Result<Self, Stopped> {
        let mut met = FxHashMap::default();
        for road in roads {
            counter.add(road.line.len())?;
            let level = i16::from(road.way.layer);
            let last = road.line.len() - 1;
            for (vertex_idx, vertex) in road.line.iter().enumerate() {
                if vertex_idx == 0 || vertex_idx == last {
                    met.insert((*vertex, ALL_LEVELS), true);
                } else {
                    met.entry((*vertex, level))
                        .and_modify(|is_junction| *is_junction = true)
                        .or_insert(false);
                }
            }
        }
        Ok(Self { met })
    }

    /// Appends the number of each vertex of a road that is a node, and its key, in order.
    fn cut(&self, road: &Road, own: &mut FxHashMap<Key, usize>, out: &mut Vec<(u32, Key)>) {
        let level = i16::from(road.way.layer);
        let key = |vertex_idx: usize, level: i16| {
            let at = road.line[vertex_idx];
            (vertex_idx as u32, (tile_at(FINEST, at), at, level))
        };
        own.clear();
        let (mut last, mut is_loop) = (0, false);
        for (vertex_idx, vertex) in road.line.iter().enumerate() {
            let joined = if self.met.contains_key(&(*vertex, ALL_LEVELS)) {
                Some(ALL_LEVELS)
            } else {
                self.met.get(&(*vertex, level)).and_then(|is_junction| is_junction.then_some(level))
            };
            let is_long = vertex_idx - last == EDGE_VERTICES_MAX;
            let Some(joined) = joined.or(is_long.then_some(level)) else { continue };
            last = vertex_idx;
            out.push(key(vertex_idx, joined));
            if let Some(before) = own.insert(key(vertex_idx, joined).1, vertex_idx) {
                is_loop = true;
                out.push(key(usize::midpoint(before, vertex_idx), level));
            }
        }
        if is_loop {
            // A vertex halfway round a loop may be a node anyway, of all levels then.
            out.sort_unstable();
            out.dedup_by_key(|(vertex_idx, _)| *vertex_idx);
        }
    }
}

/// Whether an arm is one that cars leave its node by.
pub(super) fn is_drivable(access: Access) -> bool {
    access[ALONG] & mode::CAR != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn::{self, Drawn, corner};

    /// Checks the edges of a drawing, as their first and last corners.
    fn check(drawing: &[Drawn<'_>], expected: &str) {
        let graph = drawn::graph(drawing);
        let place = |node: u32| corner(graph.nodes[node as usize].at);
        let edge = |edge: &Edge| {
            let [(ax, ay), (bx, by)] = edge.ends.map(place);
            format!("{ax},{ay}-{bx},{by}")
        };
        assert_eq!(graph.edges.iter().map(edge).collect::<Vec<_>>().join(" "), expected);
        for (arm_idx, arm) in graph.arms.iter().enumerate() {
            let arm_idx = arm_idx as u32;
            assert_eq!(graph.edges[arm.edge as usize].arms[usize::from(arm.direction)], arm_idx);
            assert_eq!(graph.opposite(graph.opposite(arm_idx)), arm_idx);
            assert!(graph.nodes[graph.end(graph.opposite(arm_idx)) as usize].arms.contains(&arm_idx));
        }
    }

    #[test]
    fn roads_are_cut_where_they_share_a_vertex() {
        let roads: [Drawn<'_>; 2] =
            [("highway=primary", &[(0, 0), (1, 0), (2, 0)]), ("highway=primary", &[(1, 1), (1, 0), (1, -1)])];
        check(&roads, "0,0-1,0 1,0-2,0 1,1-1,0 1,0-1,-1");
    }

    #[test]
    fn roads_that_cross_without_a_vertex_are_not_joined() {
        let roads: [Drawn<'_>; 2] =
            [("highway=primary", &[(0, 0), (2, 0)]), ("highway=primary", &[(1, 1), (1, -1)])];
        check(&roads, "0,0-2,0 1,1-1,-1");
    }

    #[test]
    fn bridge_passes_over_a_road_even_with_a_vertex_in_common() {
        let below: Drawn<'_> = ("highway=primary", &[(0, 0), (1, 0), (2, 0)]);
        for above in ["highway=primary bridge=yes", "highway=primary layer=2", "highway=primary tunnel=yes"] {
            check(&[below, (above, &[(1, 1), (1, 0), (1, -1)])], "0,0-2,0 1,1-1,-1");
        }
    }

    #[test]
    fn bridge_is_joined_where_it_ends() {
        let roads: [Drawn<'_>; 2] = [
            ("highway=primary", &[(0, 0), (1, 0), (2, 0)]),
            ("highway=primary bridge=yes", &[(1, 0), (1, -1)]),
        ];
        check(&roads, "0,0-1,0 1,0-2,0 1,0-1,-1");
    }

    #[test]
    fn loops_are_cut_halfway() {
        check(&[("highway=primary", &[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])], "0,0-1,1 1,1-0,0");
        check(&[("highway=primary", &[(0, 0), (1, 0), (0, 0)])], "0,0-1,0 1,0-0,0");
        check(&[("highway=primary", &[(5, 5), (0, 0), (1, 0), (1, 1), (0, 0)])], "5,5-0,0 0,0-1,0 1,0-0,0");
    }

    #[test]
    fn long_roads_are_cut() {
        let line: Vec<(i32, i32)> = (0..EDGE_VERTICES_MAX as i32 + 2).map(|x| (x, x % 2)).collect();
        check(&[("highway=primary", &line)], "0,0-6500,0 6500,0-6501,1");
    }

    #[test]
    fn crowded_junctions_leave_roads_out() {
        let ends: Vec<[(i32, i32); 2]> = (1..=130).map(|x| [(0, 0), (x, 1)]).collect();
        let drawing: Vec<Drawn<'_>> = ends.iter().map(|line| ("highway=path", &line[..])).collect();
        let mut findings = Findings::default();
        let roads = drawn::roads(&drawing);
        let graph = drawn::unwatched(|counter| Graph::new(roads, &mut findings, counter));
        assert_eq!(graph.edges.len(), ARMS_MAX);
        assert_eq!(findings.get(FindingCode::RoadUnusable).map(|tally| tally.count), Some(3));
    }

    #[test]
    fn arms_stand_in_order_of_importance() {
        let graph = drawn::graph(&[
            ("highway=path", &[(0, 0), (1, 0)]),
            ("highway=residential", &[(0, 0), (0, 1)]),
            ("highway=primary", &[(0, 0), (-1, 0)]),
            ("highway=motorway", &[(0, -1), (0, 0)]),
        ]);
        let node = graph.nodes.iter().find(|node| node.arms.len() == 4).unwrap();
        let classes: Vec<u8> = node.arms.clone().map(|arm| graph.edge(arm).class).collect();
        assert_eq!(classes, [2, 6, 0, 7]);
    }
}
