//! Makes all packs of a region: a revision of it.
//!
//! In:     a region, what its style draws, roads; a folder.
//! Out:    the folder with `region.json`, and the packs of this revision in a folder of its number.
//! Keeps:  the revision before, which clients may still be loading; older ones go. `region.json` is written
//!         last, so it never names a pack that is not whole; a failed run leaves everything as it was. A folder
//!         that holds another region is left alone.
//! Source: Offline Data API, "Get a region".
//!
//! ```text
//! FOLDER/region.json            name, revision, description, configuration, packs with size and checksum
//!        7/maps.db              for native map clients
//!        7/navigation.tar       for routing engines
//! ```

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zellige_archive::{CreateOptions, Part};
use zellige_ingest::Source;

use crate::digest::Digest;
use crate::maps::{self, Given, MapsReport};
use crate::moment::Moment;
use crate::progress::Watch;
use crate::region::{Region, RegionId, RegionRefused};
use crate::{Error, navigation};

/// The file that describes a region and its packs.
pub const REGION_FILE: &str = "region.json";
/// The name of a maps pack.
pub const MAPS_FILE: &str = "maps.db";
/// The name of a navigation pack.
pub const NAVIGATION_FILE: &str = "navigation.tar";
/// How the URLs of packs begin.
const URL_SCHEME: &str = "mapbox://offline-data/";
/// The version of both packs' formats.
const FORMAT: u32 = 1;
/// The most entries of a region's folder that are looked at for old revisions.
const FOLDER_ENTRIES_MAX: usize = 10_000;
/// The most bytes of a `region.json` that is read or written.
const REGION_FILE_BYTES_MAX: u64 = 64 << 20;

/// What packs are made of.
#[derive(Debug, Default)]
pub struct Resources {
    /// What the style draws; not looked at when the region asks for no maps.
    pub maps: Given,
    /// Roads; not looked at when the region asks for no navigation.
    pub roads: Option<Source>,
}

/// How packs are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The id of the region.
    pub id: RegionId,
    /// The account that stands in the URLs of packs.
    pub username: String,
    /// Threads that work.
    pub threads: NonZeroUsize,
    /// The time of the build.
    pub moment: Moment,
}

/// A revision of a region that was made.
#[derive(Debug)]
pub struct PackReport {
    /// The number of the revision, from 1 on.
    pub revision: u64,
    /// The content of `region.json`.
    pub region: Value,
    /// The maps pack, if the region asks for one.
    pub maps: Option<(PathBuf, MapsReport)>,
    /// The navigation pack, if the region asks for one.
    pub navigation: Option<(PathBuf, navigation::Report)>,
    /// What may surprise whoever draws the map: sentences for people.
    pub notes: Vec<String>,
}

