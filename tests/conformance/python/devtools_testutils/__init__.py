"""What the SDK's own tests take from the package `devtools_testutils`, which nobody publishes.

Theirs records the answers of Azure and plays them back. This one only ever lets the tests ask a vault that serves, so
that whatever is for recordings does nothing here.
"""

import asyncio
import functools
import hashlib
import os

import pytest

__all__ = [
    "AzureRecordedTestCase",
    "PowerShellPreparer",
    "add_body_key_sanitizer",
    "add_general_regex_sanitizer",
    "add_general_string_sanitizer",
    "add_oauth_response_sanitizer",
    "add_remove_header_sanitizer",
    "is_live",
    "recorded_by_proxy",
    "remove_batch_sanitizers",
    "set_bodiless_matcher",
    "set_custom_default_matcher",
    "test_proxy",
]


def is_live():
    """Whether the tests ask a vault, and not a recording: always."""
    return True


@pytest.fixture(scope="session")
def test_proxy():
    """The program that records answers: there is none."""


def recorded_by_proxy(test):
    """The test as it is, since nothing is recorded."""
    return test


def _for_recordings(*_, **__):
    """Changes what a recording would hold."""


add_body_key_sanitizer = _for_recordings
add_general_regex_sanitizer = _for_recordings
add_general_string_sanitizer = _for_recordings
add_oauth_response_sanitizer = _for_recordings
add_remove_header_sanitizer = _for_recordings
remove_batch_sanitizers = _for_recordings
set_bodiless_matcher = _for_recordings
set_custom_default_matcher = _for_recordings


def PowerShellPreparer(_directory, **named):
    """What gives a test the variables of the environment that are its parameters."""

    def prepare(test):
        # Without the names of the test's own parameters, which pytest would take for fixtures.
        def run(self):
            return test(self, **{name: os.environ[name.upper()] for name in named})

        return run

    return prepare


class AzureRecordedTestCase:
    """What the classes of the tests are made from."""

    is_live = True

    def is_playback(self):
        """Whether a recording answers: never."""
        return False

    def get_credential(self, client_class, is_async=False):
        """Workload identity by environment alone, as a pod has it."""
        if is_async:
            from azure.identity.aio import WorkloadIdentityCredential
        else:
            from azure.identity import WorkloadIdentityCredential
        return WorkloadIdentityCredential()

    def create_client_from_credential(self, client_class, credential, **options):
        """A client as the test wants it, which logs unless the test says otherwise: two of them read the log."""
        return client_class(credential=credential, **{"logging_enable": True, **options})

    def get_resource_name(self, name):
        """A name that no other test uses, at no other version; the same each time that this test asks for it."""
        test = os.environ["PYTEST_CURRENT_TEST"].encode()
        return name + hashlib.blake2s(test, digest_size=6).hexdigest()

    @staticmethod
    def await_prepared_test(test):
        """An asynchronous test as one that pytest can call."""

        @functools.wraps(test)
        def run(*arguments, **named):
            return asyncio.run(test(*arguments, **named))

        return run
