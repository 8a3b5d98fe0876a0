"""Runs the own tests of one package of the SDK at one api-version, as a plugin of pytest, and writes down what became of
each.

- The tests ask a live vault at the client's default version alone, so that version is what changes from run to run.
- The names of a cluster are those of this machine; TLS and the client's verification of them are as installed.
- The tests wait a minute after a purge, which is what Azure needs. A vault of ours has purged when it answers: a wait
  of more than SHORT ends after SHORT, so that the tests ask at once.
- A Managed HSM is the same vault: what the tests ask of one alone, they ask here too, unless it needs a key of an HSM's type.
- The authority that signs what is merged is not in the archive of certificates: the run makes one, beside a copy of the tests.
- A test is deselected for a reason that is written below, or not at all.
- A test that passes and asked the vault nothing fails.
"""

import asyncio
import fnmatch
import glob
import importlib
import inspect
import json
import os
import socket
import time

import pytest

# The suites ask for this fixture without importing it: theirs is a plugin too.
from devtools_testutils import test_proxy  # noqa: F401

PACKAGE = os.environ["CONFORMANCE_PACKAGE"]
client_base = importlib.import_module(f"azure.keyvault.{PACKAGE}._shared.client_base")
ApiVersion = client_base.ApiVersion

VERSION = ApiVersion(os.environ["CONFORMANCE_VERSION"])
# Before any test is imported: some take the value with them.
client_base.DEFAULT_VERSION = VERSION
NAMES = set(os.environ["CONFORMANCE_NAMES"].split(","))
RESULTS = os.environ["CONFORMANCE_RESULTS"]
AUDIT = os.environ["CONFORMANCE_AUDIT"]
TESTS = os.environ["CONFORMANCE_TESTS"]
SHORT = 1

ALONE = "It asks no vault: it tests the client alone."
SUITE = "It asks no vault, and the suite itself leaves it out of live runs: it makes a client, and nothing more."
TOO_EARLY = "The client refuses `out_content_type` before 2025-07-01, and asks nothing."
HSM_KEY = "It needs a key of an `-HSM` type, which a vault of the standard tier refuses, as here."
OTHERS = "The suite itself asks for it at other versions alone."
DISABLED = "The suite itself leaves it out."
TENANT = "It logs in to a tenant of a random name, and the client takes no tenant from a challenge that names `adfs`, as ours does."


def too_early(version):
    return version.value.startswith("7.") or version.value < "2025-07-01"


# Of each package: which tests, at which versions (None: at every one), and why.
REASONS = {
    "secrets": [
        ("test_challenge_auth*.py::*", None, ALONE),
        ("test_context_manager*.py::*", None, ALONE),
        ("test_multi_api.py::*", None, ALONE),
        ("test_parse_id.py::test_*", None, ALONE),
        ("test_polling_method*.py::*", None, ALONE),
        ("test_samples_*.py::test_*", None, SUITE),
        ("test_secrets_*.py::test_*", None, ALONE),
        ("test_secrets_*.py::*::test_get_secret_accepts_out_content_type", too_early, TOO_EARLY),
    ],
    "keys": [
        ("test_challenge_auth.py::TestChallengeAuth::test_multitenant_authentication", None, TENANT),
        ("test_challenge_auth_async.py::TestChallengeAuth::test_multitenant_authentication", None, TENANT),
        ("test_challenge_auth*.py::test_*", None, ALONE),
        ("test_context_manager*.py::*", None, ALONE),
        ("test_crypto_client*.py::test_*", None, ALONE),
        ("test_key_client.py::test_*", None, ALONE),
        ("test_keys_async.py::test_*", None, ALONE),
        ("test_local_crypto.py::*", None, ALONE),
        ("test_multi_api.py::*", None, ALONE),
        ("test_parse_id.py::test_*", None, ALONE),
        ("test_samples_*.py::test_*", None, SUITE),
        ("test_crypto_client*.py::*::test_symmetric_*", None, HSM_KEY),
        ("test_key*.py::*::test_rsa_public_exponent", None, HSM_KEY),
        ("test_key*.py::*::test_get_key_attestation", None, HSM_KEY),
        ("test_key*.py::*::test_key_release", None, HSM_KEY),
        ("test_key*.py::*::test_imported_key_release", None, HSM_KEY),
        ("test_key*.py::*::test_immutable_release_policy", None, HSM_KEY),
        ("test_key*.py::*::test_update_release_policy", None, HSM_KEY),
        ("test_samples_*.py::*::test_example_key_crud_operations", None, HSM_KEY),
        ("test_samples_*.py::*::test_example_create_oct_key", None, HSM_KEY),
        ("test_key*.py::*::test_list_deleted_keys", None, DISABLED),
        ("test_key*.py::*::test_recover", None, DISABLED),
    ],
    "certificates": [
        ("test_certificates_client*.py::test_*", None, ALONE),
        ("test_challenge_auth*.py::*", None, ALONE),
        ("test_context_manager*.py::*", None, ALONE),
        ("test_examples_certificates*.py::test_*", None, SUITE),
        ("test_multi_api.py::*", None, ALONE),
        ("test_parse_id.py::test_*", None, ALONE),
        ("test_platform_managed.py::*", None, ALONE),
        ("test_san_ip_uri.py::*", None, ALONE),
        ("test_certificates_client*.py::*::test_async_request_cancellation_and_deletion", None, DISABLED),
    ],
}[PACKAGE]

