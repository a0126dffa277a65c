"""The list of a person's conversations: the sidebar, to organize it, and the trash."""
