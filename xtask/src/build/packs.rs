//! One pack job of a batch: skipped, made or failed.
//!
//! In:     a pack job, and its share of the machine.
//! Out:    the packs of a new revision; `status.json` beside their description; how it ended.
//! Keeps:  the revision before when anything fails.
//! Source: Offline Data API, "Get pack creation status".

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use serde_json::{Value, json};
use zellige::Source;
use zellige::pack::file::{self, FONT_BYTES_MAX};
use zellige::pack::maps::{Detail, Given, read_icons};
use zellige::pack::moment::Moment;
use zellige::pack::progress::{Phase, Progress};
use zellige::pack::region::{self, ID_EXPECTED, REGION_BYTES_MAX, Region, RegionId};
use zellige::pack::revision::{
    MAPS_FILE, NAVIGATION_FILE, PackReport, REGION_FILE, Resources, Settings, described,
};
use zellige::style::document::STYLE_BYTES_MAX;

use super::jobs::{Document, Pack};
use super::publish::{Share, Teller};
use super::stamp::{Stamp, hash_file, hash_text, replace};
use super::{Outcome, Status, warn};

/// What tells how the latest run of a job went.
const STATUS_FILE: &str = "status.json";

/// Runs a pack job if it has to run.
pub(super) fn run(job: &Pack, share: &Share, force: bool, quiet: bool) -> Outcome {
    let tell = |report: &Value| warn(&job.name, "note", report);
    Outcome::of(&job.name, quiet, || build(job, share, force, quiet), tell)
}

fn build(job: &Pack, share: &Share, force: bool, quiet: bool) -> anyhow::Result<(Status, Option<Value>)> {
    let text = job.region.read("region", REGION_BYTES_MAX)?;
    let stamp = Stamp::with(&job.output, &fingerprint(job, &text)?);
    let described_at = job.output.join(REGION_FILE);
    if !force && let Some(report) = stamp.matching(&described_at).filter(|_| stands(&job.output)) {
        return Ok((Status::Unchanged, Some(report)));
    }
    fs::create_dir_all(&job.output).with_context(|| format!("making `{}` failed", job.output.display()))?;
    stamp.remove()?;
    let started = Moment::of(SystemTime::now());
    let status = |object: &Value| {
        // Packs do not depend on it.
        if let Err(error) = replace(&job.output.join(STATUS_FILE), object) {
            eprintln!("{}: warning: {error:#}", job.name);
        }
    };
    status(&json!({"status": "processing", "started": started.iso()}));
    let made = make(job, &text, (share, started), &mut Teller::new(&job.name, quiet));
    let completed = Moment::of(SystemTime::now()).iso();
    match made {
        Ok(report) => {
            let report = to_json(&report);
            status(&json!({"status": "succeeded", "started": started.iso(), "completed": completed}));
            stamp.write(&described_at, &report)?;
            Ok((Status::Built, Some(report)))
        }
        Err(error) => {
            let message = format!("Region creation failed. {error:#}");
            let failed = json!({
                "status": "failed", "started": started.iso(), "completed": completed, "message": message,
            });
            status(&failed);
            Err(error)
        }
    }
}

fn make(
    job: &Pack,
    text: &[u8],
    (share, moment): (&Share, Moment),
    teller: &mut Teller<'_>,
) -> anyhow::Result<PackReport> {
    let region = region::parse(text).map_err(|refused| {
        anyhow::anyhow!("{} is refused\n  {}", job.region.name("region"), refused.reasons.join("\n  "))
    })?;
    let user = (!job.username.is_empty()).then(|| id(&job.username)).transpose()?;
    let settings = Settings {
        id: id(if job.id.is_empty() { &job.name } else { &job.id })?,
        username: region.username(user.as_ref()),
        threads: job.threads.unwrap_or(share.threads),
        moment,
    };
    let resources = Resources { maps: given(job, &region)?, roads: roads(job) };
    let report = zellige::pack(&region, resources, &job.output, &settings, &mut |progress| {
        teller.tell(|| sentence(progress));
        ControlFlow::Continue(())
    });
    Ok(report?)
}

