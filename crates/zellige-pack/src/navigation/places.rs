//! Gives nodes and arms their ids: which level, which tile, which number there.
//!
//! In:     the graph, with the classes of its edges.
//! Out:    [`Places`]: tiles in order with the nodes of each, ids of nodes on each level, ids of arms.
//! Keeps:  order of nodes and of their arms. A node stands on each level on which it has an arm.
//! Source: tiling of graph tiles, version 3.

use super::error::Error;
use super::graph::Graph;
use super::level::{GraphId, LEVELS, level_of, name, tile_at};

/// Where everything is.
#[derive(Debug)]
pub(super) struct Places {
    /// Tiles by level and number, and the nodes of each.
    pub(super) tiles: Vec<(GraphId, Vec<u32>)>,
    /// Ids of each node by level, [`GraphId::NONE`] where it is not.
    pub(super) nodes: Vec<[GraphId; LEVELS]>,
    /// Ids of the directed edges that arms become.
    pub(super) arms: Vec<GraphId>,
}

impl Places {
    /// Places everything.
    ///
    /// # Errors
    ///
    /// [`Error::TileFull`] when a tile has too many nodes or edges.
    pub(super) fn of(graph: &Graph) -> Result<Self, Error> {
        let mut stands: Vec<(GraphId, u32)> = Vec::with_capacity(graph.nodes.len());
        for (node_idx, node) in graph.nodes.iter().enumerate() {
            let mut levels = [false; LEVELS];
            for arm in node.arms.clone() {
                levels[level_of(graph.edge(arm).class)] = true;
            }
            for level in (0..LEVELS).filter(|level| levels[*level]) {
                stands.push((GraphId::new(level, tile_at(level, node.at), 0), node_idx as u32));
            }
        }
        // By level and tile; the sort is stable.
        stands.sort_by_key(|(tile, _)| (tile.level(), tile.tile()));
        let mut places = Self {
            tiles: Vec::new(),
            nodes: vec![[GraphId::NONE; LEVELS]; graph.nodes.len()],
            arms: vec![GraphId::NONE; graph.arms.len()],
        };
        for run in stands.chunk_by(|a, b| a.0 == b.0) {
            let tile = run[0].0;
            let nodes: Vec<u32> = run.iter().map(|(_, node)| *node).collect();
            places.number(graph, tile, &nodes)?;
            places.tiles.push((tile, nodes));
        }
        Ok(places)
    }

    /// Numbers the nodes of a tile, and their arms on its level.
    fn number(&mut self, graph: &Graph, tile: GraphId, nodes: &[u32]) -> Result<(), Error> {
        let (level, number) = (tile.level(), tile.tile());
        let full = |what, found: usize| Error::TileFull {
            tile: name(level, number),
            what,
            found: found as u64,
            most: u64::from(GraphId::INDEX_MAX),
        };
        if nodes.len() > GraphId::INDEX_MAX as usize {
            return Err(full("nodes", nodes.len()));
        }
        let mut n_edges = 0;
        for (node_idx, node) in nodes.iter().enumerate() {
            self.nodes[*node as usize][level] = GraphId::new(level, number, node_idx as u32);
            for arm in on_level(graph, *node, level) {
                if n_edges == GraphId::INDEX_MAX {
                    return Err(full("edges", n_edges as usize + 1));
                }
                self.arms[arm as usize] = GraphId::new(level, number, n_edges);
                n_edges += 1;
            }
        }
        Ok(())
    }
}

/// Returns the arms of a node that are on a level, in order.
pub(super) fn on_level(graph: &Graph, node: u32, level: usize) -> impl Iterator<Item = u32> + '_ {
    graph.nodes[node as usize].arms.clone().filter(move |arm| level_of(graph.edge(*arm).class) == level)
}
