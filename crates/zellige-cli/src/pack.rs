//! The verb `pack`: a region to packs for offline use.
//!
//! In:     the configuration of a region; a style with tilesets, icons, fonts and files; roads.
//! Out:    a folder with `region.json` and the packs of a new revision, told as text or as JSON; or a forecast.
//! Keeps:  the revision before; the first interrupt cancels, the second exits at once.
//! Source: –

mod told;
pub(crate) mod verify;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use zellige::pack::Error;
use zellige::pack::file::{self, FONT_BYTES_MAX};
use zellige::pack::maps::{self, Detail, Given as MapsGiven};
use zellige::pack::moment::Moment;
use zellige::pack::progress::{Phase, Progress, Watch};
use zellige::pack::region::{self, ID_EXPECTED, REGION_BYTES_MAX, Region, RegionId};
use zellige::pack::revision::{Resources, Settings};
use zellige::style::document::STYLE_BYTES_MAX;

use crate::args::{Flag, Given, Times, Verb};
use crate::exit::{Failure, tell};
use crate::interrupt;
use crate::progress::Teller;
use crate::publish::{FORMAT_FLAG, format, threads};
use crate::show::{bytes, grouped, print, printable};
use crate::sources;

/// Flags that are about a maps pack.
const MAPS_FLAGS: [&str; 6] = ["style", "tileset", "icons", "font", "file", "optimize"];
/// Characters of a note, a problem or a finding that are shown.
const NOTE_CHARS_MAX: usize = 400;

pub(crate) const VERB: Verb = Verb {
    name: "pack",
    about: "Makes packs of a region for offline use: maps and navigation.",
    usage: "REGION.json -o FOLDER [--style STYLE.json] [--tileset ID=PATH]… [--roads PATH]… [options]\n       \
            zellige pack verify PACK…",
    operands: &["REGION.json"],
    n_more: 0,
    flags: &[
        Flag {
            short: Some('o'),
            ..Flag::value("output", "FOLDER", "where region.json and the packs of each revision go")
        },
        Flag::value("style", "STYLE.json", "the style that the region names, version 8"),
        Flag {
            times: Times::Many,
            ..Flag::value(
                "tileset",
                "ID=PATH",
                "a tileset of the style: OUT.pmtiles, OUT.mbtiles or a folder; ID is\n\
                 such as me.roads of mapbox://me.roads, or the URL in the style",
            )
        },
        Flag::value("icons", "FOLDER", "SVG icons for the sprite, named by their files"),
        Flag {
            times: Times::Many,
            ..Flag::value(
                "font",
                "FILE",
                "a TTF, OTF or TTC file; Open Sans Regular is built in and\nstands in for fonts that were not given",
            )
        },
        Flag {
            times: Times::Many,
            ..Flag::value("file", "URL=PATH", "a GeoJSON file or image that the style names by its URL")
        },
        Flag {
            times: Times::Many,
            ..Flag::value("roads", "PATH", "line features with the tags of OpenStreetMap or Overture")
        },
        FORMAT_FLAG,
        Flag::value("id", "ID", "id of the region (default: the name of the file)"),
        Flag::value("user", "NAME", "account in the URLs of packs (default: that of the style)"),
        Flag::switch(
            "estimate",
            "tells how many tiles and bytes the maps pack will have, and makes\n\
             nothing; navigation packs are not estimated",
        ),
        Flag::switch("optimize", "leaves out of tiles what the style cannot draw; the map stays the same"),
        Flag::switch("json", "prints JSON instead of text"),
        Flag::switch("quiet", "says nothing while it works"),
        Flag::value("threads", "N", "threads that work (default: all cores)"),
    ],
    examples: &[
        (
            "zellige pack vaduz.json --style map.json --tileset me.city=city.pmtiles --icons icons/ \
             --roads roads.geojsonl -o vaduz/",
            "makes both packs, vaduz/1/maps.db and vaduz/1/navigation.tar, and vaduz/region.json",
        ),
        (
            "zellige pack vaduz.json --style map.json --tileset me.city=city.pmtiles --estimate",
            "tells what the maps pack would hold",
        ),
        (
            "zellige pack trails.json --roads roads.geojsonl -o trails/",
            "makes the navigation pack of a region that asks for no maps",
        ),
        ("zellige pack verify vaduz/", "checks all packs of the latest revision"),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let region_path = Path::new(given.operand(0).unwrap_or_default());
    let region = read_region(region_path)?;
    let id = region_id(given, region_path)?;
    let output = given.path("output");
    let is_estimate = given.has("estimate");
    if output.is_none() && !is_estimate {
        return Err(given.usage("`--output FOLDER` is missing".to_owned()));
    }
    if output.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
        return Err(given.usage("`--output` is empty, expected a folder".to_owned()));
    }
    let threads = threads(given)?;
    let is_cancelled = interrupt::watch()?;
    let resources = resources(given, &region, &is_cancelled)?;
    for flag in idle(given, &region) {
        tell(&format!("note: the region has no pack that `--{flag}` is for"));
    }
    if is_estimate {
        return estimate(given, &region, &resources.maps, (threads, &is_cancelled));
    }
    let user = given.read("user", ID_EXPECTED, RegionId::new)?;
    let settings = Settings {
        username: region.username(user.as_ref()),
        id,
        threads,
        moment: Moment::of(SystemTime::now()),
    };
    let folder = output.unwrap_or_default();
    let started = Instant::now();
    let report =
        watched(given, &is_cancelled, |watch| zellige::pack(&region, resources, &folder, &settings, watch));
    let report = report.map_err(failure)?;
    tell_notes(&report.notes);
    if given.has("json") {
        return print(&format!("{:#}\n", told::to_json(&report)));
    }
    print(&told::to_text(&report, &folder, started.elapsed()))
}

