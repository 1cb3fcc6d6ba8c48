//! How a job runs, and what its tileset says of itself.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use zellige_recipe::Envelope;
use zellige_tile::tiny::Tiny;

/// Bytes of a whole tile, uncompressed, when the job does not say otherwise: 500 KiB.
pub const TILE_BYTES_MAX: u64 = 512_000;
/// The least memory that a text can ask for: 1 MiB.
const MEMORY_BYTES_MIN: u64 = 1 << 20;
/// The most memory that a text can ask for: 1 PiB.
const MEMORY_BYTES_MAX: u64 = 1 << 50;
/// Where Linux tells what a container may take, by control groups of version 2 and 1.
const CONTAINER_LIMIT: &str = "/sys/fs/cgroup/memory.max";
const OLD_CONTAINER_LIMIT: &str = "/sys/fs/cgroup/memory/memory.limit_in_bytes";

/// How the borders of polygons are simplified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Borders {
    /// What two polygons have in common stays common at every zoom, over all sources of a job.
    #[default]
    Shared,
    /// Each outline on its own, so that gaps and overlaps open between neighbours; sources are read once.
    Alone,
}

/// How a job runs. Nothing here but the texts, the tile limit, the level, how borders are simplified, what
/// becomes of tiny polygons and how sources are read changes a byte.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that slice and emit; writing is done by the caller's.
    pub threads: NonZeroUsize,
    /// Bytes of memory for pieces, in all; beyond it they wait in temporary files.
    pub memory_bytes: u64,
    /// Where temporary files are made.
    pub temp: PathBuf,
    /// Upper bound of a whole tile, uncompressed.
    pub tile_bytes_max: u64,
    /// How hard tiles are compressed, 1 to 12.
    pub compression_level: u8,
    /// How the borders of polygons are simplified.
    pub borders: Borders,
    /// What becomes of polygons that are too small for the grid of a zoom.
    pub tiny: Tiny,
    /// Whether an existing tileset is replaced.
    pub overwrite: bool,
    /// The id of the tileset in the report, such as `me.roads`; empty: the name of the output.
    pub tileset_id: String,
    /// The name of the tileset for people; empty: the name of the output.
    pub name: String,
    /// A longer text for people.
    pub description: String,
    /// Whom maps should name.
    pub attribution: String,
    /// How sources are read.
    pub ingest: zellige_ingest::Settings,
}

impl Settings {
    /// Returns settings that fit the machine: all its cores, a quarter of its memory, or of what the
    /// container is allowed.
    #[must_use]
    pub fn for_machine() -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            memory_bytes: machine_memory_bytes().map_or(1 << 30, |bytes| bytes / 4),
            temp: std::env::temp_dir(),
            tile_bytes_max: TILE_BYTES_MAX,
            compression_level: zellige_archive::Compressor::LEVEL_DEFAULT,
            borders: Borders::Shared,
            tiny: Tiny::Keep,
            overwrite: false,
            tileset_id: String::new(),
            name: String::new(),
            description: String::new(),
            attribution: String::new(),
            ingest: zellige_ingest::Settings::default(),
        }
    }

    /// Fills in the name, description and credits that are empty and that stand beside the recipe.
    #[must_use]
    pub fn with_envelope(mut self, envelope: &Envelope) -> Self {
        if self.name.is_empty() {
            self.name = envelope.name.clone().unwrap_or_default();
        }
        if self.description.is_empty() {
            self.description = envelope.description.clone().unwrap_or_default();
        }
        if self.attribution.is_empty() {
            self.attribution = credits(envelope);
        }
        self
    }
}

/// Returns the memory of the machine in bytes, or of the container that the process lives in, where the
/// system tells it in the manner of Linux.
fn machine_memory_bytes() -> Option<u64> {
    let limit = |path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    [physical_memory_bytes(), limit(CONTAINER_LIMIT), limit(OLD_CONTAINER_LIMIT)].into_iter().flatten().min()
}

fn physical_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Reads a size in bytes: a whole number, alone or with one of the units `K`, `M`, `G`, `T`, each of which may
/// be followed by `iB` or `B` and is a power of 1024; 1 MiB to 1 PiB, so that a forgotten unit is noticed.
///
/// ```
/// assert_eq!(zellige_job::settings::parse_memory("4GiB"), Some(4 << 30));
/// assert_eq!(zellige_job::settings::parse_memory("plenty"), None);
/// ```
#[must_use]
pub fn parse_memory(text: &str) -> Option<u64> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(n_digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return None,
    };
    let bytes = number.parse::<u64>().ok()?.checked_mul(1 << shift)?;
    (MEMORY_BYTES_MIN..=MEMORY_BYTES_MAX).contains(&bytes).then_some(bytes)
}

/// Returns the credits of an envelope: as HTML when one of them has a link, otherwise as they are.
fn credits(envelope: &Envelope) -> String {
    let is_html = envelope.attribution.iter().any(|credit| !credit.link.is_empty());
    let credits = envelope.attribution.iter().map(|credit| {
        if !is_html {
            credit.text.clone()
        } else if credit.link.is_empty() {
            escape(&credit.text)
        } else {
            format!("<a href=\"{}\" target=\"_blank\">{}</a>", escape(&credit.link), escape(&credit.text))
        }
    });
    credits.collect::<Vec<_>>().join(if is_html { " " } else { ", " })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use zellige_recipe::Attribution;

    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse_memory(text), expected, "{text}");
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        check("512MiB", Some(512 << 20));
        check("4GiB", Some(4 << 30));
        check("4G", Some(4 << 30));
        check("4 gb", Some(4 << 30));
        check("2048k", Some(2 << 20));
        check("67108864", Some(64 << 20));
        for text in ["", "0", "4", "64k", "GiB", "-1", "1.5GiB", "4X", "9999T", "99999999999T"] {
            check(text, None);
        }
    }

    fn envelope(credits: &[(&str, &str)]) -> Envelope {
        let credits = credits
            .iter()
            .map(|(text, link)| Attribution { text: (*text).to_owned(), link: (*link).to_owned() });
        Envelope { attribution: credits.collect(), ..Envelope::default() }
    }

    #[test]
    fn credits_are_html_only_where_there_are_links() {
        assert_eq!(credits(&envelope(&[("© A & B", ""), ("C", "")])), "© A & B, C");
        assert_eq!(
            credits(&envelope(&[("A & B", "https://a.b/?c&d"), ("C", "")])),
            "<a href=\"https://a.b/?c&amp;d\" target=\"_blank\">A &amp; B</a> C"
        );
    }
}
