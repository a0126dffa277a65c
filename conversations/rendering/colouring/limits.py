"""Limits on the cost of syntax highlighting. Times are seconds of processor time used by the child
process that highlights, unless it says otherwise."""

# One box of code. Pygments takes up to 4 ms for 1,000 characters, so 80 ms for the longest code
# that is coloured at all; what takes longer than this meets a lexer's quadratic part.
JOB_SECONDS = 0.5
# The same for code that was coloured within JOB_SECONDS before: what the same code takes varies,
# and the first verdict is to hold, so that a text looks the same each time.
AGAIN_SECONDS = 2.0
# All code of one text.
TEXT_SECONDS = 2.0
# Seconds of the clock after which a job that was not answered is given up.
ANSWER_SECONDS = 10
# Bytes of address space of the process that colours.
MEMORY = 512 * 1024 * 1024
