//! Reading an audit log while it is written: the lines that come from now on, as they come.
//!
//! Whether nobody changed the log is not looked at: who can is the user himself.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use strongroom_audit::segment::SegmentName;

/// Reads one log from where it is now. To be asked again and again; it never waits.
#[derive(Debug)]
pub(super) struct Follower {
    directory: PathBuf,
    segment: Option<(SegmentName, BufReader<File>)>,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
}

impl Follower {
    /// Follows the log of a directory: what is in it already is passed over.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn from_now(directory: &Path) -> io::Result<Self> {
        let mut follower = Self {
            directory: directory.to_owned(),
            segment: None,
            begun: Vec::new(),
        };
        if let Some(last) = follower.segments()?.pop() {
            let mut file = follower.open(last)?;
            file.seek(SeekFrom::End(0))?;
            follower.segment = Some((last, file));
        }
        Ok(follower)
    }

    /// The lines that were added since, each whole.
    ///
    /// # Errors
    /// The system's; the next call goes on.
    pub(super) fn read(&mut self) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            // Looked for before the end is read: whatever is in this segment is there by the time that the next one is.
            // Of a directory that is gone, with the run that it was of, what was open is read to its end.
            let next = self.next_segment().unwrap_or_default();
            self.read_segment(&mut lines)?;
            let Some(next) = next else { return Ok(lines) };
            self.segment = Some((next, self.open(next)?));
            self.begun.clear();
        }
    }

    fn read_segment(&mut self, lines: &mut Vec<String>) -> io::Result<()> {
        let Some((_, file)) = &mut self.segment else {
            return Ok(());
        };
        while file.read_until(b'\n', &mut self.begun)? > 0 {
            if !self.begun.ends_with(b"\n") {
                continue;
            }
            // Every line of a log is ASCII.
            lines.extend(String::from_utf8(std::mem::take(&mut self.begun)));
        }
        Ok(())
    }

    fn next_segment(&self) -> io::Result<Option<SegmentName>> {
        let segments = self.segments()?;
        let current = self.segment.as_ref().map(|(name, _)| *name);
        Ok(segments.into_iter().find(|name| Some(*name) > current))
    }

    /// The segments in the order of their records.
    fn segments(&self) -> io::Result<Vec<SegmentName>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            segments.extend(name.to_str().and_then(|name| name.parse::<SegmentName>().ok()));
        }
        segments.sort_unstable();
        Ok(segments)
    }

    fn open(&self, segment: SegmentName) -> io::Result<BufReader<File>> {
        File::open(self.directory.join(segment.to_string())).map(BufReader::new)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn append(directory: &Path, segment: &str, text: &str) {
        let path = directory.join(segment);
        let mut file = File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn each_line_from_now_on_is_read_once_over_segments_and_as_a_whole() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path();
        let (first, second) = ("00000000000000000000.jsonl", "00000000000000000002.jsonl");
        append(directory, first, "0\n");
        let mut follower = Follower::from_now(directory).unwrap();
        assert!(
            follower.read().unwrap().is_empty(),
            "what was there is passed over"
        );
        append(directory, first, "1");
        assert!(follower.read().unwrap().is_empty());
        append(directory, first, "1\n2\n");
        append(directory, second, "3\n");
        append(directory, "not-a-segment", "4\n");
        assert_eq!(follower.read().unwrap(), ["11\n", "2\n", "3\n"]);
        assert!(follower.read().unwrap().is_empty());
        append(directory, second, "5\n");
        assert_eq!(follower.read().unwrap(), ["5\n"]);
    }

    #[test]
    fn a_log_that_has_no_segment_yet_is_read_from_its_beginning() {
        let place = tempfile::tempdir().unwrap();
        let mut follower = Follower::from_now(place.path()).unwrap();
        assert!(follower.read().unwrap().is_empty());
        append(place.path(), "00000000000000000000.jsonl", "0\n");
        assert_eq!(follower.read().unwrap(), ["0\n"]);
    }
}
