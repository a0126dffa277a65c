"""Files and pictures in messages: taking them in, keeping their bytes, and sending them to models.

The Django side; what is read from a file is read by `conversations.extraction` in a child process.
"""
