//! Moments in the spellings that regions and packs have.
//!
//! In:     a moment that the caller names; nothing here reads a clock.
//! Out:    seconds of rows, ISO 8601 texts of maps packs, dashed texts of navigation packs.
//! Keeps:  milliseconds.
//! Source: ISO 8601; the civil calendar by counting days from a first of March.

use std::time::{Duration, SystemTime};

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;
/// Days of four hundred years.
const ERA_DAYS: u64 = 146_097;
/// Days from the first of March of the year 0 to the first of January 1970.
const EPOCH_DAYS: u64 = 719_468;

/// A moment since 1970, UTC, in whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    milliseconds: u64,
}

/// A moment as a calendar and a clock show it.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Moment {
    /// Returns the moment `milliseconds` after 1970 began.
    #[must_use]
    pub const fn from_milliseconds(milliseconds: u64) -> Self {
        Self { milliseconds }
    }

    /// Returns the moment of a clock; what lies before 1970 counts as its beginning.
    #[must_use]
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { milliseconds: since.as_millis() as u64 }
    }

    /// Returns whole seconds since 1970, as the rows of a maps pack have them.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.milliseconds / 1000
    }

    /// Returns a text such as `2020-06-04T22:11:20Z`.
    #[must_use]
    pub fn iso(self) -> String {
        let Civil { year, month, day, hour, minute, second } = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Returns a text such as `2020-05-11T19:17:32.856Z`: the `data_version` of a maps pack.
    #[must_use]
    pub fn iso_milliseconds(self) -> String {
        let seconds = self.iso();
        format!("{}.{:03}Z", seconds.trim_end_matches('Z'), self.milliseconds % 1000)
    }

    /// Returns a text such as `2020_05_03-00_00_00`: the `data_version` of a navigation pack.
    #[must_use]
    pub fn dashed(self) -> String {
        let Civil { year, month, day, hour, minute, second } = self.civil();
        format!("{year:04}_{month:02}_{day:02}-{hour:02}_{minute:02}_{second:02}")
    }

    fn civil(self) -> Civil {
        let seconds = self.seconds();
        let days = seconds / DAY_SECONDS + EPOCH_DAYS;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (ERA_DAYS - 1)) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        // Months from March on have 153 days in five.
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Civil {
            year: 400 * era + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            hour: seconds % DAY_SECONDS / 3600,
            minute: seconds % 3600 / 60,
            second: seconds % 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(milliseconds: u64, iso: &str, dashed: &str) {
        let moment = Moment::from_milliseconds(milliseconds);
        assert_eq!((moment.iso_milliseconds().as_str(), moment.dashed().as_str()), (iso, dashed));
    }

    #[test]
    fn days_follow_the_calendar() {
        check(0, "1970-01-01T00:00:00.000Z", "1970_01_01-00_00_00");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z", "2000_02_28-23_59_59");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z", "2000_02_29-00_00_00");
        check(1_589_224_652_856, "2020-05-11T19:17:32.856Z", "2020_05_11-19_17_32");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z", "2100_03_01-00_00_00");
    }

    #[test]
    fn status_has_whole_seconds() {
        let moment = Moment::of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_591_308_680_500));
        assert_eq!((moment.iso().as_str(), moment.seconds()), ("2020-06-04T22:11:20Z", 1_591_308_680));
    }
}
