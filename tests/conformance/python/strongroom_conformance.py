"""Runs the SDK's own tests at one api-version, as a plugin of pytest, and writes down what became of each.

- The tests ask a live vault at the client's default version alone, so that version is what changes from run to run.
- The names of a cluster are those of this machine; TLS and the client's verification of them are as installed.
- The tests wait a minute after a purge, which is what Azure needs. A vault of ours has purged when it answers: a wait
  of more than SHORT ends after SHORT, so that the tests ask at once.
- A test is deselected for a reason that is written below, or not at all.
"""

import asyncio
import fnmatch
import json
import os
import socket
import time

import pytest
from azure.keyvault.secrets import ApiVersion
from azure.keyvault.secrets._shared import client_base

VERSION = ApiVersion(os.environ["CONFORMANCE_VERSION"])
NAMES = set(os.environ["CONFORMANCE_NAMES"].split(","))
RESULTS = os.environ["CONFORMANCE_RESULTS"]
SHORT = 1

ALONE = "It asks no vault: it tests the client alone."
SUITE = "It asks no vault, and the suite itself leaves it out of live runs: it makes a client, and nothing more."
TOO_EARLY = "The client refuses `out_content_type` before 2025-07-01, and asks nothing."

# Which tests, at which versions (None: at every one), and why.
REASONS = [
    ("test_challenge_auth*.py::*", None, ALONE),
    ("test_context_manager*.py::*", None, ALONE),
    ("test_multi_api.py::*", None, ALONE),
    ("test_parse_id.py::test_*", None, ALONE),
    ("test_polling_method*.py::*", None, ALONE),
    ("test_samples_*.py::test_*", None, SUITE),
    ("test_secrets_*.py::test_*", None, ALONE),
    (
        "test_secrets_*.py::*::test_get_secret_accepts_out_content_type",
        [version for version in ApiVersion if version.value.startswith("7.") or version.value < "2025-07-01"],
        TOO_EARLY,
    ),
]

outcomes, deselected = {}, {}


def pytest_configure(config):
    for mark in ("asyncio", "playback_test_only"):
        config.addinivalue_line("markers", f"{mark}: of tests that are deselected")
    client_base.DEFAULT_VERSION = VERSION
    resolve = socket.getaddrinfo

    def here(host, *rest, **more):
        return resolve("127.0.0.1" if host in NAMES else host, *rest, **more)

    socket.getaddrinfo = here
    sleep, sleep_aio = time.sleep, asyncio.sleep
    time.sleep = lambda seconds: sleep(min(seconds, SHORT))
    asyncio.sleep = lambda seconds, *rest, **more: sleep_aio(min(seconds, SHORT), *rest, **more)


def name_of(test):
    """The name of a test, or of its report, without its parameters: FILE::CLASS::FUNCTION."""
    return test.nodeid.partition("[")[0].rsplit("/", 1)[-1]


def version_of(item):
    """The version that a test asks for, where it asks a vault."""
    return item.callspec.params.get("api_version") if hasattr(item, "callspec") else None


def reason_to_deselect(name):
    """Why a test does not run at this version, if it does not."""
    for pattern, versions, reason in REASONS:
        if fnmatch.fnmatchcase(name, pattern) and (versions is None or VERSION in versions):
            return reason
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    kept, dropped, names = [], [], set()
    for item in items:
        name, version = name_of(item), version_of(item)
        names.add(name)
        reason = reason_to_deselect(name)
        if reason is not None:
            if version is not None and reason != TOO_EARLY:
                raise pytest.UsageError(f"{name} asks a vault, and is deselected as one that does not")
            deselected[name] = reason
            dropped.append(item)
        elif version is None:
            raise pytest.UsageError(f"{name} names no version, and there is no reason to deselect it")
        elif version == VERSION:
            kept.append(item)
        else:
            # Another run has it.
            dropped.append(item)
    missing = names - {name_of(item) for item in kept} - set(deselected)
    if missing:
        raise pytest.UsageError(f"nothing runs at {VERSION.value} of {sorted(missing)}")
    unused = [pattern for pattern, _, _ in REASONS if not any(fnmatch.fnmatchcase(name, pattern) for name in names)]
    if unused:
        raise pytest.UsageError(f"no test is called {unused}")
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


def pytest_runtest_logreport(report):
    name = name_of(report)
    if name not in outcomes or not report.passed:
        outcomes[name] = (report.outcome, "" if report.passed else report.longreprtext)


def pytest_sessionfinish():
    ran = [{"name": name, "outcome": outcome, "said": said} for name, (outcome, said) in sorted(outcomes.items())]
    not_run = [{"name": name, "reason": reason} for name, reason in sorted(deselected.items())]
    with open(RESULTS, "w", encoding="utf-8") as file:
        json.dump({"version": VERSION.value, "tests": ran, "deselected": not_run}, file)
