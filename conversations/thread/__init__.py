"""Thread of a conversation page: one path through the conversation's tree of messages, and the HTML
of the messages on it."""
