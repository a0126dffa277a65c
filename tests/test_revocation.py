"""Who is deactivated is out: the next request is refused, open streams end within seconds."""

import threading
import time

from conversations.models import Person
from tests.conftest import make_person

PROMISED = 15  # seconds


def test_deactivating_ends_requests_and_streams(server, visit, transactional_db):
    alice = make_person("alice")
    administrator = make_person("administrator", is_staff=True, is_superuser=True)
    visitor, office = visit(server, alice), visit(server, administrator)
    call = visitor.ask('[[gateway:{"pieces": 2000, "pace": 0.05}]]')
    ended = threading.Event()

    def watch():
        with visitor.events(call.pk) as stream:
            for _event in stream:
                pass
        ended.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(1)
    assert not ended.is_set()
    path = "/admin/conversations/person/"
    answer = office.post(path, {"action": "deactivate", "_selected_action": alice.pk})
    assert answer.status_code == 302
    assert not Person.objects.get(pk=alice.pk).is_active
    assert visit(server, None).get("/").status_code == 302
    refused = visitor.http.get("/")
    assert (refused.status_code, refused.headers["Location"].partition("?")[0]) == (
        302,
        "/accounts/login/",
    )
    assert ended.wait(PROMISED)
    watcher.join()
