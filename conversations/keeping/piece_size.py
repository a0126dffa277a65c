"""The size of a piece: how much one transaction deletes, so that other writers wait only briefly.

Writers wait for each other on SQLite, and no reply may wait long for its text to be stored. How
much can be deleted in that time depends on the machine, on its load and on the texts.
"""

SECONDS = 0.02  # that a piece should hold the database's write lock
LEAST, MOST = 30, 600
FIRST = 50
CHARACTERS = 500  # of a text, that count as much as a row


class PieceSize:
    """The size of the next piece, `rows`: a number of rows, of which long texts count as several
    (`weight`). It follows from the time that the pieces before it took."""

    def __init__(self):
        self.rows = FIRST

    def took(self, rows, seconds):
        """Take note that a piece of `rows` took `seconds`: the next one is smaller if that was too
        long, else a little greater, unless this one did not use its size."""
        if seconds > SECONDS:
            self.rows = max(LEAST, int(self.rows * max(0.5, SECONDS / seconds)))
        elif rows >= self.rows:
            self.rows = min(MOST, self.rows + self.rows // 4)


def weight(length):
    """Return as how many rows a message counts whose text has `length` characters."""
    return 1 + length // CHARACTERS
