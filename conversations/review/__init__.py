"""Reading other people's conversations: the queue, the acts that are recorded, what changed."""
