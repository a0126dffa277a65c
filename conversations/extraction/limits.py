"""Limits of the child process that reads files (memory, time, output), and of how much it reads
from one file."""

MEMORY = 512 * 1024 * 1024  # bytes of address space
PROCESSOR_SECONDS = 20  # of processor time, for one file
WALL_SECONDS = 60  # for one file, on a machine that is busy
OUTPUT = 64 * 1024 * 1024  # bytes that it may write

# Pictures
MOST_PIXELS = 50_000_000
LARGE_SIDE = 2_048  # pixels of the picture for the model
SMALL_SIDE = 320  # pixels of the picture for the page
JPEG_QUALITY = 88

# Documents
MOST_PAGES = 2_000
MOST_PICTURES = 10  # pages of a scanned PDF that become pictures
MOST_CHARACTERS = 400_000  # of the text taken from one file; some 100,000 tokens
MOST_ENTRIES = 5_000  # of a zip
MOST_UNPACKED = 200_000_000  # bytes of a zip's parts that are read, together
MOST_RATIO = 1_000  # bytes unpacked for each byte packed, of one part
MOST_DEPTH = 256  # elements of XML within each other
