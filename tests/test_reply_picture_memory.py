"""What pictures of ten megabytes cost the process that takes them off the stream."""

import pytest

from conversations.models import Attachment, Response
from tests.support import sample_files as made
from tests.support.gateway import WAIT
from tests.support.picture_frames import frames, picture_stream
from tests.support.polling import until
from tests.support.soak_scale import amount

REPLIES = amount(5, 16)
PIECE = 1_000_000


def peak(pid):
    """The most kilobytes that the process has held since `forget_peak`."""
    with open(f"/proc/{pid}/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmHWM:")))


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


@pytest.mark.alone
def test_large_pictures_are_never_in_memory_and_hold_nobody_up(
    stage, here, visitor, record_property
):
    picture = made.noise((1_850, 1_850))
    assert len(picture) > 10_000_000
    # Each comes three times: as a draft that nobody asked for, whole, and whole again.
    data = b"".join(frames(picture_stream(picture, text="Here it is.", partial=picture)))
    pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
    stage.gateway.will(*[{"chunks": [WAIT, *pieces]} for _ in range(REPLIES)])
    for _ in range(REPLIES):
        visitor.ask("Draw")
    until(lambda: here.inside()["live"] == REPLIES, 60)
    [worker] = here.workers()
    before = here.inside()
    forget_peak(worker)
    stage.gateway.go.set()
    rows = Response.objects.filter(purpose="reply")
    until(lambda: not rows.open().exists(), 300)
    grown = peak(worker) - before["kilobytes"]
    after = here.inside()
    record_property("kilobytes", grown)
    record_property("longest_step", after["longest_step"])
    assert set(rows.values_list("status", "message__text")) == {("completed", "Here it is.")}
    assert Attachment.objects.filter(width=1_850).count() == REPLIES
    # One picture in base64 has 13,700 kB: held once each, they would be 16 times that.
    assert grown < 60_000
    assert after["longest_step"] < 0.1
