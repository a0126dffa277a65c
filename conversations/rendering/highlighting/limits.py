"""Limits on the cost of syntax highlighting. Times are seconds of processor time used by the child
process that highlights, unless a comment says otherwise."""

# For one piece of code. Pygments takes up to 4 ms for 1,000 characters, so 80 ms for the longest
# that is highlighted at all; what takes longer than this meets a lexer's quadratic part.
JOB_SECONDS = 0.5
# The same for code that was highlighted within JOB_SECONDS before: the time for the same code
# varies, but a text should look the same each time.
AGAIN_SECONDS = 2.0
# For all code in one text together.
TEXT_SECONDS = 2.0
# Seconds of the clock to wait for the child process's answer before it is killed.
ANSWER_SECONDS = 10
# Bytes of address space of the child process.
MEMORY = 512 * 1024 * 1024