/// Makes the packs of a region in `folder`, which is made when it is missing; `watch` hears of one pack after the
/// other.
///
/// # Errors
///
/// As those of [`maps::plan`], [`maps::build()`] and [`navigation::build`]; [`Error::Missing`] when the region asks
/// for navigation and there are no roads; [`Error::RegionFile`] when what stands in the folder is no region, and
/// [`Error::OtherRegion`] when it is one with another id; [`Error::Stopped`] when `watch` says so. There is no new
/// revision then, and the old ones stay.
pub fn pack(
    region: &Region,
    resources: Resources,
    folder: &Path,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<PackReport, Error> {
    if region.navigation && resources.roads.is_none() {
        return Err(Error::Missing { missing: vec!["roads for the navigation pack".to_owned()] });
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let report = revise(folder, &settings.id, |place, revision| {
        make(region, resources, (place, revision), settings, watch)
    });
    if is_new && report.is_err() {
        // It stays when something is in it.
        drop(fs::remove_dir(folder));
    }
    report
}

/// Lets the packs of the next revision be made at its place, by its number; the description in the making is locked,
/// so no other run does the same.
fn revise(
    folder: &Path,
    id: &RegionId,
    make: impl FnOnce(&Path, u64) -> Result<PackReport, Error>,
) -> Result<PackReport, Error> {
    let path = folder.join(REGION_FILE);
    let name = path.display().to_string();
    let part =
        Part::file(&path, &CreateOptions { overwrite: true }).map_err(Error::archive("start", &name))?;
    let last = last_revision(folder, id)?;
    let revision = last.checked_add(1).ok_or(Error::RegionFile { path: path.clone() })?;
    let place = folder.join(revision.to_string());
    fs::create_dir_all(&place).map_err(Error::io("create", &place))?;
    let made = make(&place, revision).and_then(|report| {
        let text = description(&report.region)?;
        part.as_file().write_all(text.as_bytes()).map_err(Error::io("write", &path))?;
        Ok(report)
    });
    if made.is_err() {
        // The lock is held until the place is empty: the next run has the same number.
        remove_revision(&place);
        drop(part);
        return made;
    }
    // When this fails, the packs stay until the next run, which has the same number, replaces them.
    part.publish().map_err(Error::archive("put in place", &name))?;
    remove_before(folder, last);
    made
}

/// Returns the text of a `region.json`: compact, since white space around nested values can outgrow them.
fn description(region: &Value) -> Result<String, Error> {
    let text = format!("{region}\n");
    let n_bytes = text.len() as u64;
    if n_bytes < REGION_FILE_BYTES_MAX {
        return Ok(text);
    }
    let reason = format!("its description has `{n_bytes}` bytes, expected less than {REGION_FILE_BYTES_MAX}");
    Err(Error::Region(RegionRefused { reasons: vec![reason] }))
}

fn make(
    region: &Region,
    resources: Resources,
    (place, revision): (&Path, u64),
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<PackReport, Error> {
    let Settings { id, username, threads, moment } = settings;
    let name = region.name.as_deref().unwrap_or(id.as_str());
    let mut notes = region.notes.clone();
    let mut packs = Vec::new();
    let pack = |domain: &str, digest: &Digest, data_version: &str| {
        json!({
            "domain": domain,
            "format": FORMAT,
            "url": format!("{URL_SCHEME}{username}/regions/{id}/{revision}/{domain}/{FORMAT}"),
            "md5_checksum": digest.md5.to_string(),
            "size": digest.bytes,
            "data_version": data_version,
        })
    };
    let mut maps = None;
    if region.maps.is_some() {
        let plan = maps::plan(region, name, &resources.maps)?;
        notes.extend_from_slice(plan.notes());
        let path = place.join(MAPS_FILE);
        // What stands there is left over from a run that was killed.
        let settings = maps::Settings { threads: *threads, overwrite: true, moment: *moment };
        let report = maps::build(&plan, &path, &settings, watch)?;
        notes.extend_from_slice(&report.notes);
        packs.push(pack("maps", &report.digest, &report.data_version));
        maps = Some((path, report));
    }
    let mut navigation = None;
    if let Some(roads) = resources.roads.filter(|_| region.navigation) {
        let path = place.join(NAVIGATION_FILE);
        let settings = navigation::Settings { created: *moment, overwrite: true };
        let report = navigation::build(roads, &region.geography, &path, &settings, watch)?;
        packs.push(pack("navigation", &report.digest, &moment.dashed()));
        navigation = Some((path, report));
    }
    let region = json!({
        "name": name,
        "revision": revision,
        "description": region.description.as_deref().unwrap_or_default(),
        "last_updated": moment.iso_milliseconds(),
        "configuration": region.configuration,
        "packs": packs,
    });
    Ok(PackReport { revision, region, maps, navigation, notes })
}

/// Reads the description of the region in a folder; nothing when there is none.
///
/// # Errors
///
/// [`Error::Io`] when it cannot be read, [`Error::RegionFile`] when it is no description of a region.
pub fn described(folder: &Path) -> Result<Option<Value>, Error> {
    let path = folder.join(REGION_FILE);
    let file = match fs::File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", &path)(error)),
    };
    let mut text = Vec::new();
    file.take(REGION_FILE_BYTES_MAX).read_to_end(&mut text).map_err(Error::io("read", &path))?;
    let region: Option<Value> = serde_json::from_slice(&text).ok();
    match region.filter(|region| region["revision"].is_u64() && region["packs"].is_array()) {
        Some(region) => Ok(Some(region)),
        None => Err(Error::RegionFile { path }),
    }
}

/// Returns the number of the revision that stands in a folder, 0 for none; it has to be one of this region.
fn last_revision(folder: &Path, id: &RegionId) -> Result<u64, Error> {
    let Some(region) = described(folder)? else { return Ok(0) };
    let path = || folder.join(REGION_FILE);
    // A region without packs names no id, and has nothing that could be removed.
    if let Some(pack) = region["packs"].get(0) {
        let found = id_of(pack).ok_or_else(|| Error::RegionFile { path: path() })?;
        if found != *id {
            return Err(Error::OtherRegion { path: path(), found, expected: id.clone() });
        }
    }
    Ok(region["revision"].as_u64().unwrap_or(0))
}

/// Returns the id of the region in the URL of a described pack; nothing when the URL is none of ours.
fn id_of(pack: &Value) -> Option<RegionId> {
    let url = pack["url"].as_str()?.strip_prefix(URL_SCHEME)?;
    let (_, rest) = url.split_once("/regions/")?;
    rest.split('/').next().and_then(RegionId::new)
}

/// Removes the packs of all revisions before `last`, also of those that a killed run left.
fn remove_before(folder: &Path, last: u64) {
    let entries = fs::read_dir(folder).into_iter().flatten().take(FOLDER_ENTRIES_MAX);
    for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let number: Option<u64> = name.parse().ok();
        if number.is_some_and(|number| number < last && number.to_string() == name) {
            remove_revision(&folder.join(name));
        }
    }
}

/// Removes the packs of a revision, and their folder when nothing else is in it.
fn remove_revision(place: &Path) {
    for name in [MAPS_FILE, NAVIGATION_FILE] {
        // What cannot be removed is in nobody's way.
        drop(fs::remove_file(place.join(name)));
    }
    drop(fs::remove_dir(place));
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::progress::Phase;
    use crate::region::ID_CHARS_MAX;

    /// Makes the next revision of a region that asks for nothing, or for maps of a style that is none.
    fn packed(folder: &Path, maps: &str) -> Result<u64, Error> {
        let text = format!(
            r#"{{"configuration": {{"navigation": true, "maps": {maps}, "geography": {{"type": "Polygon",
            "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}}}}}}"#
        );
        let mut region = crate::region::parse(text.as_bytes())?;
        region.navigation = false;
        let watch: Watch<'_> = &mut |_| ControlFlow::Continue(());
        pack(&region, Resources::default(), folder, &settings(), watch).map(|report| report.revision)
    }

    fn settings() -> Settings {
        Settings {
            id: RegionId::new("a").unwrap(),
            username: "me".to_owned(),
            threads: NonZeroUsize::MIN,
            moment: Moment::from_milliseconds(0),
        }
    }

    #[test]
    fn run_that_is_stopped_leaves_the_revision_before() {
        const ROAD: &[u8] = br#"{"type":"Feature","properties":{"highway":"path"},"geometry":{"type":"LineString","coordinates":[[0.1,0.1],[0.2,0.2]]}}"#;
        let folder = tempfile::tempdir().unwrap();
        let region = br#"{"configuration": {"navigation": true, "geography": {"type": "Polygon",
            "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}}}"#;
        let region = crate::region::parse(region).unwrap();
        let packed = |watch: Watch<'_>| {
            let roads = Some(Source::new("roads").reader("lines", Box::new(ROAD)));
            pack(&region, Resources { roads, ..Resources::default() }, folder.path(), &settings(), watch)
        };
        packed(&mut |_| ControlFlow::Continue(())).unwrap();
        let stopped = packed(&mut |progress| match progress.phase {
            Phase::Tiles => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        assert!(matches!(stopped, Err(Error::Stopped)));
        assert!(!folder.path().join("2").exists());
        assert_eq!(last_revision(folder.path(), &settings().id).unwrap(), 1);
    }

    #[test]
    fn revisions_are_counted_and_failed_ones_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let maps = r#"{"style_url": "mapbox://styles/me/map", "min_zoom": 0, "max_zoom": 5,
            "include_ideographs": false}"#;
        assert!(matches!(packed(&folder.path().join("new"), maps), Err(Error::Style(_))));
        assert!(!folder.path().join("new").exists());
        assert_eq!(packed(folder.path(), "null").unwrap(), 1);
        assert_eq!(packed(folder.path(), "null").unwrap(), 2);
        let last = json!({"revision": u64::MAX, "packs": []}).to_string();
        fs::write(folder.path().join(REGION_FILE), last).unwrap();
        assert!(matches!(packed(folder.path(), "null"), Err(Error::RegionFile { .. })));
    }

    #[test]
    fn folders_of_other_regions_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let describe = |id: &str| {
            let url = format!("mapbox://offline-data/me/regions/{id}/1/maps/1");
            let region = json!({"revision": 1, "packs": [{"domain": "maps", "url": url}]});
            fs::write(folder.path().join(REGION_FILE), region.to_string()).unwrap();
        };
        describe("b");
        let error = packed(folder.path(), "null").unwrap_err();
        assert!(error.to_string().ends_with("region.json` describes region `b`, expected `a`"), "{error}");
        assert!(!folder.path().join("2").exists());
        for odd in ["", "\u{1b}[2J", &"b".repeat(ID_CHARS_MAX + 1)] {
            describe(odd);
            assert!(matches!(packed(folder.path(), "null"), Err(Error::RegionFile { .. })), "{odd:?}");
        }
        describe("a");
        assert_eq!(packed(folder.path(), "null").unwrap(), 2);
    }

    #[test]
    fn revisions_that_a_killed_run_left_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let region = json!({"revision": 7, "packs": []}).to_string();
        fs::write(folder.path().join(REGION_FILE), region).unwrap();
        for name in ["1", "6", "7", "06", "notes"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join(MAPS_FILE), "").unwrap();
        }
        assert_eq!(packed(folder.path(), "null").unwrap(), 8);
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["06", "7", "8", "notes", "region.json"]);
    }

    #[test]
    fn nested_configurations_do_not_outgrow_the_file() {
        let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let region = json!({"configuration": vec![nested; 10_000]});
        assert_eq!(description(&region).unwrap().len(), 10_000 * 202 + 20);
    }
}
