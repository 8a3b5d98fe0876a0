//! A faulty disk: a file system in this process's memory that the kernel mounts, and that fails when a test says so.
//!
//! ```text
//!   a program --write, fdatasync--> kernel --/dev/fuse--> serve --> files: the cache and the disk of each file
//!                                                           |
//!                                            faults: hangs, is slow, or fails
//! ```
//!
//! A sync that fails loses what it was to bring to the disk and forgets that it had to, as Linux does: a later sync that
//! succeeds does not bring it there. [`FaultyDisk::lose_unsynced`] is the power cut that shows it.
//!
//! The protocol is spoken here and not by the `fuser` crate, which would bring fourteen crates and another set of
//! features for `libc`, and so a second build of nearly everything, for the twenty requests below.

mod files;
mod serve;
mod wire;

use std::{
    collections::BTreeMap,
    ffi::CString,
    fs::File,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::Mutex;
use rustix::{
    io::Errno,
    mount::{MountFlags, UnmountFlags, mount, unmount},
};

use self::{files::Files, wire::Request};

/// What a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Writes to files.
    Write,
    /// Syncs of files and directories.
    Sync,
    /// Everything, looking at a file included.
    All,
}

/// What becomes of that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does not end before the disk is mended.
    Hangs,
    /// It takes so much longer.
    Slow(Duration),
    /// It fails, and nothing of it is done.
    Fails,
    /// The next piece of it goes through so many times, and then one fails.
    FailsOnceAfter(u32),
}

/// A mounted disk. It is unmounted when this is dropped.
#[derive(Debug)]
pub struct FaultyDisk {
    path: PathBuf,
    disk: Arc<Disk>,
    server: Option<JoinHandle<()>>,
}

/// What the test and the thread that serves share.
#[derive(Debug)]
struct Disk {
    device: File,
    files: Mutex<Files>,
    faults: Mutex<BTreeMap<Work, Fault>>,
    /// Requests that hang.
    held: Mutex<Vec<Request>>,
}

impl FaultyDisk {
    /// Mounts an empty disk on `directory`. Takes root and `/dev/fuse`.
    pub fn mount(directory: &Path) -> Self {
        let device = File::options().read(true).write(true).open("/dev/fuse");
        let device = device.expect("a faulty disk takes root and /dev/fuse");
        let options = format!("fd={},rootmode=40755,user_id=0,group_id=0", device.as_raw_fd());
        let options = CString::new(options).unwrap();
        let flags = MountFlags::NOSUID | MountFlags::NODEV;
        mount("faulty-disk", directory, "fuse", flags, options.as_c_str())
            .expect("a faulty disk takes root and the kernel's FUSE");
        let disk = Arc::new(Disk {
            device,
            files: Mutex::default(),
            faults: Mutex::default(),
            held: Mutex::default(),
        });
        let served = Arc::clone(&disk);
        Self {
            path: directory.to_owned(),
            disk,
            server: Some(thread::spawn(move || serve::run(&served))),
        }
    }

    /// From now on this becomes of that work.
    pub fn break_down(&self, work: Work, fault: Fault) {
        self.disk.faults.lock().insert(work, fault);
    }

    /// Whether the fault that was to come once is still to come.
    pub fn is_broken(&self) -> bool {
        !self.disk.faults.lock().is_empty()
    }

    /// How many requests hang.
    pub fn hanging(&self) -> usize {
        self.disk.held.lock().len()
    }

    /// Ends all faults; what hangs goes on.
    pub fn mend(&self) {
        let held = {
            let mut faults = self.disk.faults.lock();
            faults.clear();
            std::mem::take(&mut *self.disk.held.lock())
        };
        for request in held {
            self.disk.serve(&request);
        }
    }

    /// A power cut: of each file there is what was synced. No program may have a file open.
    pub fn lose_unsynced(&self) {
        self.disk.files.lock().lose_unsynced();
    }
}

