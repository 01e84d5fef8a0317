//! The clock that runs on a battery.
//!
//! Source: MC146818 data sheet; the century is where ACPI's FADT and QEMU have it.

use chrono::{NaiveDate, NaiveDateTime};
use sys::Error;

const SECONDS: u8 = 0x00;
const MINUTES: u8 = 0x02;
const HOURS: u8 = 0x04;
const DAY: u8 = 0x07;
const MONTH: u8 = 0x08;
const YEAR: u8 = 0x09;
const STATUS_A: u8 = 0x0a;
const STATUS_B: u8 = 0x0b;
const CENTURY: u8 = 0x32;

/// In [`STATUS_A`]: the date is being changed.
const UPDATING: u8 = 0x80;
/// In [`STATUS_B`]: numbers are binary, not decimal digits.
const BINARY: u8 = 0x04;
/// In [`STATUS_B`]: hours are 0 to 23.
const HOURS_24: u8 = 0x02;
/// In the hours, where those are 1 to 12.
const AFTERNOON: u8 = 0x80;
/// How often to look for two equal dates: an update takes 2 ms at most.
const LOOKS: u32 = 10_000;

/// The registers of the clock.
pub trait Cmos {
    /// Reads one.
    ///
    /// # Errors
    /// What the kernel refuses.
    fn register(&mut self, index: u8) -> Result<u8, Error>;
}

/// Reads the date. `None` when the clock shows none, or does not stand still.
///
/// # Errors
/// What the kernel refuses.
pub fn read(cmos: &mut impl Cmos) -> Result<Option<NaiveDateTime>, Error> {
    let mut before = None;
    for _ in 0..LOOKS {
        if cmos.register(STATUS_A)? & UPDATING != 0 {
            before = None;
            continue;
        }
        let now = registers(cmos)?;
        if before == Some(now) {
            return Ok(date(&now, cmos.register(STATUS_B)?));
        }
        before = Some(now);
    }
    Ok(None)
}

fn registers(cmos: &mut impl Cmos) -> Result<[u8; 7], Error> {
    let mut all = [0; 7];
    let indices = [SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR, CENTURY];
    for (value, index) in all.iter_mut().zip(indices) {
        *value = cmos.register(index)?;
    }
    Ok(all)
}

fn date(registers: &[u8; 7], status: u8) -> Option<NaiveDateTime> {
    let number = |value: u8| {
        let digits = u32::from(value >> 4) * 10 + u32::from(value & 0xf);
        if status & BINARY == 0 { digits } else { u32::from(value) }
    };
    let [seconds, minutes, hours, day, month, year, century] = *registers;
    let afternoon = status & HOURS_24 == 0 && hours & AFTERNOON != 0;
    let hour = match (status & HOURS_24 != 0, number(hours & !AFTERNOON)) {
        (true, hour) => hour,
        (false, hour) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    // A machine without a century register shows what cannot be one.
    let century = Some(number(century)).filter(|century| (19..=24).contains(century));
    let year = century.unwrap_or(20) * 100 + number(year);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month), number(day))?;
    date.and_hms_opt(hour, number(minutes), number(seconds))
}

#[cfg(test)]
mod tests {
    use super::{BINARY, CENTURY, Cmos, HOURS_24, STATUS_A, STATUS_B, UPDATING, read};
    use sys::Error;

    /// A clock with these registers; it is being changed at the first looks.
    struct Fake {
        registers: [u8; 128],
        busy: u32,
    }

    impl Cmos for Fake {
        fn register(&mut self, index: u8) -> Result<u8, Error> {
            if index == STATUS_A && self.busy > 0 {
                self.busy -= 1;
                return Ok(UPDATING);
            }
            Ok(self.registers[usize::from(index)])
        }
    }

    fn shown(fields: [u8; 6], century: u8, status: u8, busy: u32) -> Option<String> {
        let mut registers = [0; 128];
        let indices = [4, 2, 0, 7, 8, 9];
        for (index, value) in indices.into_iter().zip(fields) {
            registers[index] = value;
        }
        registers[usize::from(CENTURY)] = century;
        registers[usize::from(STATUS_B)] = status;
        let date = read(&mut Fake { registers, busy }).unwrap();
        date.map(|date| date.to_string())
    }

    #[test]
    fn decimal_and_binary_numbers_with_24_and_12_hours() {
        let good = Some("2026-11-30 21:05:59".to_owned());
        assert_eq!(shown([0x21, 0x05, 0x59, 0x30, 0x11, 0x26], 0x20, HOURS_24, 3), good);
        assert_eq!(shown([21, 5, 59, 30, 11, 26], 20, HOURS_24 | BINARY, 0), good);
        assert_eq!(shown([0x89, 0x05, 0x59, 0x30, 0x11, 0x26], 0xff, 0, 0), good, "no century");
        let noon = Some("2026-11-30 12:00:00".to_owned());
        assert_eq!(shown([0x92, 0, 0, 0x30, 0x11, 0x26], 0x20, 0, 0), noon);
        let night = Some("1999-12-31 00:00:00".to_owned());
        assert_eq!(shown([0x12, 0, 0, 0x31, 0x12, 0x99], 0x19, 0, 0), night);
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(shown([0xff; 6], 0xff, 0xff, 0), None, "no clock there");
        assert_eq!(shown([0; 6], 0x20, HOURS_24, 0), None, "no month 0");
        assert_eq!(shown([0x25, 0, 0, 1, 1, 1], 0x20, HOURS_24, 0), None);
        assert_eq!(shown([1; 6], 0x20, HOURS_24, u32::MAX), None, "never still");
    }
}
