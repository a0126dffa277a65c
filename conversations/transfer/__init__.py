"""Conversations as files: out as Markdown, JSON and a zip of all, in from our JSON and ChatGPT's.

`document` is our JSON, `chatgpt` reads OpenAI's; both give an Incoming, which `bringing_in` stores.
"""
