//! Vector tilesets from your own data, by recipe, on your own machine.
//!
//! Three verbs: [`check`] says everything about the text of a recipe, and [`plan`] gives what it means or all
//! of its problems as one error; [`publish()`] cuts sources into a tileset by that plan; [`pack()`] makes packs of a
//! region for offline use. The crates below are re-exported as modules
//! for those who need more: [`ingest`], [`recipe`], [`tile`], [`archive`], [`job`], and the words that all
//! of them speak, [`model`]. [`survey`] looks at sources before a job, [`style`] reads what maps are drawn with, and [`mod@pack`]
//! holds what packs are made of.
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
