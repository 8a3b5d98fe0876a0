"""Sets, gets, lists and deletes a secret: where, and as whom, the environment says."""

import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

NAME = "sdk-python"

client = SecretClient(os.environ["VAULT_URL"], DefaultAzureCredential())
print("set", client.set_secret(NAME, "a value").id)
print("got", client.get_secret(NAME).value)
for secret in client.list_properties_of_secrets():
    print("listed", secret.name)
print("deleted", client.begin_delete_secret(NAME).result().name)
client.purge_deleted_secret(NAME)
