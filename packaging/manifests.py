"""What krew and Homebrew read of the archives."""

import os
import pathlib
import re
import shutil
import string
import subprocess
import tarfile

from archive import digest
from targets import TARGETS, Target

TEMPLATES = pathlib.Path(__file__).resolve().parent
# Nothing in it needs quotes in YAML or Ruby.
BASE_URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*")
TOOLS = pathlib.Path(os.environ.get("STRONGROOM_CACHE") or pathlib.Path.home() / ".cache/strongroom") / "bin"
HOMEBREW = {"darwin": "macos", "linux": "linux", "amd64": "intel", "arm64": "arm"}


class ManifestError(Exception):
    """Nothing can be said of the archives, or a linter refuses it."""


def render(dist: pathlib.Path, version: str, base_url: str) -> list[pathlib.Path]:
    """Writes both files, for one archive of each system and processor."""
    base_url = base_url.rstrip("/")
    if not BASE_URL.fullmatch(base_url):
        raise ManifestError(f"{base_url} is no address of a directory: it must be https://HOST/PATH")
    chosen: dict[tuple[str, str], Target] = {}
    for target in TARGETS:
        if (dist / target.archive(version)).exists():
            chosen.setdefault((target.os, target.arch), target)
    if not chosen:
        raise ManifestError(f"{dist} has no archive of version {version}: make them with scripts/package archives")
    found = []
    for target in chosen.values():
        name = target.archive(version)
        found.append((target, f"{base_url}/{name}", digest(dist / name)))
    krew = "\n".join(krew_platform(version, *one) for one in found)
    parts = {"version": version, "krew_platforms": krew, "homebrew_platforms": homebrew_platforms(found)}
    parts["homebrew_install"] = homebrew_install(dist, version, [target for target, _, _ in found])
    written = []
    for name in ["strongroom.yaml", "strongroom.rb"]:
        # A tap without an archive that it can install is none.
        if name.endswith(".rb") and not parts["homebrew_platforms"]:
            continue
        template = string.Template((TEMPLATES / f"{name}.in").read_text())
        (dist / name).write_text(template.substitute(parts))
        written.append(dist / name)
    return written


def krew_platform(version: str, target: Target, url: str, digest_of_it: str) -> str:
    stem = target.stem(version)
    return f"""\
    - selector:
        matchLabels:
          os: {target.os}
          arch: {target.arch}
      uri: {url}
      sha256: {digest_of_it}
      bin: {target.program}
      files:
        - from: {stem}/{target.program}
          to: .
        - from: {stem}/LICENSE
          to: ."""


def homebrew_platforms(found: list[tuple[Target, str, str]]) -> str:
    blocks = []
    for system in ["darwin", "linux"]:
        archives = []
        for target, url, digest_of_it in found:
            if target.os == system:
                lines = [f"    on_{HOMEBREW[target.arch]} do", f'      url "{url}"', f'      sha256 "{digest_of_it}"', "    end"]
                archives.append("\n".join(lines))
        if archives:
            blocks.append(f"  on_{HOMEBREW[system]} do\n" + "\n\n".join(archives) + "\n  end")
    if len(blocks) == 1:
        # What there is no archive of, Homebrew is to refuse with a sentence.
        blocks.insert(0, "  depends_on :macos" if "on_macos" in blocks[0] else "  depends_on :linux")
    return "\n\n".join(blocks)


def homebrew_install(dist: pathlib.Path, version: str, targets: list[Target]) -> str:
    """What is installed beside the program: what every archive has."""
    contents = None
    for target in targets:
        if not target.is_windows:
            with tarfile.open(dist / target.archive(version)) as archive:
                names = {name.removeprefix(target.stem(version) + "/") for name in archive.getnames()}
            contents = names if contents is None else contents & names
    lines = []
    for path, line in [
        ("completions/kubectl_complete-strongroom", 'bin.install "completions/kubectl_complete-strongroom"'),
        ("completions/strongroom.bash", 'bash_completion.install "completions/strongroom.bash" => "strongroom"'),
        ("completions/strongroom.fish", 'fish_completion.install "completions/strongroom.fish"'),
        ("completions/_strongroom", 'zsh_completion.install "completions/_strongroom"'),
        ("man/strongroom.1", 'man1.install Dir["man/*.1"]'),
    ]:
        if path in (contents or set()):
            lines.append(f"\n    {line}")
    return "".join(lines)


def lint(files: list[pathlib.Path]) -> None:
    """Has the managers' own programs read the files, and says loudly which of these are not there."""
    for file in files:
        commands = [["validate-krew-manifest", "-skip-install", "-manifest"]]
        if file.suffix == ".rb":
            commands = [["ruby", "-c"], ["brew", "style"]]
        for command in commands:
            program = shutil.which(command[0]) or shutil.which(command[0], path=TOOLS)
            if program is None:
                print(f"WARNING: {file.name} was NOT checked with {' '.join(command[:2])}, which is not here")
                continue
            done = subprocess.run([program, *command[1:], file], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise ManifestError(f"{command[0]} refuses {file}:\n{done.stdout}{done.stderr}")
            print(f"{file.name} passes {' '.join(command[:2])}")
