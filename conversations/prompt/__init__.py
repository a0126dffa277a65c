"""The prompt: the body of the request to the gateway, made of stored messages."""
