"""The program, built, and what it says of itself."""

import json
import os
import pathlib
import subprocess
import tempfile

from archive import File
from targets import Target

ROOT = pathlib.Path(__file__).resolve().parent.parent
CARGO = os.environ.get("CARGO", "cargo")
# Of this package alone: with the symbols of all, Cargo would build every dependency again.
STRIPPED = 'profile.release.package.strongroom-cli.strip="symbols"'

# What is asked for, as whom, and the file that gets the answer.
SCRIPTS = (
    ("bash", "strongroom", "completions/strongroom.bash"),
    ("zsh", "strongroom", "completions/_strongroom"),
    ("fish", "strongroom", "completions/strongroom.fish"),
    # kubectl runs it, and finds the program in the PATH under its name as a plugin.
    ("kubectl", "kubectl-strongroom", "completions/kubectl_complete-strongroom"),
)


class BuildError(Exception):
    """The program was not built, or says something else than it should."""


def host() -> str:
    """The target of this machine."""
    said = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return next(line.removeprefix("host: ") for line in said.splitlines() if line.startswith("host: "))


def installed() -> list[str]:
    """The targets whose standard library rustup has installed."""
    command = ["rustup", "target", "list", "--installed"]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()


def build(target: Target) -> pathlib.Path:
    """Builds the program in the release profile, without symbols."""
    command = [CARGO, "build", "--release", "--locked", "--bin", "strongroom", "--config", STRIPPED]
    # On this machine the whole workspace, as everything else builds it: its dependencies are there already.
    if target.triple == host():
        command += ["--workspace"]
    else:
        command += ["--package", "strongroom-cli", "--target", target.triple]
    command += ["--message-format", "json-render-diagnostics"]
    cargo = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    if cargo.returncode != 0:
        raise BuildError(f"{target.triple}: cargo failed, and has said why")
    for message in map(json.loads, cargo.stdout.splitlines()):
        if message.get("executable") and message["target"]["name"] == "strongroom":
            return pathlib.Path(message["executable"])
    raise BuildError(f"{target.triple}: cargo built no strongroom")


def ask(program: pathlib.Path, called: str, *words: str) -> str | None:
    """What the program prints when it is called by a name, or None where this machine cannot run it."""
    try:
        command = [called, *words]
        # By its name, it does not write the path of this machine into a script.
        done = subprocess.run(command, executable=program, capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        raise BuildError(f"{program} {' '.join(words)} failed: {done.stderr.strip()}")
    return done.stdout


def check_version(program: pathlib.Path, version: str) -> bool:
    """Refuses a program of another version. Whether this machine can run it."""
    said = ask(program, "strongroom", "--version")
    if said is not None and said.split() != ["strongroom", version]:
        raise BuildError(f"{program} is {said.strip()!r}, and not version {version}")
    return said is not None


def companions(program: pathlib.Path) -> list[File]:
    """The files that a program writes for shells and for man, as far as it has commands for them."""
    listed = [line.split() for line in ask(program, "strongroom", "--help").splitlines() if line.startswith("  ")]
    offered = {words[0] for words in listed if words}
    files = []
    if "completion" in offered:
        for shell, called, path in SCRIPTS:
            text = ask(program, called, "completion", shell)
            files.append(File(path, text.encode(), is_program=shell == "kubectl"))
    if "man" in offered:
        with tempfile.TemporaryDirectory() as directory:
            ask(program, "strongroom", "man", "--dir", directory)
            pages = sorted(pathlib.Path(directory).glob("*.1"))
            files += [File(f"man/{page.name}", page.read_bytes()) for page in pages]
    return files
