"""Process of `bench.retention`: stores a row 20 times a second, as a reply's checkpoint does, and
appends the milliseconds that each took to the file named on its command line."""

import sys
import time

import django


def main(path):
    """Store rows until the process is ended; `path` is the file to which the times are appended."""
    django.setup()
    from conversations.models import Person

    pk = Person.objects.order_by("pk").values_list("pk", flat=True)[0]
    with open(path, "a", buffering=1) as notes:
        while True:
            at = time.monotonic()
            Person.objects.filter(pk=pk).update(instructions=str(at))
            notes.write(f"{(time.monotonic() - at) * 1_000}\n")
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
