"""Texts about the model gateway (the server with the language models) for users and operators:
which models are for chat, what its errors mean."""
