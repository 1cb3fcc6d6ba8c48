//! For tests: roads drawn on squared paper.
//!
//! In:     tags as text, corners in whole numbers.
//! Out:    [`Road`]s and their [`Graph`]; a square has sides of 0.001 degrees, 111 metres from south to north.
//! Keeps:  numbers: the first road has number 1 and may be called `1` by bans.

use std::fmt::Debug;
use std::ops::ControlFlow;

use zellige_model::{Findings, LonLat, Place};

use super::bans::key;
use super::geometry::Vertex;
use super::graph::Graph;
use super::road::Road;
use super::tags::Tags;
use super::way;
use crate::progress::{Counter, Phase, Watch};

/// Tags such as `highway=primary oneway=yes`, and the corners of a line.
pub(super) type Drawn<'a> = (&'a str, &'a [(i32, i32)]);

/// Returns the position of a corner.
pub(super) fn at((x, y): (i32, i32)) -> Vertex {
    Vertex::of(LonLat::new(f64::from(x) / 1000.0, f64::from(y) / 1000.0))
}

/// Returns the corner at a position.
pub(super) fn corner(at: Vertex) -> (i32, i32) {
    (at.lon / 10_000, at.lat / 10_000)
}

/// Returns the roads of a drawing.
pub(super) fn roads(drawing: &[Drawn<'_>]) -> Vec<Road> {
    let road = |(road_idx, (tags, corners)): (usize, &Drawn<'_>)| {
        let mut all = Tags::default();
        for tag in tags.split_whitespace() {
            let (name, value) = tag.split_once('=').unwrap();
            all.push(name, value);
        }
        let id = road_idx as u64 + 1;
        let way = way::of(&all, id, &|_, _| {}, &mut |key| panic!("`{key}` is not understood")).unwrap();
        let line = corners.iter().copied().map(at).collect();
        let place = Place { file: 0, block: 0, line: road_idx as u32 };
        Road { way, line, place, keys: [key(&id.to_string()), 0] }
    };
    drawing.iter().enumerate().map(road).collect()
}

/// Returns the graph of a drawing.
pub(super) fn graph(drawing: &[Drawn<'_>]) -> Graph {
    unwatched(|counter| Graph::new(roads(drawing), &mut Findings::default(), counter))
}

/// Returns what a stage gives when nobody stops it.
pub(super) fn unwatched<T, E: Debug>(stage: impl FnOnce(&mut Counter<'_>) -> Result<T, E>) -> T {
    let watch: Watch<'_> = &mut |_| ControlFlow::Continue(());
    stage(&mut Counter::begin(watch, Phase::Graph, None).unwrap()).unwrap()
}

/// Returns the arm that leads from one corner directly to another.
pub(super) fn arm(graph: &Graph, from: (i32, i32), to: (i32, i32)) -> u32 {
    let leads = |arm: &u32| {
        let start = graph.edge(*arm).ends[graph.direction(*arm)];
        let [start, end] = [start, graph.end(*arm)].map(|node| corner(graph.nodes[node as usize].at));
        start == from && end == to
    };
    (0..graph.arms.len() as u32).find(leads).unwrap()
}
