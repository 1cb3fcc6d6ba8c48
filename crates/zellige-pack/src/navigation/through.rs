//! Which edges lead into a dead end, however large.
//!
//! In:     the graph.
//! Out:    for each arm of a minor road, whether what lies beyond it has no other way out.
//! Keeps:  nothing.
//! Source: a search from the end of the arm that stops at a major road, at the beginning, or after
//!         [`STEPS_MAX`] steps; when it runs dry, there is no way through.

use super::graph::Graph;
use super::road::class;

/// A search of so many steps counts as a way through. A junction that is found twice before it is visited is two.
const STEPS_MAX: usize = 256;

/// Returns for each arm whether there is no way through beyond it.
pub(super) fn no_ways_through(graph: &Graph) -> Vec<bool> {
    let mut search = Search { visited: vec![0; graph.nodes.len()], round: 0, queue: Vec::new() };
    (0..graph.arms.len() as u32)
        .map(|arm| graph.edge(arm).class > class::TERTIARY && search.runs_dry(graph, arm))
        .collect()
}

/// What a search needs, kept from one to the next.
struct Search {
    /// The round in which a node was visited last.
    visited: Vec<u32>,
    round: u32,
    queue: Vec<u32>,
}

impl Search {
    fn runs_dry(&mut self, graph: &Graph, arm: u32) -> bool {
        let start = graph.edge(arm).ends[graph.direction(arm)];
        self.round += 1;
        self.queue.clear();
        self.queue.push(graph.end(arm));
        let back = graph.opposite(arm);
        let mut next = 0;
        while next < self.queue.len() {
            if next == STEPS_MAX {
                return false;
            }
            let node = self.queue[next];
            next += 1;
            self.visited[node as usize] = self.round;
            for out in graph.nodes[node as usize].arms.clone() {
                if out == back {
                    continue;
                }
                let end = graph.end(out);
                if graph.edge(out).class < class::TERTIARY || end == start {
                    return false;
                }
                if self.visited[end as usize] != self.round {
                    self.queue.push(end);
                }
            }
        }
        true
    }
}
