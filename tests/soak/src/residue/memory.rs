//! The memory of another process, as proc(5) shows it. The vault forbids that to its own user; root may.

use std::{
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt as _,
};

use anyhow::{Context, Result, ensure};

use super::needles::Needles;

/// How much is read at once.
const PART: u64 = 1 << 20;

/// Searches everything that the process `id` can read; returns how many bytes that were.
pub fn search(id: u32, needles: &mut Needles) -> Result<u64> {
    let maps = fs::read_to_string(format!("/proc/{id}/maps"))?;
    let path = format!("/proc/{id}/mem");
    let memory = File::open(&path).with_context(|| format!("cannot open {path}: the search needs root"))?;
    let mut searched = 0;
    for range in maps.lines().filter_map(readable) {
        searched += region(&memory, range, needles);
    }
    ensure!(searched > 0, "{path} shows nothing: the search needs root");
    Ok(searched)
}

/// The range of a mapping that can be read. The kernel's own pages cannot, whatever the line says.
fn readable(line: &str) -> Option<Range<u64>> {
    let mut words = line.split_ascii_whitespace();
    let (range, rights) = (words.next()?, words.next()?);
    if !rights.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
        return None;
    }
    let (begin, end) = range.split_once('-')?;
    Some(u64::from_str_radix(begin, 16).ok()?..u64::from_str_radix(end, 16).ok()?)
}

/// Parts overlap by less than a pattern, so that none is missed at a border and none is counted twice.
fn region(memory: &File, range: Range<u64>, needles: &mut Needles) -> u64 {
    let overlap = Needles::longest() as u64 - 1;
    let (mut at, mut searched) = (range.start, 0);
    while at < range.end {
        let end = (at + PART + overlap).min(range.end);
        let mut bytes = vec![0; usize::try_from(end - at).unwrap_or_default()];
        // A mapping may be gone by now, and some can never be read.
        if memory.read_exact_at(&mut bytes, at).is_ok() {
            needles.search(&bytes);
            searched += (end - at).min(PART);
        }
        at += PART;
    }
    searched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_read_is_searched() {
        let line = "7f0c8a000000-7f0c8a021000 rw-p 00000000 00:00 0 ";
        assert_eq!(readable(line), Some(0x7f0c_8a00_0000..0x7f0c_8a02_1000));
        assert_eq!(readable("7f0c8a021000-7f0c8c000000 ---p 00000000 00:00 0 "), None);
        assert_eq!(
            readable("7ffd1-7ffd2 r--p 00000000 00:00 0                  [vvar]"),
            None
        );
    }

    #[test]
    fn a_value_of_this_process_is_found_also_across_the_border_of_two_parts() {
        // Put together here, so that the program's own text does not hold it.
        let value: Vec<u8> = (0..32_u8).map(|n| n.wrapping_mul(73) ^ 0xa5).collect();
        let mut memory = vec![0_u8; 5 << 20];
        for border in 1..4 {
            let at = border * (1 << 20) - 10;
            memory[at..at + 32].copy_from_slice(&value);
        }
        let values = [value];
        let mut needles = Needles::of([values.as_slice()]).unwrap();
        let start = memory.as_ptr() as u64;
        let own = File::open("/proc/self/mem").unwrap();
        region(&own, start..start + memory.len() as u64, &mut needles);
        assert_eq!(needles.copies().values().copied().max(), Some(3));
    }
}
