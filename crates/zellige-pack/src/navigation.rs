//! Navigation packs: roads as graph tiles that a routing engine reads.
