// Sets, gets, lists and deletes a secret: where, and as whom, the environment says.

using Azure.Identity;
using Azure.Security.KeyVault.Secrets;

const string name = "sdk-dotnet";

var vault = new Uri(Environment.GetEnvironmentVariable("VAULT_URL")!);
var client = new SecretClient(vault, new DefaultAzureCredential());
Console.WriteLine($"set {(await client.SetSecretAsync(name, "a value")).Value.Id}");
Console.WriteLine($"got {(await client.GetSecretAsync(name)).Value.Value}");
await foreach (SecretProperties secret in client.GetPropertiesOfSecretsAsync())
{
    Console.WriteLine($"listed {secret.Name}");
}
var deletion = await client.StartDeleteSecretAsync(name);
Console.WriteLine($"deleted {(await deletion.WaitForCompletionAsync()).Value.Name}");
await client.PurgeDeletedSecretAsync(name);
