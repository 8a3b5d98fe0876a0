"""Drives an unmodified azure-keyvault-secrets client through all of its operations.

Only name resolution is answered here, since the vault's name is a cluster's: the client, its challenge verification
and its TLS verification are as installed.
"""

import os
import socket
import sys
import time

HOST, PORT = os.environ["VAULT_HOST"], int(os.environ["VAULT_PORT"])
resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if host == HOST else host, *rest, **more)

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import ApiVersion, SecretClient


class Token:
    """A credential that was given its token, and checks what it is asked for."""

    def __init__(self, token):
        self.token, self.scopes = token, set()

    def get_token(self, *scopes, **_):
        self.scopes.update(scopes)
        return AccessToken(self.token, int(time.time()) + 600)


def expect(kind, call, inner=None, status=None):
    try:
        call()
    except kind as error:
        assert status is None or error.status_code == status, error
        found = error.error.innererror and error.error.innererror.get("code") if error.error else None
        assert inner is None or found == inner, (found, error)
        return
    raise AssertionError(f"no {kind.__name__}")


def lifecycle(client):
    first = client.set_secret("Example", "one", content_type="text/plain", tags={"a": "b"})
    second = client.set_secret("Example", "two \u20ac \"quoted\"\n")
    assert client.get_secret("example").value == second.value
    assert client.get_secret("EXAMPLE", first.properties.version).value == "one"
    assert first.properties.tags == {"a": "b"} and first.properties.content_type == "text/plain"
    assert second.properties.recoverable_days == 90, second.properties.recoverable_days
    versions = [v.version for page in client.list_properties_of_secret_versions("example", max_page_size=1).by_page() for v in page]
    assert sorted(versions) == sorted([first.properties.version, second.properties.version]), versions

    assert not list(client.list_properties_of_secret_versions("missing"))

    updated = client.update_secret_properties("example", enabled=False, tags={"c": "d"})
    assert not updated.enabled and updated.tags == {"c": "d"}
    expect(HttpResponseError, lambda: client.get_secret("example"), "SecretDisabled", 403)
    client.update_secret_properties("example", enabled=True)

    for n in range(5):
        client.set_secret(f"page-{n}", str(n))
    pages = list(client.list_properties_of_secrets(max_page_size=2).by_page())
    names = [item.name for page in pages for item in page]
    assert names == ["Example"] + [f"page-{n}" for n in range(5)], names

    backup = client.backup_secret("example")
    expect(ResourceExistsError, lambda: client.restore_secret_backup(backup), status=409)
    deleted = client.begin_delete_secret("example").result()
    assert deleted.recovery_id and deleted.scheduled_purge_date and deleted.deleted_date
    expect(ResourceNotFoundError, lambda: client.get_secret("example"), status=404)
    expect(ResourceExistsError, lambda: client.set_secret("example", "x"), "ObjectIsDeletedButRecoverable", 409)
    assert client.get_deleted_secret("example").name == "Example"
    assert [item.name for item in client.list_deleted_secrets()] == ["Example"]
    assert client.begin_recover_deleted_secret("example").result().name == "Example"
    assert client.get_secret("example").value == second.value
    client.begin_delete_secret("example").result()
    client.purge_deleted_secret("example")
    expect(ResourceNotFoundError, lambda: client.get_deleted_secret("example"), status=404)
    restored = client.restore_secret_backup(backup)
    assert restored.name == "Example"
    assert client.get_secret("example", first.properties.version).value == "one"


def main():
    url = f"https://{HOST}:{PORT}"
    credential = Token(os.environ["VAULT_TOKEN"])
    lifecycle(SecretClient(url, credential))
    parent = HOST.split(".", 1)[1]
    assert credential.scopes == {f"https://{parent}:{PORT}/.default"}, credential.scopes
    for version in ApiVersion:
        assert SecretClient(url, credential, api_version=version).get_secret("page-1").value == "1", version
    other = SecretClient(url, Token(os.environ["OTHER_TOKEN"]), retry_total=0)
    expect(HttpResponseError, lambda: other.get_secret("page-1"), "ForbiddenByPolicy", 403)
    expect(HttpResponseError, lambda: other.get_secret("missing"), "ForbiddenByPolicy", 403)
    assert [item.name for item in other.list_properties_of_secrets()] == ["page-2"]
    broken = SecretClient(url, Token("not.a.token"), retry_total=0)
    expect(ClientAuthenticationError, lambda: broken.get_secret("page-1"), status=401)
    print("every operation behaved")


sys.exit(main())
