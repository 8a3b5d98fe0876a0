//! A disk in memory that remembers what was done to it.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

/// The unit that a disk writes whole.
const SECTOR: usize = 512;

/// What was done to a disk, or to the vault on it.
#[derive(Debug, Clone)]
pub enum Event {
    Write {
        offset: usize,
        data: Arc<[u8]>,
    },
    SetLen(usize),
    Sync,
    /// The vault acknowledged this step of the script.
    Acknowledged(usize),
}

/// An event, and what lay beside the disk just before it: how long the audit log was, and the keyring.
#[derive(Debug, Clone)]
pub struct Logged {
    pub event: Event,
    pub audit: usize,
    pub keyring: Arc<[u8]>,
}

#[derive(Debug, Default)]
struct State {
    image: Vec<u8>,
    events: Vec<Logged>,
    audit: PathBuf,
    keyring: PathBuf,
    /// The event that fails, and the system's error number.
    fault: Option<(usize, i32)>,
}

/// A disk in memory.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub fn of(image: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State {
            image,
            ..State::default()
        })))
    }

    /// From now on, events know the length of the audit log and the keyring in these files.
    pub fn watch(&self, audit: PathBuf, keyring: PathBuf) {
        let mut state = self.0.lock().unwrap();
        (state.audit, state.keyring) = (audit, keyring);
    }

    /// The event of this number, counted from 0, will fail and change nothing.
    pub fn fail(&self, number: usize, error: i32) {
        self.0.lock().unwrap().fault = Some((number, error));
    }

    fn attempt(&self, event: Event) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let number = state.events.len();
        if let Some((_, error)) = state.fault.take_if(|(fault, _)| *fault == number) {
            return Err(io::Error::from_raw_os_error(error));
        }
        drop(state);
        self.log(event);
        Ok(())
    }

    pub fn log(&self, event: Event) {
        let mut state = self.0.lock().unwrap();
        let audit = fs::metadata(&state.audit).map_or(0, |metadata| usize::try_from(metadata.len()).unwrap());
        let found = fs::read(&state.keyring).unwrap_or_default();
        // Nearly always the one before.
        let keyring = match state.events.last() {
            Some(last) if *last.keyring == *found => Arc::clone(&last.keyring),
            _ => found.into(),
        };
        apply(&mut state.image, &event);
        state.events.push(Logged {
            event,
            audit,
            keyring,
        });
    }

    pub fn image(&self) -> Vec<u8> {
        self.0.lock().unwrap().image.clone()
    }

    pub fn events(&self) -> Vec<Logged> {
        self.0.lock().unwrap().events.clone()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().image.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock().unwrap();
        let offset = usize::try_from(offset).unwrap();
        let found = state
            .image
            .get(offset..offset + out.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.attempt(Event::SetLen(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.attempt(Event::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.attempt(Event::Write {
            offset: usize::try_from(offset).unwrap(),
            data: data.into(),
        })
    }
}

/// Does `event` to `image`.
pub fn apply(image: &mut Vec<u8>, event: &Event) {
    match event {
        Event::Write { offset, data } => write(image, *offset, data),
        Event::SetLen(len) => image.resize(*len, 0),
        Event::Sync | Event::Acknowledged(_) => {}
    }
}

/// Does some of `event` to `image`: each sector of a write is written or not.
pub fn apply_some(image: &mut Vec<u8>, event: &Event, random: &mut Random) {
    match event {
        Event::Write { offset, data } => {
            for (index, sector) in data.chunks(SECTOR).enumerate() {
                if random.coin() {
                    write(image, offset + index * SECTOR, sector);
                }
            }
        }
        other => apply(image, other),
    }
}

fn write(image: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    image.resize(image.len().max(end), 0);
    image[offset..end].copy_from_slice(data);
}

/// Numbers that are the same in every run (xorshift64).
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 8).unwrap() % limit
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
