//! One polygon into stripes, ring after ring.

use std::ops::Range;

use zellige_model::{Geometry, World};

use super::{Axis, Pieces, Stripes, unwind};

/// The vertices of longer rings are counted before they are dealt out: lists of many megabytes grow at a cost.
const UNCOUNTED_VERTICES_MAX: usize = 1 << 12;

/// Cuts the polygon whose rings are the parts `rings` of `input`.
///
/// A stripe that gets nothing of the outer ring gets nothing of the holes.
pub(super) fn split_polygon<A: Axis>(
    input: &Geometry<World>,
    rings: Range<usize>,
    stripes: Stripes,
    out: &mut Pieces,
) {
    let mut shell_offsets = 0..0;
    for (nth, ring_idx) in rings.enumerate() {
        let ring = input.part(ring_idx);
        if UNCOUNTED_VERTICES_MAX < ring.len() {
            make_room::<A>(ring, stripes, out);
        }
        let offsets = split_ring::<A>(ring, stripes, out);
        let is_shell = nth == 0;
        let first = out.first;
        for (offset, piece) in offsets.clone().zip(&mut out.pool[offsets.clone()]) {
            let polygon_is_open =
                piece.part_ends.len() as u32 > piece.polygon_ends.last().copied().unwrap_or(0);
            if piece.open_part_len() >= 3 && (is_shell || polygon_is_open) {
                unwind::end_ring::<A>(piece, stripes.window(first + offset as i64));
            } else {
                let kept = piece.points.len() - piece.open_part_len();
                piece.points.truncate(kept);
            }
        }
        if is_shell {
            shell_offsets = offsets;
        }
    }
    for piece in &mut out.pool[shell_offsets] {
        if piece.part_ends.len() as u32 > piece.polygon_ends.last().copied().unwrap_or(0) {
            piece.end_polygon();
        }
    }
}

/// Makes room in each stripe for the vertices of `ring` that lie in it, and a few that buffers and cuts add.
fn make_room<A: Axis>(ring: &[World], stripes: Stripes, out: &mut Pieces) {
    let mut n_vertices = vec![0; out.len];
    let mut rest = ring;
    while let [first, ..] = rest {
        let stripe = stripes.stripe(A::along(*first));
        let own = stripe * stripes.side..(stripe + 1) * stripes.side;
        let n_own = rest.iter().take_while(|point| own.contains(&A::along(**point))).count();
        if let Some(offset) = out.offset(stripe) {
            n_vertices[offset] += n_own;
        }
        rest = &rest[n_own..];
    }
    for (piece, n_own) in out.pool.iter_mut().zip(n_vertices) {
        let room = n_own + n_own / 16;
        if piece.points.is_empty() && piece.points.capacity() < room {
            // What an empty list has room for need not be copied to where there is more.
            piece.points = Vec::with_capacity(room);
        } else {
            piece.points.reserve(room);
        }
    }
}

/// Appends the parts of `ring` to the stripes it touches, without ending them; returns those stripes.
fn split_ring<A: Axis>(ring: &[World], stripes: Stripes, out: &mut Pieces) -> Range<usize> {
    let Some(mut a) = ring.last().copied() else { return 0..0 };
    let (mut min, mut max) = (i64::MAX, i64::MIN);
    let mut rest = ring;
    while let [b, others @ ..] = rest {
        let b = *b;
        let (from, to) = (A::along(a), A::along(b));
        (min, max) = (min.min(to), max.max(to));
        let stripe = stripes.stripe(to);
        let alone = stripes.alone(stripe);
        if alone.contains(&from) && alone.contains(&to) {
            // Most edges lie in one stripe and near no other one, and so do those that follow.
            let n_others = others.iter().take_while(|point| alone.contains(&A::along(**point))).count();
            if let Some(offset) = out.offset(stripe) {
                let points = &mut out.pool[offset].points;
                points.push(a);
                points.extend_from_slice(&rest[..n_others]);
            }
            (a, rest) = (rest[n_others], &others[n_others..]);
            continue;
        }
        for offset in out.offsets(stripes, from.min(to), from.max(to)) {
            let stripe = out.first + offset as i64;
            let (low, high) = stripes.window(stripe);
            let points = &mut out.pool[offset].points;
            if from < low {
                if low <= to {
                    points.push(A::cross(a, b, low));
                }
            } else if high < from {
                if to <= high {
                    points.push(A::cross(a, b, high));
                }
            } else {
                points.push(a);
            }
            points.extend(stripes.seams::<A>(stripe, a, b));
            if to < low && low <= from {
                points.push(A::cross(a, b, low));
            }
            if high < to && from <= high {
                points.push(A::cross(a, b, high));
            }
        }
        (a, rest) = (b, others);
    }
    out.offsets(stripes, min, max)
}