/// Returns what a pack job is at.
fn sentence(progress: &Progress) -> String {
    let share = progress.share().map_or(String::new(), |share| format!(" {:.0} %,", share * 100.0));
    match progress.phase {
        Phase::Sampling | Phase::Maps => format!("maps,{share} {} rows", progress.done),
        Phase::Roads => format!("navigation, reading roads,{share} {} bytes", progress.done),
        Phase::Graph => format!("navigation,{share} joining roads"),
        Phase::Weights => format!("navigation,{share} judging turns and ways through"),
        _ => format!("navigation,{share} writing graph tiles"),
    }
}

/// Returns the id of a region or the name of an account.
fn id(text: &str) -> anyhow::Result<RegionId> {
    RegionId::new(text).with_context(|| format!("`{text}` is no id, expected {ID_EXPECTED}"))
}

fn given(job: &Pack, region: &Region) -> anyhow::Result<Given> {
    if region.maps.is_none() {
        return Ok(Given::default());
    }
    let style = job.style.as_deref().context("the region asks for maps, and the job names no style")?;
    let fonts =
        job.fonts.iter().map(|path| Ok((path.display().to_string(), file::read(path, FONT_BYTES_MAX)?)));
    Ok(Given {
        style: file::read(style, STYLE_BYTES_MAX)?,
        tilesets: job.tilesets.clone(),
        sprite: job.icons.as_deref().map(read_icons).transpose()?,
        fonts: fonts.collect::<anyhow::Result<_>>()?,
        detail: if job.optimize { Detail::Drawn } else { Detail::Whole },
        files: job.files.clone(),
    })
}

fn roads(job: &Pack) -> Option<Source> {
    let source = Source::new("roads").format(job.format);
    (!job.roads.is_empty()).then(|| job.roads.iter().fold(source, Source::file))
}

/// Returns what the table shows, and what the packs hold.
fn to_json(report: &PackReport) -> Value {
    let maps = report.maps.as_ref().map(|(_, maps)| maps.counts);
    let navigation = report.navigation.as_ref().map(|(_, navigation)| navigation.counts);
    let packs = report.region["packs"].as_array().into_iter().flatten();
    json!({
        "tiles": maps.map_or(0, |counts| counts.tiles),
        "filesize": packs.filter_map(|pack| pack["size"].as_u64()).sum::<u64>(),
        "warnings": report.notes,
        "resources": maps.map(|counts| counts.resources),
        "edges": navigation.map(|counts| counts.edges),
        "region": report.region,
    })
}

/// Whether all packs stand that the description in a folder names, each with its size.
fn stands(output: &Path) -> bool {
    let Ok(Some(region)) = described(output) else { return false };
    let revision = output.join(region["revision"].to_string());
    region["packs"].as_array().into_iter().flatten().all(|pack| {
        let name = if pack["domain"] == "navigation" { NAVIGATION_FILE } else { MAPS_FILE };
        let size = fs::metadata(revision.join(name)).ok().map(|metadata| metadata.len());
        size.is_some() && size == pack["size"].as_u64()
    })
}

/// Returns a text that changes with everything that a byte of the packs could follow from, but the time.
fn fingerprint(job: &Pack, region: &[u8]) -> anyhow::Result<String> {
    let mut told = format!("region {}\noptions {}\n", hash_text(region), job.written);
    let hash = |path: &Path| hash_file(path).with_context(|| format!("reading `{}` failed", path.display()));
    let named = job.tilesets.iter().chain(&job.files).map(|(name, path)| (name.as_str(), path.as_path()));
    let plain = job.style.iter().chain(&job.fonts).chain(&job.roads).map(|path| ("", path.as_path()));
    for (name, path) in named.chain(plain) {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "file {name} {}", hash(path)?);
    }
    if let Some(icons) = &job.icons {
        let sprite = read_icons(icons)?;
        let _ = writeln!(told, "icons {} {}", sprite.double.index, hash_text(&sprite.double.image));
    }
    Ok(told)
}

