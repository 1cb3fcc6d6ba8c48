//! The program, run as a process on tiny inputs.
//!
//! In:     a folder of its own for every test, see `desk`.
//! Out:    exit codes, what stands on both outputs, and which files are there afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod desk;
mod init;
mod publish;
mod refused;
mod same_bytes;
mod interrupted;
mod killed;
mod full_disk;
mod check;
mod explain;
mod inspect;
mod pack;
