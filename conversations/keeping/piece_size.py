"""Size of a piece: how many rows one transaction deletes. On SQLite writers wait for each other,
and replies must be stored without delay, so a transaction should last SECONDS at most. How many
rows that allows depends on the machine, its load and the texts, and is therefore measured."""

SECONDS = 0.02  # that a piece should hold the database's write lock
LEAST, MOST = 30, 600
FIRST = 50
CHARACTERS = 500  # of a text, that count as much as a row
FILE = 5  # rows that a file counts as, beside its text


class PieceSize:
    """Adaptive size of the next piece (transaction that deletes): `rows` is a number of rows, in
    which long texts count as several (see `weight`). It follows from the duration of the pieces
    before."""

    def __init__(self):
        self.rows = FIRST

    def took(self, rows, seconds):
        """Adapt the size after a piece of `rows` rows took `seconds`: reduce it if that was more
        than SECONDS, else increase it by a quarter if the piece had the full size."""
        if seconds > SECONDS:
            self.rows = max(LEAST, int(self.rows * max(0.5, SECONDS / seconds)))
        elif rows >= self.rows:
            self.rows = min(MOST, self.rows + self.rows // 4)


def weight(length, files=0, indexed=0):
    """Return the number of rows that a message counts as: 1, FILE for each of its `files` (a
    number), and 1 for every CHARACTERS of `length` and `indexed`, the numbers of characters in its
    text and of its files' texts in the search index."""
    return 1 + FILE * files + (length + indexed) // CHARACTERS
