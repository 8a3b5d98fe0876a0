// Sets, gets, lists and deletes a secret: where, and as whom, the environment says.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

const name = "sdk-go"

func main() {
	ctx, value := context.Background(), "a value"
	credential := must(azidentity.NewDefaultAzureCredential(nil))
	client := must(azsecrets.NewClient(os.Getenv("VAULT_URL"), credential, nil))
	fmt.Println("set", *must(client.SetSecret(ctx, name, azsecrets.SetSecretParameters{Value: &value}, nil)).ID)
	fmt.Println("got", *must(client.GetSecret(ctx, name, "", nil)).Value)
	for pages := client.NewListSecretPropertiesPager(nil); pages.More(); {
		for _, secret := range must(pages.NextPage(ctx)).Value {
			fmt.Println("listed", secret.ID.Name())
		}
	}
	fmt.Println("deleted", must(client.DeleteSecret(ctx, name, nil)).ID.Name())
	must(client.PurgeDeletedSecret(ctx, name, nil))
}

func must[T any](answer T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return answer
}
