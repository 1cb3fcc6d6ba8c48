//! Any bytes as a source of roads: what is read makes a pack that nothing is wrong with.
//!
//! The fuzz target `roads` runs this too.

use std::io::Cursor;
use std::ops::ControlFlow;

use zellige_ingest::Source;
use zellige_model::{Geometry, GeometryKind, LonLat};
use zellige_pack::moment::Moment;
use zellige_pack::navigation::{Error, Settings, build, verify};

/// Makes a pack of lines anywhere in the world, and judges it.
pub(crate) fn run(lines: &[u8]) {
    let mut world = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
    let corners = [(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)];
    world.points = corners.map(|(lon, lat)| LonLat::new(lon, lat)).into();
    world.end_part();
    world.end_polygon();
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("navigation.tar");
    let source = Source::new("roads").reader("lines", Box::new(Cursor::new(lines.to_vec())));
    let settings = Settings { created: Moment::from_milliseconds(0), overwrite: false };
    match build(source, &world, &path, &settings, &mut |_| ControlFlow::Continue(())) {
        Ok(report) => {
            let verdict = verify(&path).expect("the pack was written");
            assert_eq!(verdict.faults.first, []);
            assert_eq!(verdict.edges, 2 * report.counts.edges);
        }
        Err(Error::NoRoads { .. } | Error::Source { .. }) => assert!(!path.exists()),
        Err(error) => panic!("{error}"),
    }
}
