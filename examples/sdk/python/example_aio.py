"""The same as example.py, by the asynchronous client."""

import asyncio
import os

from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.secrets.aio import SecretClient

NAME = "sdk-python-aio"


async def main():
    async with DefaultAzureCredential() as credential, SecretClient(os.environ["VAULT_URL"], credential) as client:
        print("set", (await client.set_secret(NAME, "a value")).id)
        print("got", (await client.get_secret(NAME)).value)
        async for secret in client.list_properties_of_secrets():
            print("listed", secret.name)
        print("deleted", (await client.delete_secret(NAME)).name)
        await client.purge_deleted_secret(NAME)


asyncio.run(main())
