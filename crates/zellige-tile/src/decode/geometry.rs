//! Geometry commands to points, lines and rings.
//!
//! In:     the integers of a geometry.
//! Out:    `Geometry<Grid>`, rings open and grouped into polygons.
//! Keeps:  all vertices in order, and the winding of rings.
//! Source: MVT 2.1 §4.3.

use zellige_model::{Geometry, GeometryKind, Grid};

use super::error::{Command, DecodeError, Malformed};
use super::wire::Integers;

/// Reads the geometry of `kind` that `integers` draw, in a layer of `version`, into `out`.
pub(super) fn geometry(
    integers: Integers<'_>,
    kind: GeometryKind,
    version: u32,
    out: &mut Geometry<Grid>,
) -> Result<(), DecodeError> {
    out.reset(kind);
    let mut pen = Pen { integers, x: 0, y: 0 };
    match kind {
        GeometryKind::Point => pen.points(out),
        GeometryKind::LineString => pen.lines(out),
        GeometryKind::Polygon => {
            pen.rings(out)?;
            group_rings(out, version);
            Ok(())
        }
    }
}

/// Says which rings make a polygon.
///
/// A ring of positive area opens a polygon, the others are its holes (MVT 2.1 §4.3.4.4). Version 1 did
/// not say how rings are wound; there the first ring that has an area shows how outer rings are.
fn group_rings(geometry: &mut Geometry<Grid>, version: u32) {
    let mut outer_sign = i128::from(version != 1);
    for ring_idx in 0..geometry.part_ends.len() {
        let sign = doubled_area(geometry.part(ring_idx)).signum();
        if outer_sign == 0 {
            outer_sign = sign;
        }
        if ring_idx > 0 && sign != 0 && sign == outer_sign {
            geometry.polygon_ends.push(ring_idx as u32);
        }
    }
    geometry.end_polygon();
}

/// Returns twice the area of an open ring by the surveyor's formula: positive when it runs clockwise
/// on a screen, y being down.
fn doubled_area(ring: &[Grid]) -> i128 {
    let mut sum = 0;
    let Some(mut a) = ring.last() else { return sum };
    for b in ring {
        sum += i128::from(i64::from(a.x) * i64::from(b.y)) - i128::from(i64::from(b.x) * i64::from(a.y));
        a = b;
    }
    sum
}

/// Draws the commands of one geometry (MVT 2.1 §4.3).
struct Pen<'a> {
    integers: Integers<'a>,
    x: i32,
    y: i32,
}

impl Pen<'_> {
    fn points(&mut self, out: &mut Geometry<Grid>) -> Result<(), DecodeError> {
        while self.stroke(Command::MoveTo, Count::Any, out)? {}
        Ok(())
    }

    fn lines(&mut self, out: &mut Geometry<Grid>) -> Result<(), DecodeError> {
        while self.stroke(Command::MoveTo, Count::One, out)? {
            self.needed(Command::LineTo, Count::Any, out)?;
            out.end_part();
        }
        Ok(())
    }

    fn rings(&mut self, out: &mut Geometry<Grid>) -> Result<(), DecodeError> {
        while self.stroke(Command::MoveTo, Count::One, out)? {
            self.needed(Command::LineTo, Count::Any, out)?;
            self.needed(Command::ClosePath, Count::One, out)?;
            out.end_part();
        }
        Ok(())
    }

    fn needed(
        &mut self,
        command: Command,
        count: Count,
        out: &mut Geometry<Grid>,
    ) -> Result<(), DecodeError> {
        if self.stroke(command, count, out)? {
            return Ok(());
        }
        Err(self.integers.error_at_end(Malformed::CommandMissing { expected: command }))
    }

    /// Draws the next command, which has to be `command`; false at the end of the geometry.
    fn stroke(
        &mut self,
        command: Command,
        wanted: Count,
        out: &mut Geometry<Grid>,
    ) -> Result<bool, DecodeError> {
        let Some((offset, integer)) = self.integers.next()? else { return Ok(false) };
        let (found, count) = (integer & 7, integer >> 3);
        if found != command as u32 {
            return Err(DecodeError { offset, what: Malformed::Command { found, expected: command } });
        }
        let expected = match wanted {
            Count::One if count != 1 => "1",
            Count::Any if count == 0 => "at least 1",
            _ => "",
        };
        if !expected.is_empty() {
            return Err(DecodeError { offset, what: Malformed::CommandCount { command, count, expected } });
        }
        if command == Command::ClosePath {
            return Ok(true);
        }
        out.points.reserve_exact((count as usize).min(self.integers.left() / 2));
        for _ in 0..count {
            let point = self.point()?;
            out.points.push(point);
        }
        Ok(true)
    }

    fn point(&mut self) -> Result<Grid, DecodeError> {
        let (x_offset, dx) = self.parameter()?;
        let (y_offset, dy) = self.parameter()?;
        let too_far = |offset| DecodeError { offset, what: Malformed::PointTooFar };
        self.x = self.x.checked_add(dx).ok_or_else(|| too_far(x_offset))?;
        self.y = self.y.checked_add(dy).ok_or_else(|| too_far(y_offset))?;
        Ok(Grid::new(self.x, self.y))
    }

    fn parameter(&mut self) -> Result<(usize, i32), DecodeError> {
        let Some((offset, integer)) = self.integers.next()? else {
            return Err(self.integers.error_at_end(Malformed::ParameterMissing));
        };
        Ok((offset, (integer >> 1) as i32 ^ -((integer & 1) as i32)))
    }
}

/// How often a command may be repeated.
#[derive(Clone, Copy)]
enum Count {
    One,
    Any,
}
