//! Grid geometry to commands.
//!
//! In:     legal `Geometry<Grid>` (see `validate`).
//! Out:    the packed integers of the field `geometry`, as varint bytes.
//! Source: MVT 2.1 §4.3: command integers, zigzag parameters, one cursor for the whole feature.

use zellige_model::{Geometry, GeometryKind, Grid};

const MOVE_TO: u64 = 1;
const LINE_TO: u64 = 2;
const CLOSE_PATH: u8 = 7 | 1 << 3;

/// Appends the commands that draw `geometry`.
pub fn push_commands(geometry: &Geometry<Grid>, out: &mut Vec<u8>) {
    let mut cursor = Grid::default();
    if geometry.kind == GeometryKind::Point {
        push_command(out, MOVE_TO, geometry.points.len());
        for point in &geometry.points {
            push_step(out, &mut cursor, *point);
        }
        return;
    }
    for part in geometry.parts() {
        let [first, rest @ ..] = part else { continue };
        push_command(out, MOVE_TO, 1);
        push_step(out, &mut cursor, *first);
        push_command(out, LINE_TO, rest.len());
        for point in rest {
            push_step(out, &mut cursor, *point);
        }
        if geometry.kind == GeometryKind::Polygon {
            out.push(CLOSE_PATH);
        }
    }
}

fn push_command(out: &mut Vec<u8>, command: u64, count: usize) {
    super::push_varint(out, command | (count as u64) << 3);
}

fn push_step(out: &mut Vec<u8>, cursor: &mut Grid, point: Grid) {
    super::push_zigzag(out, point.x - cursor.x);
    super::push_zigzag(out, point.y - cursor.y);
    *cursor = point;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: GeometryKind, parts: &[&[(i32, i32)]], expected: &[u8]) {
        let mut geometry = Geometry::default();
        geometry.reset(kind);
        for part in parts {
            geometry.points.extend(part.iter().map(|(x, y)| Grid::new(*x, *y)));
            if kind != GeometryKind::Point {
                geometry.end_part();
            }
        }
        let mut out = Vec::new();
        push_commands(&geometry, &mut out);
        assert_eq!(out, expected);
    }

    // The drawings of MVT 2.1 §4.3.5.
    #[test]
    fn examples_of_the_specification() {
        check(GeometryKind::Point, &[&[(25, 17)]], &[9, 50, 34]);
        check(GeometryKind::Point, &[&[(5, 7), (3, 2)]], &[17, 10, 14, 3, 9]);
        check(GeometryKind::LineString, &[&[(2, 2), (2, 10), (10, 10)]], &[9, 4, 4, 18, 0, 16, 16, 0]);
        check(
            GeometryKind::LineString,
            &[&[(2, 2), (2, 10), (10, 10)], &[(1, 1), (3, 5)]],
            &[9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8],
        );
        check(GeometryKind::Polygon, &[&[(3, 6), (8, 12), (20, 34)]], &[9, 6, 12, 18, 10, 12, 24, 44, 15]);
    }
}
