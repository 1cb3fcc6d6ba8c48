//! Tells where the vertices of legal polygons can go.
//!
//! In:     legal polygons on the grid of a tile.
//! Out:    by how much the area grows when a vertex goes a unit further, and whether the polygons stay legal.
//! Keeps:  how many rings there are and which lie in which; vertices at one place go together.
//! Source: an edge sweeps over a triangle when one of its ends goes elsewhere; a tree of boxes knows what lies there.

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use zellige_model::{Geometry, Grid};

use super::edge::{Edge, turn};

/// A vertex goes at most so many units on each axis.
const REACH: i32 = 1;

/// The box of an edge as it was, wide enough for its ends to have moved, and the number of its first vertex.
type Boxed = GeomWithData<Rectangle<[i64; 2]>, usize>;

/// The vertices of legal polygons; each may go elsewhere once, by a unit.
#[derive(Debug)]
pub(super) struct Corners<'g> {
    points: &'g mut [Grid],
    /// By place, the numbers of its vertices: several where rings touch.
    places: Vec<Vec<usize>>,
    /// By vertex, the number of its place.
    place_of: Vec<usize>,
    /// By vertex, those before and after it in its ring.
    neighbours: Vec<[usize; 2]>,
    edges: RTree<Boxed>,
}

impl<'g> Corners<'g> {
    /// Returns the vertices of legal polygons.
    pub(super) fn of(geometry: &'g mut Geometry<Grid>) -> Self {
        let mut neighbours = Vec::with_capacity(geometry.points.len());
        let mut first = 0;
        for ring in geometry.parts() {
            let end = first + ring.len();
            let before = |at| if at == first { end - 1 } else { at - 1 };
            let after = |at| if at + 1 == end { first } else { at + 1 };
            neighbours.extend((first..end).map(|at| [before(at), after(at)]));
            first = end;
        }
        let points = geometry.points.as_mut_slice();
        let mut order: Vec<usize> = (0..points.len()).collect();
        order.sort_unstable_by_key(|at| (points[*at], *at));
        let places: Vec<_> = order.chunk_by(|a, b| points[*a] == points[*b]).map(<[usize]>::to_vec).collect();
        let mut place_of = vec![0; points.len()];
        for (place, vertices) in places.iter().enumerate() {
            for at in vertices {
                place_of[*at] = place;
            }
        }
        let boxed = neighbours.iter().enumerate().map(|(at, [_, after])| {
            Boxed::new(Rectangle::from_aabb(box_around(&[points[at], points[*after]], REACH)), at)
        });
        let edges = RTree::bulk_load(boxed.collect());
        Self { points, places, place_of, neighbours, edges }
    }

    /// Returns how many places there are.
    pub(super) fn n_places(&self) -> usize {
        self.places.len()
    }

    /// Returns where a place is.
    pub(super) fn at(&self, place: usize) -> Grid {
        self.points[self.places[place][0]]
    }

    /// Returns the places that edges lead to from a place, some more than once.
    pub(super) fn beside(&self, place: usize) -> impl Iterator<Item = usize> {
        self.places[place].iter().flat_map(|at| self.neighbours[*at]).map(|at| self.place_of[at])
    }

    /// Returns by how much twice the area grows when what is at a place goes elsewhere.
    pub(super) fn change(&self, place: usize, to: Grid) -> i64 {
        let of_vertex = |at: &usize| {
            let from = self.points[*at];
            let [before, after] = self.neighbours[*at].map(|number| self.points[number]);
            i64::from(to.x - from.x) * i64::from(after.y - before.y)
                - i64::from(to.y - from.y) * i64::from(after.x - before.x)
        };
        self.places[place].iter().map(of_vertex).sum()
    }

    /// Whether what is at a place can go elsewhere without touching anything: it crosses no edge on its way, nothing
    /// lies in the triangles that its own edges sweep over, and these meet no other one afterwards.
    ///
    /// Adds to `n_compared` with how many edges they are compared.
    pub(super) fn is_free(&self, place: usize, to: Grid, n_compared: &mut usize) -> bool {
        let from = self.at(place);
        self.beside(place).map(|place| self.at(place)).all(|end| {
            let swept = box_around(&[from, to, end], 0);
            let mut near = self.edges.locate_in_envelope_intersecting(swept).map(|boxed| boxed.data);
            near.all(|at| {
                *n_compared += 1;
                let (point, next) = (self.points[at], self.points[self.neighbours[at][1]]);
                let is_swept = |vertex| vertex != from && vertex != end && holds([from, to, end], vertex);
                let is_own = point == from || next == from;
                let is_crossed = || {
                    turn(point, next, from) != 0 && Edge::between(from, to).meets(Edge::between(point, next))
                };
                !is_swept(point)
                    && !is_swept(next)
                    && (is_own || !is_crossed() && is_apart((end, to), (point, next)))
            })
        })
    }

