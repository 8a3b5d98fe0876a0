import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.security.keyvault.secrets.SecretClientBuilder;

/** Sets, gets, lists and deletes a secret: where, and as whom, the environment says. */
public class Example {
    private static final String NAME = "sdk-java";

    public static void main(String[] arguments) {
        var credential = new DefaultAzureCredentialBuilder().build();
        var client = new SecretClientBuilder().vaultUrl(System.getenv("VAULT_URL")).credential(credential).buildClient();
        System.out.println("set " + client.setSecret(NAME, "a value").getId());
        System.out.println("got " + client.getSecret(NAME).getValue());
        client.listPropertiesOfSecrets().forEach(secret -> System.out.println("listed " + secret.getName()));
        System.out.println("deleted " + client.beginDeleteSecret(NAME).waitForCompletion().getValue().getName());
        client.purgeDeletedSecret(NAME);
    }
}
