"""Sentences about the model gateway (the server with the language models) for users and operators:
what its errors mean, and what a probe of it found. Its client is `conversations.upstream`."""