# What runs as the suite asks a Managed HSM for it. Whatever else it asks one for is about a key of an `-HSM` type: the same
# test asks a vault with another key, or a reason above says that it does not.
OF_HSM = "test_key*.py::*::test_get_random_bytes"

# Names no version, and so asks at the client's default one.
AT_DEFAULT = "test_parse_id.py::TestParseId::test_parse_certificate_id_with_version"

outcomes, deselected = {}, {}


def pytest_configure(config):
    for mark in ("asyncio", "playback_test_only"):
        config.addinivalue_line("markers", f"{mark}: of tests that are deselected")
    resolve = socket.getaddrinfo

    def here(host, *rest, **more):
        return resolve("127.0.0.1" if host in NAMES else host, *rest, **more)

    socket.getaddrinfo = here
    sleep, sleep_aio = time.sleep, asyncio.sleep
    time.sleep = lambda seconds: sleep(min(seconds, SHORT))
    asyncio.sleep = lambda seconds, *rest, **more: sleep_aio(min(seconds, SHORT), *rest, **more)
    if PACKAGE == "certificates":
        make_authority()


def make_authority():
    """Puts an authority where the tests look for theirs: `ca.key`, and `ca.crt`, of which they take the name alone.

    They take the lines around a certificate off as letters, of which base64 must not end in one: it ends in `=` as long as
    the certificate's size is no multiple of three. The sizes of an RSA signature and of this name keep it so.
    """
    from OpenSSL import crypto

    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    certificate = crypto.X509()
    certificate.get_subject().CN = "Conformance"
    certificate.set_pubkey(key)
    certificate.gmtime_adj_notBefore(0)
    certificate.gmtime_adj_notAfter(86400)
    certificate.set_issuer(certificate.get_subject())
    certificate.sign(key, "sha256")
    files = {
        "ca.key": crypto.dump_privatekey(crypto.FILETYPE_PEM, key),
        "ca.crt": crypto.dump_certificate(crypto.FILETYPE_PEM, certificate),
    }
    for name, text in files.items():
        with open(os.path.join(TESTS, name), "wb") as file:
            file.write(text)


def name_of(test):
    """The name of a test, or of its report, without its parameters: FILE::CLASS::FUNCTION."""
    return test.nodeid.partition("[")[0].rsplit("/", 1)[-1]


def parameter(item, name):
    """What a test gets as one of its parameters, if it has that one."""
    return item.callspec.params.get(name) if hasattr(item, "callspec") else None


def reason_to_deselect(name):
    """Why a test does not run at this version, if it does not."""
    for pattern, applies, reason in REASONS:
        if fnmatch.fnmatchcase(name, pattern) and (applies is None or applies(VERSION)):
            return reason
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    kept, dropped, names, others = [], [], set(), {}
    for item in items:
        name, version = name_of(item), parameter(item, "api_version")
        names.add(name)
        reason = reason_to_deselect(name)
        if reason is not None:
            if version is not None and reason in (ALONE, SUITE):
                raise pytest.UsageError(f"{name} asks a vault, and is deselected as one that does not")
            deselected[name] = reason
            dropped.append(item)
        elif name == AT_DEFAULT:
            kept.append(item)
        elif version is None:
            raise pytest.UsageError(f"{name} names no version, and there is no reason to deselect it")
        elif parameter(item, "is_hsm") and not fnmatch.fnmatchcase(name, OF_HSM):
            dropped.append(item)
        elif version == VERSION:
            kept.append(item)
        else:
            # Another run has it, or no run has the version.
            others[name] = OTHERS
            dropped.append(item)
    run = {name_of(item) for item in kept}
    deselected.update({name: reason for name, reason in others.items() if name not in run})
    missing = names - run - set(deselected)
    if missing:
        raise pytest.UsageError(f"nothing runs at {VERSION.value} of {sorted(missing)}")
    unused = [pattern for pattern, _, _ in REASONS if not any(fnmatch.fnmatchcase(name, pattern) for name in names)]
    if unused:
        raise pytest.UsageError(f"no test is called {unused}")
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs an asynchronous test to its end."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    named = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(pyfuncitem.obj(**named))
    return True


def recorded():
    """How many requests at this version the vault has recorded: each before it answered."""
    version = f'"operationVersion":"{VERSION.value}"'.encode()
    count = 0
    for path in glob.glob(f"{AUDIT}/*.jsonl"):
        with open(path, "rb") as log:
            count += sum(version in line for line in log)
    return count


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Fails a test that passes and has asked the vault nothing."""
    before = recorded()
    result = yield
    # What is removed in its time makes them fewer.
    if recorded() <= before:
        pytest.fail(f"It passed, and asked the vault nothing at {VERSION.value}.", pytrace=False)
    return result


def pytest_runtest_logreport(report):
    name = name_of(report)
    if name not in outcomes or not report.passed:
        outcomes[name] = (report.outcome, "" if report.passed else report.longreprtext)


def pytest_sessionfinish():
    ran = [{"name": name, "outcome": outcome, "said": said} for name, (outcome, said) in sorted(outcomes.items())]
    not_run = [{"name": name, "reason": reason} for name, reason in sorted(deselected.items())]
    with open(RESULTS, "w", encoding="utf-8") as file:
        json.dump({"version": VERSION.value, "tests": ran, "deselected": not_run}, file)
