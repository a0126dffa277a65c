"""Files and pictures in messages: taking them in, keeping their bytes, and sending them to models.

This package has what needs Django; the content of a file is read by `conversations.extraction`, in
a child process.
"""
