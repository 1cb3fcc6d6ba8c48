//! One line into stripes.

use zellige_model::World;

use super::{Axis, Pieces, Stripes};

/// Hands every edge of `line` to the stripes it touches; lines of one point are forgotten.
pub(super) fn split<A: Axis>(line: &[World], stripes: Stripes, out: &mut Pieces) {
    let mut touched = out.len..0;
    for edge in line.windows(2) {
        let (a, b) = (edge[0], edge[1]);
        let (from, to) = (A::along(a), A::along(b));
        let offsets = out.offsets(stripes, from.min(to), from.max(to));
        touched = touched.start.min(offsets.start)..touched.end.max(offsets.end);
        for offset in offsets {
            let stripe = out.first + offset as i64;
            let (low, high) = stripes.window(stripe);
            let piece = &mut out.pool[offset];
            if from < low {
                piece.points.push(A::cross(a, b, low));
            } else if high < from {
                piece.points.push(A::cross(a, b, high));
            } else if piece.open_part_len() == 0 {
                piece.points.push(a);
            }
            piece.points.extend(stripes.seams::<A>(stripe, a, b));
            if to < low {
                piece.points.push(A::cross(a, b, low));
                piece.end_part();
            } else if high < to {
                piece.points.push(A::cross(a, b, high));
                piece.end_part();
            } else {
                piece.points.push(b);
            }
        }
    }
    for piece in &mut out.pool[touched.start.min(touched.end)..touched.end] {
        if piece.open_part_len() > 0 {
            piece.end_part();
        }
    }
}
