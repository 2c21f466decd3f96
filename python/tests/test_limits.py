"""What the input may take, and what of it can be trusted: people in memory, frames without checksums."""

import struct

import bcda
import pytest

DAY = "2024-01-01"


def patients(count):
    return "".join(f'{{"resourceType":"Patient","id":"{number}"}}\n' for number in range(count))


def frame(text):
    """A zstd frame of one raw block, without a checksum."""
    data = text.encode()
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + struct.pack("<I", 1 | len(data) << 3)[:3] + data


def test_people_beyond_the_limit_are_an_error_that_names_the_argument(tmp_path):
    path = tmp_path / "in.ndjson"
    path.write_text(patients(3) * 5)
    assert sum(map(len, bcda.scan(path, "cclf8", file_date=DAY, max_people=3))) == 3
    assert bcda.convert(path, tmp_path / "out", file_date=DAY, max_people=3)["beneficiaries"] == 3
    path.write_text(patients(4))
    with pytest.raises(bcda.BcdaError, match="max_people allows"):
        list(bcda.scan(path, "cclf8", file_date=DAY, max_people=3))
    with pytest.raises(bcda.BcdaError, match="max_people allows"):
        bcda.convert(path, tmp_path / "other", file_date=DAY, max_people=3)
    assert not (tmp_path / "other").exists()
    with pytest.raises(bcda.UsageError, match="max_people"):
        bcda.scan(path, "cclf8", max_people=0)


def test_frames_without_a_checksum_are_counted_or_refused(tmp_path):
    path = tmp_path / "in.ndjson.zst"
    path.write_bytes(frame(patients(1)))
    scan = bcda.scan(path, "cclf8", file_date=DAY)
    assert sum(map(len, scan)) == 1
    assert scan.report["inputs"][0]["frames_without_checksum"] == 1
    assert any("require_checksums" in warning or "--require-checksums" in warning for warning in scan.report["warnings"])
    with pytest.raises(bcda.BcdaError, match="no checksum"):
        list(bcda.scan(path, "cclf8", file_date=DAY, require_checksums=True))
    with pytest.raises(bcda.BcdaError, match="no checksum"):
        bcda.convert(path, tmp_path / "out", file_date=DAY, require_checksums=True)
    with pytest.raises(bcda.BcdaError, match="no checksum"):
        bcda.validate(path, require_checksums=True)
    assert bcda.validate(path)["frames_without_checksum"] == 1
