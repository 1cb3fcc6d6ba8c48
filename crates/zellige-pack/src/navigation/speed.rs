//! How densely built-up the surroundings of a junction are, and how fast one travels there.
//!
//! In:     the graph; speeds as roads give them.
//! Out:    a density from 0 to 15 a node; the speed of each arm in kilometres an hour.
//! Keeps:  speeds that were given, but for rough surfaces and ramps.
//! Source: kilometres of road a square kilometre within two kilometres, by the scale of routing engines.

use rustc_hash::FxHashMap;

use super::geometry::{UNITS_PER_DEGREE, Vertex};
use super::graph::Graph;
use super::level::{FINEST, corner, side, tile_at};
use super::road::{Flags, class, surface, usage};
use crate::progress::{Counter, Stopped};

/// Within so many degrees of latitude roads count: two kilometres.
const REACH_DEGREES: f64 = 2000.0 / METRES_PER_DEGREE;
const METRES_PER_DEGREE: f64 = 110_567.0;
/// The side of the finest tiles.
const SIDE_DEGREES: f64 = side(FINEST) as f64 / UNITS_PER_DEGREE as f64;
/// Roads are added up in cells of so many units of a [`Vertex`]: 180 metres from south to north.
const CELL_BITS: u32 = 14;
/// Densities are at most this.
const DENSITY_MAX: f64 = 15.0;
/// Above this density, the usual speeds of towns hold.
const RURAL_MAX: u8 = 8;
/// Usual speeds in towns by class, kilometres an hour.
const TOWN_SPEEDS: [u8; 8] = [89, 73, 57, 49, 40, 35, 30, 20];
/// Nothing is slower, kilometres an hour.
const SPEED_MIN: u8 = 1;

/// Returns the density around each node, a step each.
pub(super) fn densities(graph: &Graph, counter: &mut Counter<'_>) -> Result<Vec<u8>, Stopped> {
    let cell_side = (1_i64 << CELL_BITS) as f64 / 1e7;
    let mut cells: FxHashMap<(i32, i32), f64> = FxHashMap::default();
    for node in &graph.nodes {
        let length_m: f64 = node
            .arms
            .clone()
            .map(|arm| graph.edge(arm))
            .filter(|edge| counts(edge.usage))
            .map(|edge| f64::from(edge.length_m))
            .sum();
        *cells.entry(cell(node.at)).or_default() += length_m;
    }
    let mut known: FxHashMap<(i32, i32), u8> = FxHashMap::default();
    let density = |node: &super::graph::Node| {
        counter.add(1)?;
        let at = cell(node.at);
        Ok(*known.entry(at).or_insert_with(|| {
            // As narrow as degrees are in the middle of the tile.
            let middle = corner(FINEST, tile_at(FINEST, node.at)).degrees().lat + SIDE_DEGREES / 2.0;
            let shrink = libm::cos(middle.to_radians()).max(0.01);
            let (reach_y, reach_x) = (
                (REACH_DEGREES / cell_side).ceil() as i32,
                (REACH_DEGREES / shrink / cell_side).ceil() as i32,
            );
            let (mut length_m, mut n_cells) = (0.0, 0);
            for x in -reach_x..=reach_x {
                for y in -reach_y..=reach_y {
                    // A circle of as many cells as the ellipse has that is a circle on the ground.
                    if x * x + y * y <= reach_x * reach_y {
                        length_m += cells.get(&(at.0 + x, at.1 + y)).copied().unwrap_or_default();
                        n_cells += 1;
                    }
                }
            }
            let cell_km = cell_side * METRES_PER_DEGREE / 1000.0;
            let area_km2 = f64::from(n_cells) * cell_km * cell_km * shrink;
            // Each edge has been counted at both of its ends.
            let density = length_m / 2000.0 / area_km2;
            (density * 0.7).round().min(DENSITY_MAX) as u8
        }))
    };
    graph.nodes.iter().map(density).collect()
}

/// Returns the speed of each arm.
pub(super) fn speeds(graph: &Graph, densities: &[u8]) -> Vec<u8> {
    (0..graph.arms.len() as u32).map(|arm| speed(graph, arm, densities)).collect()
}

