//! The attributes that are worth their bytes, and the one that ranks.
//!
//! In:     a [`Profile`].
//! Out:    names for `allowed_output`, where there are too many to write all; the attribute by which points are
//!         thinned.
//! Keeps:  source order.
//! Source: –

use zellige_model::GeometryKind;

use crate::profile::{AttributeProfile, Profile};

/// With no more attributes than these, all are written.
const ATTRIBUTES_MAX: usize = 24;
/// Longer texts on average are no labels, bytes.
const TEXT_BYTES_MAX: u64 = 100;
/// The share of features that an attribute has to be in to rank them.
const RANK_SHARE_MIN: f64 = 0.8;
/// Parts of names of attributes that are high where a feature matters.
const HIGH_MATTERS: [&str; 2] = ["population", "pop_max"];
/// Parts of names of attributes that are low where a feature matters.
const LOW_MATTERS: [&str; 2] = ["scalerank", "rank"];

/// An attribute that says which points matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    /// Its name.
    pub(super) name: String,
    /// Whether high values matter.
    is_high: bool,
}

impl Rank {
    /// Returns the rule of `limit` that keeps what matters.
    pub(super) const fn rule(&self) -> &'static str {
        if self.is_high { "highest_where_in_distance" } else { "lowest_where_in_distance" }
    }
}

/// Returns the names that are worth their bytes, or nothing when all may be written.
pub(super) fn worth_keeping(profile: &Profile) -> Option<Vec<String>> {
    if profile.attributes.len() <= ATTRIBUTES_MAX {
        return None;
    }
    let says_something = |it: &&AttributeProfile| {
        let is_constant = it.n_written() == profile.n_features
            && it.texts.as_ref().is_some_and(|texts| texts.len() <= 1)
            && it.n_boolean == 0
            && it.range.is_none_or(|(min, max)| max - min <= 0.0);
        it.n_written() > 0 && !is_constant && it.text_bytes <= TEXT_BYTES_MAX * it.n_text
    };
    let is_translation = |it: &AttributeProfile| {
        let lower = it.name.to_lowercase();
        lower.rsplit_once('_').is_some_and(|(base, language)| {
            (2..=3).contains(&language.len())
                && profile.attributes.iter().any(|it| it.name.to_lowercase() == base)
        })
    };
    let mut kept: Vec<(usize, &AttributeProfile)> =
        profile.attributes.iter().enumerate().filter(|(_, it)| says_something(it)).collect();
    // Those that most features have, translations last.
    kept.sort_by_key(|(idx, it)| (is_translation(it), std::cmp::Reverse(it.n_written()), *idx));
    kept.truncate(ATTRIBUTES_MAX);
    kept.sort_by_key(|(idx, _)| *idx);
    Some(kept.into_iter().map(|(_, it)| it.name.clone()).collect())
}

/// Returns the attribute by which points are thinned, when one is called so and nearly all have it.
pub(super) fn rank(profile: &Profile) -> Option<Rank> {
    if profile.only_kind() != Some(GeometryKind::Point) {
        return None;
    }
    let is_number = |it: &&AttributeProfile| {
        let differs = it.range.is_some_and(|(min, max)| min < max);
        differs && it.n_number as f64 >= RANK_SHARE_MIN * profile.n_features as f64
    };
    let find = |parts: &[&str], is_high| {
        let is_called = |it: &&AttributeProfile| {
            let name = it.name.to_lowercase();
            parts.iter().any(|part| name.contains(part))
        };
        let found = profile.attributes.iter().filter(is_number).find(is_called);
        found.map(|it| Rank { name: it.name.clone(), is_high })
    };
    find(&HIGH_MATTERS, true).or_else(|| find(&LOW_MATTERS, false))
}