fn tell_notes(notes: &[String]) {
    for note in notes {
        tell(&format!("note: {}", printable(note, NOTE_CHARS_MAX)));
    }
}

/// Returns the flags that were given for a pack that the region does not ask for.
fn idle(given: &Given, region: &Region) -> Vec<&'static str> {
    let maps = MAPS_FLAGS.iter().filter(|_| region.maps.is_none());
    let navigation = ["roads"].iter().filter(|_| !region.navigation);
    maps.chain(navigation).copied().filter(|flag| given.has(flag)).collect()
}

/// Does what shows how far it is; whatever a cancelled deed ends with, it was cancelled.
fn watched<T>(
    given: &Given,
    is_cancelled: &AtomicBool,
    deed: impl FnOnce(Watch<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut teller = if given.has("quiet") { Teller::Quiet } else { Teller::for_stderr() };
    let result = deed(&mut |progress| {
        if is_cancelled.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        teller.tell_share(progress.share(), || sentence(progress));
        ControlFlow::Continue(())
    });
    teller.end();
    match result {
        Err(_) if is_cancelled.load(Ordering::Relaxed) => Err(Error::Stopped),
        result => result,
    }
}

/// Returns which pack is being made, and what of it.
fn sentence(progress: &Progress) -> String {
    let done = grouped(progress.done);
    match progress.phase {
        Phase::Sampling => format!("maps: {done} rows sampled"),
        Phase::Maps => format!("maps: {done} rows"),
        Phase::Roads => format!("navigation: {} of roads read", bytes(progress.done)),
        Phase::Graph => "navigation: joining roads".to_owned(),
        Phase::Weights => "navigation: judging turns and ways through".to_owned(),
        _ => "navigation: writing graph tiles".to_owned(),
    }
}

/// Returns the failure of an error; all reasons against a region have their own lines.
fn failure(error: Error) -> Failure {
    match error {
        Error::Region(refused) => {
            for message in refused.wire_messages() {
                tell(&message);
            }
            tell("the region is refused");
            Failure::Refused
        }
        Error::Style(refused) => {
            for problem in &refused.problems {
                let place = printable(&problem.pointer, NOTE_CHARS_MAX);
                tell(&format!("{place}: {}", printable(&problem.message, NOTE_CHARS_MAX)));
            }
            tell("the style is refused");
            Failure::Refused
        }
        error => {
            let hint = hint(&error);
            Failure::Failed { error: error.into(), hint }
        }
    }
}

fn hint(error: &Error) -> Option<String> {
    Some(match error {
        Error::Missing { .. } => {
            "tilesets go by `--tileset ID=PATH`, other files by `--file URL=PATH`, roads by `--roads PATH`"
                .to_owned()
        }
        Error::RegionFile { .. } => "choose an empty folder or a new one".to_owned(),
        Error::OtherRegion { found, .. } => {
            format!("choose another folder, or make the next revision of that region by `--id {found}`")
        }
        _ => return None,
    })
}

fn read_region(path: &Path) -> Result<Region, Failure> {
    let text = file::read(path, REGION_BYTES_MAX).map_err(failure)?;
    region::parse(&text).map_err(|refused| failure(Error::Region(refused)))
}

fn region_id(given: &Given, path: &Path) -> Result<RegionId, Failure> {
    if let Some(id) = given.read("id", ID_EXPECTED, RegionId::new)? {
        return Ok(id);
    }
    let stem = path.file_stem().and_then(OsStr::to_str).and_then(RegionId::new);
    stem.ok_or_else(|| {
        given.usage(format!(
            "`{}` is named by no region id, `--id ID` gives one of {ID_EXPECTED}",
            path.display()
        ))
    })
}

fn resources(given: &Given, region: &Region, is_cancelled: &Arc<AtomicBool>) -> Result<Resources, Failure> {
    let mut resources = MapsGiven::default();
    if region.maps.is_some() {
        let style = given.path("style");
        let style = style.ok_or_else(|| {
            given.usage("the region asks for maps, and `--style STYLE.json` is missing".to_owned())
        })?;
        resources.style = file::read(&style, STYLE_BYTES_MAX).map_err(failure)?;
        resources.detail = if given.has("optimize") { Detail::Drawn } else { Detail::Whole };
        resources.tilesets = pairs(given, "tileset")?;
        for (name, _) in &mut resources.tilesets {
            // The URL of a source means its tileset.
            if let Some(id) = name.strip_prefix("mapbox://").filter(|id| !id.contains('/')) {
                *name = id.to_owned();
            }
        }
        check_twins(given, "tileset", &resources.tilesets)?;
        resources.files = pairs(given, "file")?;
        check_twins(given, "file", &resources.files)?;
        for path in given.all("font").map(Path::new) {
            let font = file::read(path, FONT_BYTES_MAX).map_err(failure)?;
            resources.fonts.push((path.display().to_string(), font));
        }
        resources.sprite =
            given.path("icons").map(|folder| maps::read_icons(&folder)).transpose().map_err(failure)?;
    }
    let roads: Vec<PathBuf> = given.all("roads").map(PathBuf::from).collect();
    let format = format(given)?;
    let roads =
        (!roads.is_empty()).then(|| sources::open_one("roads".to_owned(), roads, format, is_cancelled));
    Ok(Resources { maps: resources, roads })
}

/// Reads the pairs of a flag.
fn pairs(given: &Given, flag: &str) -> Result<Vec<(String, PathBuf)>, Failure> {
    let wrong = |value: &OsStr| given.usage(format!("`--{flag} {}` has no name and path", value.display()));
    given.all(flag).map(|value| pair(value).ok_or_else(|| wrong(value))).collect()
}

/// Splits `NAME=PATH`: an id ends at the first `=`. A URL may have some itself, and so may a path: it ends at the
/// last one behind which there is a file.
fn pair(value: &OsStr) -> Option<(String, PathBuf)> {
    let bytes = value.as_bytes();
    let path = |at: usize| Path::new(OsStr::from_bytes(&bytes[at + 1..]));
    let first = bytes.iter().position(|byte| *byte == b'=')?;
    let is_url = bytes[..first].iter().any(|byte| b":/?".contains(byte));
    let ends = (first..bytes.len()).rev().filter(|at| is_url && bytes[*at] == b'=');
    let at = ends.clone().find(|at| path(*at).exists()).or(ends.max()).unwrap_or(first);
    let name = str::from_utf8(&bytes[..at]).ok().filter(|name| !name.is_empty())?;
    (at + 1 < bytes.len()).then(|| (name.to_owned(), path(at).to_owned()))
}

/// Refuses a name that is given twice: only one of its paths could be read.
fn check_twins(given: &Given, flag: &str, pairs: &[(String, PathBuf)]) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    match pairs.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(given.usage(format!("`--{flag}` is given twice for `{name}`"))),
        None => Ok(()),
    }
}

