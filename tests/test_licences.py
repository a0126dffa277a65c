"""docs/licences.md names every locked package, its version and its licence."""

import importlib.metadata
import re
from email.message import Message

import pytest
from license_expression import get_spdx_licensing

from release import licences, lock

pytestmark = pytest.mark.once

PINS = lock.read()
MIT = "License :: OSI Approved :: MIT License"
ROWS = {
    name: (version, licence)
    for name, version, licence in re.findall(
        r"^\| ([\w.-]+)(?: \(.*?\))? \| (\S+) \| ([^|]+) \|",
        licences.FILE.read_text(),
        re.MULTILINE,
    )
    if name != "Package"
}


def test_the_page_has_each_package_of_the_lock_and_no_other():
    written = {name: version for name, (version, _) in ROWS.items()}
    assert written == {pin.name: pin.version for pin in PINS}, "make licences"


def test_each_licence_is_what_the_package_says_in_words_of_spdx():
    known = get_spdx_licensing()
    for pin in PINS:
        said = ROWS[pin.name][1]
        assert known.validate(said).errors == [], pin.name
        if pin.name not in licences.ELSEWHERE and pin.is_for({}):
            metadata = importlib.metadata.metadata(pin.name)
            assert licences.licence(metadata) == said, "make licences"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([("License-Expression", "MIT AND Zlib"), ("License", "whatever")], "MIT AND Zlib"),
        ([("License", "Apache 2.0")], "Apache-2.0"),
        ([("License", "BSD-2-Clause")], "BSD-2-Clause"),
        ([("Classifier", "Topic :: Text"), ("Classifier", MIT)], "MIT"),
        ([("License", "Copyright (c) somebody. All rights reserved.")], None),
        ([("License", "BSD")], None),
        ([("Classifier", "License :: OSI Approved :: BSD License")], None),
        ([], None),
    ],
)
def test_what_is_not_said_clearly_has_to_be_read_by_somebody(fields, found):
    metadata = Message()
    metadata["Name"] = "something"
    for name, value in fields:
        metadata[name] = value
    if found:
        assert licences.licence(metadata) == found
        return
    with pytest.raises(ValueError, match="Read the licence of something"):
        licences.licence(metadata)
