"""The thread: the path through a conversation's tree of messages that a page shows, and its
HTML."""
