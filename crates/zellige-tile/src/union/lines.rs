//! Lines of a group joined end to end.
//!
//! In:     lines in member order.
//! Out:    chains of lines, by their first line in member order; closed chains are closed lines.
//! Keeps:  every segment; the direction of every line, or of the first line of a chain.
//! Source: recipe 4.2.
//!
//! Where two lines end they are joined; where more end, the first two that can be:
//!
//! ```text
//!  a ──► . ──► b          one chain
//!
//!  a ──► . ──► b          a and b make one chain, c is another
//!        │
//!        ▼ c
//!
//!  a ──► . ◄── b          one chain only when lines may be turned round
//! ```
//!
//! Lines that are closed already have no ends. Ends meet by sorting them, O(n log n).

use zellige_model::{Geometry, GeometryKind, Grid};

/// Whether lines may be turned round to join more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turning {
    /// Only an end joins a start.
    Never,
    /// Any two ends join.
    Free,
}

/// One end of a line: twice the number of the line, and one more for the last point.
type End = usize;

/// Joins the lines of `geometry`.
pub(super) fn join(geometry: &mut Geometry<Grid>, turning: Turning) {
    let partners = pair_ends(geometry, turning);
    let mut out = Geometry::default();
    out.reset(GeometryKind::LineString);
    out.points.reserve(geometry.points.len());
    let mut is_used = vec![false; geometry.part_ends.len()];
    for line in 0..is_used.len() {
        if is_used[line] {
            continue;
        }
        let head = find_head(2 * line, &partners);
        let mut entry = Some(head);
        while let Some(end) = entry {
            push_line(geometry.part(end / 2), end, end == head, &mut out);
            is_used[end / 2] = true;
            entry = partners[end ^ 1].filter(|next| *next != head);
        }
        out.end_part();
    }
    *geometry = out;
}

/// Returns for each end the one it is joined to.
fn pair_ends(geometry: &Geometry<Grid>, turning: Turning) -> Vec<Option<End>> {
    let mut ends: Vec<(Grid, End)> = Vec::new();
    for (line, part) in geometry.parts().enumerate() {
        if let [first, .., last] = part
            && first != last
        {
            ends.extend([(*first, 2 * line), (*last, 2 * line + 1)]);
        }
    }
    ends.sort_unstable();
    let mut partners = vec![None; 2 * geometry.part_ends.len()];
    for meeting in ends.chunk_by(|a, b| a.0 == b.0) {
        // No line comes twice, since it is not closed.
        let mut ends = meeting.iter().map(|(_, end)| *end);
        let (a, b) = match turning {
            Turning::Free => (ends.next(), ends.next()),
            Turning::Never => {
                (ends.clone().find(|end| !end.is_multiple_of(2)), ends.find(|end| end.is_multiple_of(2)))
            }
        };
        if let (Some(a), Some(b)) = (a, b) {
            partners[a] = Some(b);
            partners[b] = Some(a);
        }
    }
    partners
}

/// Returns the end at which the chain is entered that runs through the line from `start`; `start`
/// itself when the chain is closed.
fn find_head(start: End, partners: &[Option<End>]) -> End {
    let mut head = start;
    while let Some(before) = partners[head] {
        head = before ^ 1;
        if head == start {
            break;
        }
    }
    head
}

/// Appends a line that is entered at `end`; all but the first of a chain without their first point.
fn push_line(line: &[Grid], end: End, is_first: bool, out: &mut Geometry<Grid>) {
    let skipped = usize::from(!is_first);
    if end.is_multiple_of(2) {
        out.points.extend(line.iter().skip(skipped));
    } else {
        out.points.extend(line.iter().rev().skip(skipped));
    }
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn;

    use super::*;

    fn check(wkt: &str, never: &str, free: &str) {
        for (turning, expected) in [(Turning::Never, never), (Turning::Free, free)] {
            let mut geometry = drawn::geometry(wkt);
            join(&mut geometry, turning);
            assert_eq!(drawn::text(&geometry), expected, "{wkt} {turning:?}");
        }
    }

    #[test]
    fn end_joins_start_wherever_the_first_line_stands() {
        let chain = "LINESTRING(0 0,1 0,2 0,3 0)";
        check("MULTILINESTRING((0 0,1 0),(1 0,2 0),(2 0,3 0))", chain, chain);
        check("MULTILINESTRING((2 0,3 0),(0 0,1 0),(1 0,2 0))", chain, chain);
    }

    #[test]
    fn lines_that_run_against_each_other_join_only_when_turned() {
        let apart = "MULTILINESTRING((0 0,1 0),(2 0,1 0))";
        check(apart, apart, "LINESTRING(0 0,1 0,2 0)");
        let apart = "MULTILINESTRING((1 0,0 0),(1 0,2 0))";
        check(apart, apart, "LINESTRING(2 0,1 0,0 0)");
    }

    #[test]
    fn first_two_join_at_a_junction() {
        check(
            "MULTILINESTRING((0 0,4 4),(4 4,8 4),(4 4,8 8))",
            "MULTILINESTRING((0 0,4 4,8 4),(4 4,8 8))",
            "MULTILINESTRING((0 0,4 4,8 4),(4 4,8 8))",
        );
        // The first two cannot join without turning; the first end and the first start can.
        check(
            "MULTILINESTRING((0 0,4 4),(0 8,4 4),(4 4,8 4))",
            "MULTILINESTRING((0 0,4 4,8 4),(0 8,4 4))",
            "MULTILINESTRING((0 0,4 4,0 8),(4 4,8 4))",
        );
    }

    #[test]
    fn closed_chain_is_a_closed_line() {
        let square = "LINESTRING(0 0,4 0,4 4,0 4,0 0)";
        check("MULTILINESTRING((0 0,4 0,4 4),(4 4,0 4,0 0))", square, square);
        check(
            "MULTILINESTRING((0 0,4 0,4 4),(0 0,0 4,4 4))",
            "MULTILINESTRING((0 0,4 0,4 4),(0 0,0 4,4 4))",
            square,
        );
    }

    #[test]
    fn closed_lines_stay_alone() {
        let lines = "MULTILINESTRING((0 0,4 0,4 4,0 0),(0 0,-4 0))";
        check(lines, lines, lines);
        check(
            "MULTILINESTRING((0 0,4 0,4 4,0 0),(-8 0,0 0),(0 0,-4 0))",
            "MULTILINESTRING((0 0,4 0,4 4,0 0),(-8 0,0 0,-4 0))",
            "MULTILINESTRING((0 0,4 0,4 4,0 0),(-8 0,0 0,-4 0))",
        );
    }
}
