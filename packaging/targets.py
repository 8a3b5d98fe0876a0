"""The machines that a program is built for, by the names of Rust, and by those of krew and Homebrew."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Target:
    """One of them."""

    triple: str
    os: str
    arch: str

    @property
    def is_windows(self) -> bool:
        return self.os == "windows"

    @property
    def program(self) -> str:
        """The name of the program's file."""
        return "strongroom.exe" if self.is_windows else "strongroom"

    def stem(self, version: str) -> str:
        """The directory in the archive, and the archive's name without its ending."""
        return f"strongroom-{version}-{self.triple}"

    def archive(self, version: str) -> str:
        """The archive's name."""
        return self.stem(version) + (".zip" if self.is_windows else ".tar.gz")


# Of two for one system and processor, package managers get the first: a static program runs on every Linux.
TARGETS = (
    Target("x86_64-unknown-linux-musl", "linux", "amd64"),
    Target("x86_64-unknown-linux-gnu", "linux", "amd64"),
    Target("aarch64-unknown-linux-musl", "linux", "arm64"),
    Target("aarch64-unknown-linux-gnu", "linux", "arm64"),
    Target("x86_64-apple-darwin", "darwin", "amd64"),
    Target("aarch64-apple-darwin", "darwin", "arm64"),
    Target("x86_64-pc-windows-msvc", "windows", "amd64"),
    Target("x86_64-pc-windows-gnu", "windows", "amd64"),
    Target("aarch64-pc-windows-msvc", "windows", "arm64"),
)


def find(triple: str) -> Target | None:
    """The target of a name."""
    return next((target for target in TARGETS if target.triple == triple), None)
