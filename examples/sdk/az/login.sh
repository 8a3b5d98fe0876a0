strongroom az-cloud --namespace team-a > "$AZURE_CONFIG_DIR/clouds.config"
az cloud set --name strongroom
az login --service-principal --username sdk --tenant adfs --federated-token "$(cat "$AZURE_FEDERATED_TOKEN_FILE")" --allow-no-subscriptions
