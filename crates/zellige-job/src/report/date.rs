//! Times as the hosted service prints them.

/// Returns a time as JavaScript prints it, in UTC: `Wed Jun 19 2019 22:05:02 GMT+0000 (UTC)`.
pub(super) fn nice_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let mut year = 1970;
    let mut day = days;
    while day >= year_days(year) {
        day -= year_days(year);
        year += 1;
    }
    let mut month = 0;
    while day >= month_days(year, month) {
        day -= month_days(year, month);
        month += 1;
    }
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{} {} {:02} {year} {hour:02}:{minute:02}:{second:02} GMT+0000 (UTC)",
        DAYS[(days % 7) as usize],
        MONTHS[month],
        day + 1
    )
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn month_days(year: u64, month: usize) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_the_service_prints_them() {
        assert_eq!(nice_date(1_560_981_902), "Wed Jun 19 2019 22:05:02 GMT+0000 (UTC)");
        assert_eq!(nice_date(951_782_400), "Tue Feb 29 2000 00:00:00 GMT+0000 (UTC)");
        assert_eq!(nice_date(0), "Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)");
    }
}