/// Tells what a maps pack would hold.
fn estimate(
    given: &Given,
    region: &Region,
    resources: &MapsGiven,
    (threads, is_cancelled): (NonZeroUsize, &AtomicBool),
) -> Result<(), Failure> {
    if region.maps.is_none() {
        return Err(
            given.usage("`--estimate` counts the tiles of maps, and the region asks for none".to_owned())
        );
    }
    let plan = maps::plan(region, region.name.as_deref().unwrap_or_default(), resources).map_err(failure)?;
    let forecast = watched(given, is_cancelled, |watch| maps::forecast(&plan, threads, watch));
    let forecast = forecast.map_err(failure)?;
    let notes = [&region.notes, plan.notes(), &forecast.notes].concat();
    tell_notes(&notes);
    if given.has("json") {
        print(&format!("{:#}\n", told::forecast_to_json(&forecast, &notes)))?;
    } else {
        let mut text = told::forecast_to_text(&forecast);
        if region.navigation {
            text.push_str("the navigation pack is not estimated, its size follows from the roads\n");
        }
        print(&text)?;
    }
    plan.check_limit().map_err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, name: &str, path: &str) {
        assert_eq!(pair(OsStr::new(value)), Some((name.to_owned(), path.into())));
    }

    #[test]
    fn ids_end_at_the_first_sign_and_urls_before_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a=b");
        std::fs::write(&file, "").unwrap();
        let file = file.to_str().unwrap();
        check("me.a=b=c.pmtiles", "me.a", "b=c.pmtiles");
        check(&format!("https://a.org/b?c=d={file}"), "https://a.org/b?c=d", file);
        check("https://a.org/b?c=d=nowhere", "https://a.org/b?c=d", "nowhere");
        for nothing in ["me.a", "=a", "me.a=", "https://a.org/b="] {
            assert_eq!(pair(OsStr::new(nothing)), None, "{nothing}");
        }
    }
}