    /// Lets what is at a place go elsewhere, a unit at most, once.
    pub(super) fn go(&mut self, place: usize, to: Grid) {
        for at in &self.places[place] {
            self.points[*at] = to;
        }
    }
}

/// Returns the box around points, wider by so many units on each side.
fn box_around(points: &[Grid], margin: i32) -> AABB<[i64; 2]> {
    let corners: Vec<[i64; 2]> = points
        .iter()
        .flat_map(|Grid { x, y }| [[x - margin, y - margin], [x + margin, y + margin]])
        .map(|corner| corner.map(i64::from))
        .collect();
    AABB::from_points(&corners)
}

/// Whether `point` lies in a triangle or on its edges.
fn holds([a, b, c]: [Grid; 3], point: Grid) -> bool {
    let turns = [turn(a, b, point), turn(b, c, point), turn(c, a, point)];
    turns.iter().all(|turn| 0 <= *turn) || turns.iter().all(|turn| *turn <= 0)
}

/// Whether a new edge shares at most its start with another edge.
fn is_apart((start, end): (Grid, Grid), (a, b): (Grid, Grid)) -> bool {
    let other_end = if a == start {
        b
    } else if b == start {
        a
    } else {
        return !Edge::between(start, end).meets(Edge::between(a, b));
    };
    let forward = i64::from(end.x - start.x) * i64::from(other_end.x - start.x)
        + i64::from(end.y - start.y) * i64::from(other_end.y - start.y);
    turn(start, end, other_end) != 0 || forward < 0
}

#[cfg(test)]
mod tests {
    use zellige_testkit::drawn;

    use super::*;

    /// Compares whether what is at a place of polygons can go elsewhere.
    fn check(wkt: &str, from: (i32, i32), to: (i32, i32), expected: bool) {
        let mut geometry = drawn::geometry(wkt);
        let corners = Corners::of(&mut geometry);
        let (from, to) = (Grid::new(from.0, from.1), Grid::new(to.0, to.1));
        let place = (0..corners.n_places()).find(|place| corners.at(*place) == from).unwrap();
        assert_eq!(corners.is_free(place, to, &mut 0), expected, "{wkt} {from:?} {to:?}");
    }

    #[test]
    fn a_vertex_moves_where_there_is_room() {
        let triangle = "POLYGON((0 0,8 1,4 9))";
        check(triangle, (4, 9), (5, 10), true);
        check(triangle, (0, 0), (1, 1), true);
        let neighbours = "MULTIPOLYGON(((0 0,8 1,4 9)),((5 9,9 1,9 9)))";
        check(neighbours, (4, 9), (4, 8), true);
        check(neighbours, (4, 9), (5, 9), false);
        check(neighbours, (8, 1), (9, 2), false);
    }

    #[test]
    fn no_polygon_is_turned_inside_out() {
        check("POLYGON((0 0,8 1,4 1))", (4, 1), (4, 2), true);
        check("POLYGON((0 0,8 1,4 1))", (4, 1), (4, 0), false);
    }

    #[test]
    fn no_vertex_crosses_the_edge_of_another_polygon_that_touches_at_both_ends() {
        let shapes = "MULTIPOLYGON(((0 0,4 1,8 1,4 9)),((0 0,4 -5,8 1)))";
        check(shapes, (4, 1), (4, 2), true);
        check(shapes, (4, 1), (4, 0), false);
    }

    #[test]
    fn vertices_of_rings_that_touch_go_together() {
        let mut geometry = drawn::geometry("MULTIPOLYGON(((0 0,8 0,4 4)),((4 4,8 8,0 8)))");
        let mut corners = Corners::of(&mut geometry);
        let place = (0..corners.n_places()).find(|place| corners.at(*place) == Grid::new(4, 4)).unwrap();
        assert_eq!(corners.change(place, Grid::new(4, 5)), 0);
        corners.go(place, Grid::new(4, 5));
        assert_eq!(geometry, drawn::geometry("MULTIPOLYGON(((0 0,8 0,4 5)),((4 5,8 8,0 8)))"));
    }
}
