//! Answering the kernel's requests.

use std::io::{ErrorKind, Read as _, Write as _};

use rustix::io::Errno;

use super::{
    Disk,
    wire::{Body, Request, operation},
};

/// More than the longest request: what one write brings, and what is said beside it.
const LONGEST: usize = 256 * 1024;

/// Serves until the disk is unmounted.
pub(super) fn run(disk: &Disk) {
    let mut buffer = vec![0; LONGEST];
    loop {
        match (&disk.device).read(&mut buffer) {
            Ok(length) => disk.meet(Request::parse(&buffer[..length])),
            // The kernel took the request back.
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::NotFound) => {}
            Err(_) => return,
        }
    }
}

impl Disk {
    /// Does what `request` asks.
    pub(super) fn serve(&self, request: &Request) {
        if matches!(
            request.operation,
            operation::FORGET | operation::BATCH_FORGET | operation::INTERRUPT
        ) {
            return;
        }
        let done = self.perform(request);
        self.answer(request, done);
    }

    /// Answers `request`. The program that asked may be gone.
    pub(super) fn answer(&self, request: &Request, done: Result<Body, Errno>) {
        let bytes = match done {
            Ok(body) => request.answer(0, &body.0),
            Err(error) => request.answer(error.raw_os_error(), &[]),
        };
        let _ = (&self.device).write(&bytes);
    }

    fn perform(&self, request: &Request) -> Result<Body, Errno> {
        let (mut files, node) = (self.files.lock(), request.node);
        let body = Body::default();
        let first = |place| request.names(place).next().unwrap_or_default().to_vec();
        match request.operation {
            operation::INIT => Ok(body.initialised()),
            operation::STATFS => Ok(body.statistics()),
            operation::LOOKUP => {
                let found = files.look_up(node, &first(0))?;
                Ok(body.entry(found, &files.attributes(found)?))
            }
            operation::GETATTR => Ok(body.attributes_of(node, &files.attributes(node)?)),
            operation::SETATTR => {
                const MODE: u32 = 1;
                const SIZE: u32 = 8;
                let what = request.u32_at(0);
                if what & SIZE != 0 {
                    files.resize(node, request.u64_at(16))?;
                }
                if what & MODE != 0 {
                    files.set_mode(node, request.u32_at(68))?;
                }
                Ok(body.attributes_of(node, &files.attributes(node)?))
            }
            operation::MKDIR => {
                let made = files.make_directory(node, &first(8), request.u32_at(0))?;
                Ok(body.entry(made, &files.attributes(made)?))
            }
            operation::CREATE => {
                let made = files.make_file(node, &first(16), request.u32_at(4))?;
                Ok(body.entry(made, &files.attributes(made)?).opened())
            }
            operation::UNLINK | operation::RMDIR => files.remove(node, &first(0)).map(|()| body),
            operation::RENAME | operation::RENAME2 => {
                let is_second = request.operation == operation::RENAME2;
                let mut names = request.names(if is_second { 16 } else { 8 });
                let (from, to) = (names.next().unwrap(), names.next().unwrap());
                files.rename((node, from), (request.u64_at(0), to))?;
                Ok(body)
            }
            operation::OPEN | operation::OPENDIR => files.attributes(node).map(|_| body.opened()),
            operation::READ => files.read(node, request.u64_at(8), request.u32_at(16)).map(Body),
            operation::WRITE => {
                let size = request.u32_at(16);
                files.write(node, request.u64_at(8), request.from(40))?;
                Ok(body.u32(size).u32(0))
            }
            operation::READDIR => {
                let (place, room) = (request.u64_at(8), request.u32_at(16) as usize);
                let mut listed = body;
                for (next, (node, mode, name)) in (place + 1..).zip(files.entries(node, place)?) {
                    if listed.0.len() + 24 + name.len() + 8 > room {
                        break;
                    }
                    listed = listed.directory_entry(node, next, mode, &name);
                }
                Ok(listed)
            }
            operation::FSYNC | operation::FSYNCDIR => {
                files.sync(node);
                Ok(body)
            }
            operation::RELEASE | operation::RELEASEDIR => Ok(body),
            _ => Err(Errno::NOSYS),
        }
    }
}