impl Disk {
    /// What becomes of a request by the faults of now: served, failed, or held.
    fn meet(&self, request: Request) {
        let mut faults = self.faults.lock();
        let fault = request
            .work()
            .and_then(|work| faults.get(&work).copied().map(|fault| (work, fault)))
            .or_else(|| faults.get(&Work::All).copied().map(|fault| (Work::All, fault)));
        match fault {
            Some((_, Fault::Hangs)) if request.wants_answer() => self.held.lock().push(request),
            Some((_, Fault::Slow(time))) => {
                drop(faults);
                thread::sleep(time);
                self.serve(&request);
            }
            Some((_, Fault::Fails)) if request.wants_answer() => {
                drop(faults);
                self.fail(&request);
            }
            Some((work, Fault::FailsOnceAfter(0))) if request.wants_answer() => {
                faults.remove(&work);
                drop(faults);
                self.fail(&request);
            }
            Some((work, Fault::FailsOnceAfter(more))) if more > 0 => {
                faults.insert(work, Fault::FailsOnceAfter(more - 1));
                drop(faults);
                self.serve(&request);
            }
            Some(_) | None => {
                drop(faults);
                self.serve(&request);
            }
        }
    }

    fn fail(&self, request: &Request) {
        if request.work() == Some(Work::Sync) {
            self.files.lock().forget_unsynced(request.node);
        }
        self.answer(request, Err(Errno::IO));
    }
}

impl Drop for FaultyDisk {
    fn drop(&mut self) {
        self.mend();
        // A program that still has a file open gets errors, and the thread that serves ends.
        let _ = unmount(&self.path, UnmountFlags::DETACH | UnmountFlags::FORCE);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, time::Instant};

    use super::*;
    use crate::Directory;

    /// The directory goes last: it cannot be removed while the disk is mounted on it.
    fn disk() -> (Directory, FaultyDisk) {
        let directory = Directory::new();
        let disk = FaultyDisk::mount(directory.path());
        (directory, disk)
    }

    #[test]
    fn it_is_a_file_system() {
        let (directory, _disk) = disk();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("deep")).unwrap();
        let text = "x".repeat(300_000);
        fs::write(at("deep/a"), &text).unwrap();
        assert_eq!(fs::read_to_string(at("deep/a")).unwrap(), text);
        let mut appended = File::options().append(true).open(at("deep/a")).unwrap();
        appended.write_all(b"end").unwrap();
        assert_eq!(fs::metadata(at("deep/a")).unwrap().len(), 300_003);
        appended.set_len(3).unwrap();
        appended.write_all(b"end").unwrap();
        fs::rename(at("deep/a"), at("b")).unwrap();
        assert_eq!(fs::read_to_string(at("b")).unwrap(), "xxxend");
        assert_eq!(fs::read_dir(at("deep")).unwrap().count(), 0);
        fs::remove_dir(at("deep")).unwrap();
        fs::remove_file(at("b")).unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failed_sync_loses_what_it_was_to_keep_for_good() {
        let (directory, disk) = disk();
        let path = directory.path().join("a");
        let mut file = File::create(&path).unwrap();
        file.write_all(&[b'1'; 4096]).unwrap();
        file.sync_data().unwrap();
        disk.break_down(Work::Sync, Fault::FailsOnceAfter(0));
        file.write_all(&[b'2'; 4096]).unwrap();
        file.sync_data().unwrap_err();
        file.write_all(&[b'3'; 4096]).unwrap();
        file.sync_data().unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap()[4096], b'2', "until the power is cut");
        disk.lose_unsynced();
        let kept = fs::read(&path).unwrap();
        assert_eq!((kept[0], kept[4096], kept[8192]), (b'1', 0, b'3'));
    }

    #[test]
    fn what_hangs_goes_on_when_the_disk_is_mended() {
        let (directory, disk) = disk();
        let path = directory.path().join("a");
        fs::write(&path, "a").unwrap();
        disk.break_down(Work::Write, Fault::Hangs);
        let began = Instant::now();
        let writing = thread::spawn({
            let path = path.clone();
            move || fs::write(path, "b").unwrap()
        });
        while disk.hanging() == 0 {
            assert!(began.elapsed() < Duration::from_secs(10));
            thread::sleep(Duration::from_millis(5));
        }
        assert!(!writing.is_finished());
        disk.mend();
        writing.join().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
    }
}
