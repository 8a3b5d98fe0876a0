// Sets, gets, lists and deletes a secret: where, and as whom, the environment says.

import { DefaultAzureCredential } from "@azure/identity";
import { SecretClient } from "@azure/keyvault-secrets";

const name = "sdk-javascript";

const client = new SecretClient(process.env.VAULT_URL, new DefaultAzureCredential());
console.log("set", (await client.setSecret(name, "a value")).properties.id);
console.log("got", (await client.getSecret(name)).value);
for await (const secret of client.listPropertiesOfSecrets()) {
  console.log("listed", secret.name);
}
const deletion = await client.beginDeleteSecret(name);
console.log("deleted", (await deletion.pollUntilDone()).name);
await client.purgeDeletedSecret(name);
