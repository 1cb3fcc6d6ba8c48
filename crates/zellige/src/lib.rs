//! Vector tilesets from your own data, by recipe, on your own machine.
//!
//! Four verbs: [`check`] says everything about the text of a recipe, and [`plan`] gives what it means or all
//! of its problems as one error; [`publish()`] cuts sources into a tileset by that plan; [`pack()`] makes packs of a
//! region for offline use. The crates below are re-exported as modules for those who need more: [`ingest`],
//! [`recipe`], [`tile`], [`archive`], [`job`], and the words that all of them speak, [`model`]. [`survey`] looks at
//! sources before a job, [`style`] reads what maps are drawn with, and [`mod@pack`] holds what packs are made of.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("zellige-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let target = folder.join("towns.pmtiles");
//! use std::ops::ControlFlow;
//! use zellige::{Settings, Source};
//!
//! let recipe = br#"{"version": 1, "layers": {"towns": {
//!     "source": "mapbox://tileset-source/me/towns", "minzoom": 0, "maxzoom": 5}}}"#;
//! let line: &[u8] = br#"{"type": "Feature", "properties": {"name": "Vaduz"},
//!     "geometry": {"type": "Point", "coordinates": [9.52, 47.14]}}"#;
//! # let line = line.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<u8>>();
//! let plan = zellige::plan(recipe)?;
//! let source = Source::new("towns").reader("towns.geojsonl", Box::new(std::io::Cursor::new(line)));
//! let settings = Settings { overwrite: true, ..Settings::for_machine() };
//! let report = zellige::publish(&plan, vec![source], &target, &settings, &mut |_| ControlFlow::Continue(()))?;
//! assert_eq!(report.written.tiles, 6);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```
//!
//! The packs of a region for offline use, here of one road and for navigation alone:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("zellige-doc-pack-{}", std::process::id()));
//! use std::num::NonZeroUsize;
//! use std::ops::ControlFlow;
//! use std::time::SystemTime;
//! use zellige::Source;
//! use zellige::pack::moment::Moment;
//! use zellige::pack::region::{self, RegionId};
//! use zellige::pack::revision::{Resources, Settings};
//!
//! let region = region::parse(br#"{"configuration": {"navigation": true, "geography": {"type": "Polygon",
//!     "coordinates": [[[9.4, 47.0], [9.7, 47.0], [9.7, 47.3], [9.4, 47.0]]]}}}"#)?;
//! let road: &[u8] = br#"{"type": "Feature", "properties": {"highway": "residential"},
//!     "geometry": {"type": "LineString", "coordinates": [[9.52, 47.10], [9.53, 47.11]]}}"#;
//! # let road = road.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<u8>>();
//! let roads = Source::new("roads").reader("roads.geojsonl", Box::new(std::io::Cursor::new(road)));
//! let settings = Settings {
//!     id: RegionId::new("valley").ok_or("no id")?,
//!     username: "me".to_owned(),
//!     threads: NonZeroUsize::MIN,
//!     moment: Moment::of(SystemTime::now()),
//! };
//! let resources = Resources { roads: Some(roads), ..Resources::default() };
//! let report = zellige::pack(&region, resources, &folder, &settings, &mut |_| ControlFlow::Continue(()))?;
//! assert!(folder.join("1/navigation.tar").exists());
//! assert_eq!(report.region["packs"][0]["domain"], "navigation");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```

pub use zellige_archive as archive;
pub use zellige_ingest as ingest;
pub use zellige_job as job;
pub use zellige_model as model;
pub use zellige_pack as pack;
pub use zellige_recipe as recipe;
pub use zellige_style as style;
pub use zellige_survey as survey;
pub use zellige_tile as tile;

mod plan;

pub use plan::{RecipeRefused, plan};
pub use zellige_ingest::Source;
pub use zellige_job::publish::Watch;
pub use zellige_job::{Borders, Error, Phase, Progress, Report, Settings, parse_memory, publish};
pub use zellige_pack::pack;
pub use zellige_recipe::{Checked, Plan, check};
pub use zellige_tile::tiny::Tiny;
