//! Any bytes as an icon: it is refused or drawn.
//!
//! The fuzz target `icon` runs this too, with a limit of time and memory.

use zellige_style::sprite::{Icon, sprite};

/// Reads an icon and draws it.
pub(crate) fn run(svg: &[u8]) {
    match Icon::read("icon", svg) {
        Ok(icon) => assert!(sprite(&[icon]).is_ok()),
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}
