//! Maps packs as whole files: made, read by plain SQL, checked and merged.

#![expect(clippy::unwrap_used, reason = "a test may end where its helpers do")]

mod drawn;
mod pack;
mod sources;
mod faults;
mod merged;
