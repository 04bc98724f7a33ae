//! Moments as text, in UTC.
//!
//! Owns the calendar. Statements want RFC 3339; names of directories want the same without signs.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns `moment` as RFC 3339 has it, to the second: `2026-11-23T01:02:03Z`.
pub(super) fn rfc3339(moment: SystemTime) -> String {
    let (year, month, day, second) = civil(moment);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Returns `moment` as it stands in the name of a generation: `20261123T010203Z`.
#[must_use]
pub fn generation(moment: SystemTime) -> String {
    rfc3339(moment).replace(['-', ':'], "")
}

/// Returns year, month, day, and second of the day.
fn civil(moment: SystemTime) -> (u64, u64, u64, u64) {
    let seconds = moment
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    // Counted from the first of March of the year 0, so that the odd day is a year's last; eras have 400 years.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (
        400 * era + year + u64::from(month < 3),
        month,
        day,
        seconds % 86_400,
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (1_795_396_923, "2026-11-23T01:22:03Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn generations_have_no_signs() {
        assert_eq!(generation(UNIX_EPOCH), "19700101T000000Z");
    }
}