impl Document {
    /// Returns how messages call the document, which is a `word`.
    pub(super) fn name(&self, word: &str) -> String {
        match self {
            Self::File(path) => format!("the {word} `{}`", path.display()),
            Self::Inline(_) => format!("its {word}"),
        }
    }

    /// Returns the text of the document, a `word` of at most `bytes_max` bytes.
    pub(super) fn read(&self, word: &str, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::File(path) => Ok(file::read(path, bytes_max)?),
            Self::Inline(text) => {
                anyhow::ensure!(
                    text.len() <= bytes_max,
                    "{} has more than {bytes_max} bytes",
                    self.name(word)
                );
                Ok(text.clone().into_bytes())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::super::jobs;
    use super::*;

    const SHARE: Share = Share { threads: NonZeroUsize::MIN, memory_bytes: 64 << 20 };
    const ROAD: &str = r#"{"type":"Feature","properties":{"highway":"residential","name":"A"},
        "geometry":{"type":"LineString","coordinates":[[0.1,0.1],[0.2,0.2]]}}"#;

    fn job(folder: &Path) -> Pack {
        let text = r#"{"packs": [{"name": "a", "roads": "roads.geojsonl", "output": "out", "region": {"configuration": {
            "geography": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}, "navigation": true}}}]}"#;
        jobs::parse(text, folder).unwrap().packs.remove(0)
    }

    fn check(job: &Pack, status: Status, told: &str) {
        assert_eq!(run(job, &SHARE, false, true).status, status);
        let text = fs::read(job.output.join(STATUS_FILE)).unwrap();
        let object: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(object["status"], told);
        assert_eq!(object["message"].is_string(), told == "failed");
        assert!(object["started"].is_string() && object["completed"].is_string());
    }

    #[test]
    fn documents_have_a_bound_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        fs::write(&path, "{ }").unwrap();
        let check = |document: Document, expected: &str| {
            assert_eq!(document.read("region", 3).unwrap(), b"{ }");
            assert_eq!(document.read("region", 2).unwrap_err().to_string(), expected);
        };
        check(Document::Inline("{ }".to_owned()), "its region has more than 2 bytes");
        check(Document::File(path.clone()), &format!("`{}` has more than 2 bytes", path.display()));
    }

    #[test]
    fn packs_are_made_when_something_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let roads = folder.path().join("roads.geojsonl");
        let job = job(folder.path());
        fs::write(&roads, ROAD.replace('\n', " ")).unwrap();
        check(&job, Status::Built, "succeeded");
        check(&job, Status::Unchanged, "succeeded");
        let revision = |number: u32| job.output.join(number.to_string()).join(NAVIGATION_FILE);
        assert!(revision(1).exists());
        // A source without roads fails the job, and the last good revision stays.
        fs::write(&roads, "\n").unwrap();
        check(&job, Status::Failed, "failed");
        let region = described(&job.output).unwrap().unwrap();
        assert_eq!((region["revision"].as_u64(), revision(1).exists()), (Some(1), true));
        assert!(!revision(2).exists());
        for number in 2..4 {
            fs::write(&roads, format!("{}{}", ROAD.replace('\n', " "), "\n".repeat(number))).unwrap();
            check(&job, Status::Built, "succeeded");
        }
        assert_eq!([1, 2, 3].map(|number| revision(number).exists()), [false, true, true]);
        fs::remove_file(revision(3)).unwrap();
        check(&job, Status::Built, "succeeded");
    }

    #[test]
    fn packs_are_made_though_their_status_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path());
        fs::write(folder.path().join("roads.geojsonl"), ROAD.replace('\n', " ")).unwrap();
        fs::create_dir_all(job.output.join(STATUS_FILE)).unwrap();
        assert_eq!(run(&job, &SHARE, false, true).status, Status::Built);
        fs::remove_dir(job.output.join(STATUS_FILE)).unwrap();
        assert_eq!(run(&job, &SHARE, true, true).status, Status::Built);
        let names = fs::read_dir(&job.output).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["1", "2", "region.json", "status.json"]);
    }
}
