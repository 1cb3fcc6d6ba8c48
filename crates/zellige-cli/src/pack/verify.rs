//! The verb `pack verify`: what is wrong with packs.
//!
//! In:     packs, or folders with `region.json`.
//! Out:    what is in each, and its faults; exit code 1 when there is one.
//! Keeps:  packs as they are.
//! Source: –

use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};
use zellige::pack::moment::Moment;
use zellige::pack::verify::{Checked, Verdict, verify};

use crate::args::{Flag, Given, Verb};
use crate::exit::Failure;
use crate::show::{counted, grouped, print, printable, put};

/// Packs that are checked at a time.
const PACKS_MAX: usize = 1000;
/// Characters of a fault.
const FAULT_CHARS_MAX: usize = 400;

pub(crate) const VERB: Verb = Verb {
    name: "pack verify",
    about: "Checks packs by the rules that clients rely on.",
    usage: "PACK… [--json]",
    operands: &["PACK"],
    n_more: PACKS_MAX - 1,
    flags: &[Flag::switch("json", "prints JSON instead of text")],
    examples: &[
        ("zellige pack verify vaduz/", "checks all packs of the latest revision, and their checksums"),
        ("zellige pack verify vaduz/1/maps.db", "checks one pack"),
    ],
};

pub(crate) fn run(given: &Given) -> Result<(), Failure> {
    let now = Moment::of(SystemTime::now());
    let mut checked = Vec::new();
    let mut operand_idx = 0;
    let mut failed = None;
    while let Some(path) = given.operand(operand_idx).filter(|_| failed.is_none()) {
        match verify(Path::new(path), now) {
            Ok(packs) => checked.extend(packs),
            Err(error) => failed = Some(anyhow::Error::from(error)),
        }
        operand_idx += 1;
    }
    // What was checked before is told all the same.
    if given.has("json") {
        let packs: Vec<Value> = checked.iter().map(to_json).collect();
        print(&format!("{:#}\n", json!(packs)))?;
    } else {
        let texts: Vec<String> = checked.iter().map(to_text).collect();
        print(&texts.concat())?;
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    match checked.iter().map(Checked::n_faults).sum() {
        0 => Ok(()),
        n_faults => Err(anyhow::anyhow!("found {}", counted(n_faults, "fault", "faults")).into()),
    }
}

fn to_text(checked: &Checked) -> String {
    let mut out = format!("{}: {}\n", checked.path.display(), contents(&checked.verdict));
    let faults = checked.faults();
    for fault in &faults {
        put(&mut out, format_args!("  {}\n", printable(fault, FAULT_CHARS_MAX)));
    }
    let hidden = checked.n_faults() - faults.len() as u64;
    if hidden > 0 {
        put(&mut out, format_args!("  and {} more\n", grouped(hidden)));
    }
    if faults.is_empty() {
        out.push_str("  nothing is wrong\n");
    }
    out
}

fn contents(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Maps(verdict) => format!(
            "maps, {} ({} of them empty), {}",
            counted(verdict.tiles, "tile", "tiles"),
            grouped(verdict.tiles_empty),
            counted(verdict.resources, "resource", "resources")
        ),
        Verdict::Navigation(verdict) => format!(
            "navigation, {}, {}, {}",
            counted(verdict.tiles.iter().sum(), "graph tile", "graph tiles"),
            counted(verdict.nodes, "node", "nodes"),
            counted(verdict.edges, "directed edge", "directed edges")
        ),
        Verdict::Absent => "no pack".to_owned(),
        _ => "a pack".to_owned(),
    }
}

fn to_json(checked: &Checked) -> Value {
    let contents = match &checked.verdict {
        Verdict::Maps(verdict) => json!({
            "tiles": verdict.tiles,
            "tiles_empty": verdict.tiles_empty,
            "resources": verdict.resources,
        }),
        Verdict::Navigation(verdict) => json!({
            "tiles": verdict.tiles,
            "nodes": verdict.nodes,
            "edges": verdict.edges,
            "islands": verdict.islands,
            "mainland_nodes": verdict.mainland_nodes,
            "names": verdict.names,
        }),
        _ => json!({}),
    };
    json!({
        "path": checked.path.display().to_string(),
        "domain": checked.verdict.domain().unwrap_or_default(),
        "contents": contents,
        "n_faults": checked.n_faults(),
        "faults": checked.faults(),
    })
}