fn speed(graph: &Graph, arm: u32, densities: &[u8]) -> u8 {
    let (edge, way) = (graph.edge(arm), graph.way(arm));
    let given = way.speed[graph.direction(arm)];
    let is_given = way.flags.has(Flags::SPEED_TAGGED);
    let node = edge.ends[graph.direction(arm)];
    let is_town = densities[node as usize] > RURAL_MAX;
    let times = |speed: u8, factor: f32| (f32::from(speed) * factor + 0.5).min(255.0) as u8;
    let speed = if way.flags.has(Flags::LINK) {
        match edge.usage {
            usage::TURN_CHANNEL => times(given, 1.25),
            usage::RAMP if !is_given && is_town && edge.class <= class::PRIMARY => times(given, 0.8),
            usage::RAMP if !is_given => times(given, 0.85),
            _ => given,
        }
    } else if is_given {
        match given {
            _ if way.surface < surface::ROUGH => given,
            50.. => given - 10,
            16..50 => given - 5,
            _ => given,
        }
    } else {
        let mut speed = if is_town { TOWN_SPEEDS[usize::from(edge.class)] } else { given };
        if way.flags.has(Flags::ROUNDABOUT) {
            speed = times(speed, 0.5);
        }
        speed = match edge.usage {
            usage::PARKING_AISLE => 15,
            usage::DRIVEWAY | usage::DRIVE_THROUGH => 10,
            _ => speed,
        };
        if way.surface >= surface::ROUGH { speed / 2 } else { speed }
    };
    speed.max(SPEED_MIN)
}

/// Whether a road counts for the density: paths, parking and driveways do not.
fn counts(usage: u8) -> bool {
    matches!(
        usage,
        usage::ROAD
            | usage::RAMP
            | usage::TURN_CHANNEL
            | usage::ALLEY
            | usage::EMERGENCY_ACCESS
            | usage::SERVICE
    )
}

/// Returns the cell of a position, counted from the corner of the world.
fn cell(at: Vertex) -> (i32, i32) {
    let number =
        |units: i32, corner: i64| ((i64::from(units) + corner * UNITS_PER_DEGREE) >> CELL_BITS) as i32;
    (number(at.lon, 180), number(at.lat, 90))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn;

    /// Checks the speed on a road with such tags, in the country and in town.
    fn check(tags: &str, country: u8, town: u8) {
        let mut graph = drawn::graph(&[(tags, &[(0, 0), (1, 0)])]);
        crate::navigation::links::settle(&mut graph);
        let around = |density: u8| speeds(&graph, &[density, density])[0];
        assert_eq!((around(RURAL_MAX), around(RURAL_MAX + 1)), (country, town), "{tags}");
    }

    #[test]
    fn usual_speeds_are_lower_in_town() {
        check("highway=motorway", 105, 89);
        check("highway=residential", 35, 30);
        check("highway=primary junction=roundabout", 38, 29);
        check("highway=motorway_link", 89, 84);
    }

    #[test]
    fn given_speeds_stay() {
        check("highway=residential maxspeed=50", 50, 50);
        check("highway=residential maxspeed=30mph", 48, 48);
        check("highway=motorway_link maxspeed=60", 60, 60);
        check("highway=motorway maxspeed=none", 105, 105);
    }

    #[test]
    fn rough_roads_are_slow() {
        check("highway=residential surface=cobblestone", 17, 15);
        check("highway=residential maxspeed=50 surface=gravel", 40, 40);
        check("highway=track tracktype=grade1", 10, 10);
        check("highway=service service=parking_aisle", 15, 15);
    }

    #[test]
    fn density_grows_with_roads_around() {
        let lines: Vec<[(i32, i32); 2]> =
            (0..30).flat_map(|x| [[(x, 0), (x, 30)], [(0, x), (30, x)]]).collect();
        let town: Vec<drawn::Drawn<'_>> =
            lines.iter().map(|line| ("highway=residential", &line[..])).collect();
        let densities = |roads| drawn::unwatched(|counter| densities(&drawn::graph(roads), counter));
        let (all, lonely) = (densities(&town), densities(&town[..1]));
        assert!(all.iter().all(|density| *density > lonely[0]));
        assert!(all.iter().all(|density| f64::from(*density) <= DENSITY_MAX));
    }
}
