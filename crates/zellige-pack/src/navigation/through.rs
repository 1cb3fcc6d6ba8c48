//! Which edges lead into a dead end, however large.
//!
//! In:     the graph.
//! Out:    for each arm of a minor road, whether what lies beyond it has no other way out.
//! Keeps:  nothing.
//! Source: a search from the end of the arm that stops at a major road, at the beginning, or after
//!         [`STEPS_MAX`] steps; when it runs dry, there is no way through.

use super::graph::Graph;
use super::road::class;
use crate::progress::{Counter, Stopped};

/// A search of so many steps counts as a way through. A junction that is found twice before it is visited is two.
const STEPS_MAX: usize = 256;

/// Returns for each arm whether there is no way through beyond it, a step each.
pub(super) fn no_ways_through(graph: &Graph, counter: &mut Counter<'_>) -> Result<Vec<bool>, Stopped> {
    let mut search = Search { visited: vec![0; graph.nodes.len()], round: 0, queue: Vec::new() };
    (0..graph.arms.len() as u32)
        .map(|arm| {
            counter.add(1)?;
            Ok(graph.edge(arm).class > class::TERTIARY && search.runs_dry(graph, arm))
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn::{self, Drawn};

    /// Checks whether there is no way through behind the arm from one corner to another.
    fn check(drawing: &[Drawn<'_>], from: (i32, i32), to: (i32, i32), expected: bool) {
        let graph = drawn::graph(drawing);
        let no_ways_through = drawn::unwatched(|counter| no_ways_through(&graph, counter));
        assert_eq!(no_ways_through[drawn::arm(&graph, from, to) as usize], expected);
    }

    #[test]
    fn cul_de_sac_has_no_way_through_and_its_other_end_has_one() {
        let roads: [Drawn<'_>; 2] =
            [("highway=secondary", &[(0, 0), (1, 0), (2, 0)]), ("highway=residential", &[(1, 0), (1, 1)])];
        check(&roads, (1, 0), (1, 1), true);
        check(&roads, (1, 1), (1, 0), false);
        check(&roads, (0, 0), (1, 0), false);
    }

    #[test]
    fn estate_with_one_entrance_has_no_way_through() {
        let estate: [Drawn<'_>; 3] = [
            ("highway=secondary", &[(0, 0), (1, 0), (2, 0)]),
            ("highway=residential", &[(1, 0), (1, 1)]),
            ("highway=residential", &[(1, 1), (0, 1), (0, 2), (1, 2), (1, 1)]),
        ];
        check(&estate, (1, 0), (1, 1), true);
        let second: Drawn<'_> = ("highway=residential", &[(0, 2), (0, 0)]);
        check(&[estate[0], estate[1], estate[2], second], (1, 0), (1, 1), false);
    }
}
