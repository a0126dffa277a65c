"""Files in a bucket: the same through Django's storage API, tested with moto's S3 server."""

import io

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone
from moto.server import ThreadedMotoServer

from chatsite.settings import file_storage
from conversations.files import intake, storage, sweep
from conversations.models import Attachment, StoredFile
from tests.support import sample_files as made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture
def bucket(settings, monkeypatch, tmp_path):
    """A bucket as the storage of files."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _host, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="chat")
    files = file_storage(f"s3://chat/files?endpoint_url={url}&region_name=us-east-1", tmp_path)
    settings.STORAGES = {**settings.STORAGES, "files": files}
    settings.FILES_ARE_LOCAL, settings.FILES_FOLDER = False, None
    settings.UPLOAD_FOLDER = tmp_path / "incoming"
    yield
    server.stop()


def test_a_file_is_kept_shown_compared_and_deleted(bucket, client, alice):
    client.force_login(alice)
    picture = intake.take(alice, made.upload(made.noise((400, 300)), "a.png"))
    assert len(list(storage.walk())) == 2
    answer = client.get(f"/files/{picture.pk}/")
    content = b"".join(answer.streaming_content)
    assert len(content) == picture.size == int(answer.headers["Content-Length"])
    assert answer.headers["Content-Type"] == "image/jpeg"
    said = io.StringIO()
    call_command("check_files", "--hashes", stdout=said)
    assert said.getvalue() == "1 files, 0 missing or damaged, 0 stray\n"
    Attachment.objects.all().delete()
    # By the sweep: a bucket may be slow.
    assert len(list(storage.walk())) == 2
    sweep.sweep_piece(timezone.now())
    assert list(storage.walk()) == []
    assert not StoredFile.objects.exists()


def test_what_is_not_in_the_bucket_is_not_there(bucket, client, alice):
    client.force_login(alice)
    text = intake.take(alice, made.upload(b"words", "a.txt"))
    storage.delete(text.stored.name)
    assert client.get(f"/files/{text.pk}/").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["ftp://x/y", "file://host/x", "file:///", "s3://", "s3://key:secret@chat/x", "s3://b?acl=x"],
)
def test_an_address_of_no_storage_stops_the_start(url, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="FILES_URL must be like"):
        file_storage(url, tmp_path)


def test_a_folder_may_be_named_or_not(tmp_path):
    assert file_storage("", tmp_path)["OPTIONS"]["location"] == str(tmp_path)
    named = file_storage("file:///var/lib/my%20files", tmp_path)
    assert named["OPTIONS"]["location"] == "/var/lib/my files"
